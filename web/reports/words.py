"""Words that are data. In: files of entries, values. Out: what is said in Chinese or English.

`board_zh.yaml` and `board_en.yaml` are what the board and its report say: both have the same keys.
A value in braces is filled in: `{n}`. An entry may be a mapping of `one` and `other`, chosen by
`n`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

import yaml

from zhuanjie.engine.api import Lang

Entry = str | Mapping[str, str]
BOARD: Final = "board"
_PLURAL: Final = frozenset({"one", "other"})


def filled(entry: Entry, values: Mapping[str, Any]) -> str:
    """An entry with its values."""
    if isinstance(entry, Mapping):
        entry = entry["one" if values.get("n") == 1 else "other"]
    return entry.format(**{name: _shown(value) for name, value in values.items()})


def entries(file: Traversable, room: str) -> dict[str, Entry]:
    """The entries of a file by `room.key`; raises ValueError for one that is none."""
    found: dict[str, Entry] = {}
    for key, said in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).items():
        if not (isinstance(said, str) or (isinstance(said, dict) and said.keys() == _PLURAL)):
            raise ValueError(f"{file.name}: {key}")
        found[f"{room}.{key}"] = said
    return found


@cache
def board_words(lang: Lang) -> Mapping[str, Entry]:
    """What the board says in a language, by `board.key`."""
    return entries(files("zhuanjie.web.reports").joinpath(f"{BOARD}_{lang}.yaml"), BOARD)


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
