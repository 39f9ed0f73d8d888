"""What pages say. In: a key and values. Out: words in Chinese or English.

Each room has a file in `words/zh` and one in `words/en` with the same keys; `room.key` is the entry
`key` of `words/<lang>/<room>.yaml`. A value in braces is filled in: `{n}`. An entry may be a
mapping of `one` and `other`, chosen by `n`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

from zhuanjie.engine.api import Lang

_PLURAL: Final = frozenset({"one", "other"})


def words(key: str, lang: Lang, **values: Any) -> str:
    """The words of `key`; raises KeyError where there are none."""
    said = every_word(lang)[key]
    if isinstance(said, Mapping):
        said = said["one" if values.get("n") == 1 else "other"]
    return said.format(**{name: _shown(value) for name, value in values.items()})


def has_words(key: str, lang: Lang) -> bool:
    """Whether there are words for `key`."""
    return key in every_word(lang)


@cache
def every_word(lang: Lang) -> Mapping[str, str | Mapping[str, str]]:
    """The words of every room in a language, by `room.key`."""
    found: dict[str, str | Mapping[str, str]] = {}
    for file in files("zhuanjie.web.pages").joinpath("words", lang).iterdir():
        room = file.name.removesuffix(".yaml")
        for key, said in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).items():
            if not (isinstance(said, str) or (
                    isinstance(said, dict) and said.keys() == _PLURAL)):
                raise ValueError(f"{lang}/{room}: {key}")
            found[f"{room}.{key}"] = said
    return found


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
