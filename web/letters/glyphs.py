"""Which signs fonts have. In: fonts' files, texts. Out: the signs that none has.

A sign that no font of the machine has is printed as a box, which nobody notices before the paper is
out: names are where such signs are found.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from fontTools.ttLib import TTFont

_FIRST: Final = 0x2E80
"""The first sign that is asked for: those before it are in every font that there is."""


def lacking(text: Iterable[str], fonts: Iterable[tuple[str, int]]) -> list[str]:
    """The signs of texts that no font has, each once. A font is a file and its number there."""
    left = dict.fromkeys(sign for part in text for sign in part if ord(sign) >= _FIRST)
    for path, number in fonts:
        if not left:
            break
        known = _signs(Path(path), number)
        left = dict.fromkeys(sign for sign in left if ord(sign) not in known)
    return list(left)


@cache
def _signs(path: Path, number: int) -> frozenset[int]:
    """The signs of a font; none of a file that is no font."""
    try:
        with TTFont(path, fontNumber=number, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())
    except Exception:  # noqa: BLE001  # a torn file fails in whatever way
        return frozenset()
