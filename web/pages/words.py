"""What pages say. In: a key and values. Out: words in Chinese or English.

Each room has a file in `words/zh` and one in `words/en` with the same keys; `room.key` is the entry
`key` of `words/<lang>/<room>.yaml`. What the board says stands with its report.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from zhuanjie.engine.api import Lang
from zhuanjie.web.reports.words import Entry, board_words, entries, filled


def words(key: str, lang: Lang, **values: Any) -> str:
    """The words of `key`; raises KeyError where there are none."""
    return filled(every_word(lang)[key], values)


def has_words(key: str, lang: Lang) -> bool:
    """Whether there are words for `key`."""
    return key in every_word(lang)


@cache
def every_word(lang: Lang) -> Mapping[str, Entry]:
    """The words of every room in a language, by `room.key`."""
    found = dict(board_words(lang))
    for file in files("zhuanjie.web.pages").joinpath("words", lang).iterdir():
        found |= entries(file, file.name.removesuffix(".yaml"))
    return found
