"""Which signs a font has, by its `cmap`. In: fonts' files, a text. Out: the signs that none has.

A sign that no font of the machine has is printed as a box, which nobody notices before the paper is
out: names are where such signs are found.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_FIRST: Final = 0x2E80
"""The first sign that is asked for: those before it are in every font that there is."""
_COLLECTION: Final = b"ttcf"
_UNICODE: Final = {(0, 3), (0, 4), (0, 6), (3, 1), (3, 10)}
"""The platforms and encodings of tables by Unicode."""
_SEGMENTS, _GROUPS = 4, 12
_MOST: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs of a font, as ranges in order."""

    first: Sequence[int]
    last: Sequence[int]

    def __contains__(self, sign: int) -> bool:
        at = bisect_right(self.first, sign) - 1
        return at >= 0 and sign <= self.last[at]


def lacking(text: Iterable[str], fonts: Iterable[tuple[str, int]]) -> list[str]:
    """The signs of texts that no font has, each once. A font is a file and its number there."""
    wanted = dict.fromkeys(sign for part in text for sign in part if ord(sign) >= _FIRST)
    known: list[Glyphs] | None = None
    out = []
    for sign in wanted:
        if known is None:
            known = [glyphs_of(Path(path), number) for path, number in fonts]
        if not any(ord(sign) in font for font in known):
            out.append(sign)
    return out


@cache
def glyphs_of(path: Path, number: int) -> Glyphs:
    """The signs of a font; none of a file that is no font."""
    try:
        with path.open("rb") as file:
            ranges = sorted(set(_ranges(_table(file.read(), number))))
    except (OSError, struct.error, IndexError):
        return Glyphs((), ())
    return Glyphs([first for first, _ in ranges], [last for _, last in ranges])


def _table(data: bytes, number: int) -> bytes:
    """The `cmap` of a font in a file; empty where it has none."""
    start = 0
    if data[:4] == _COLLECTION:
        start = struct.unpack_from(">I", data, 12 + 4 * number)[0]
    for at in range(struct.unpack_from(">H", data, start + 4)[0]):
        tag, _, offset, length = struct.unpack_from(">4sIII", data, start + 12 + 16 * at)
        if tag == b"cmap":
            return data[offset:offset + length]
    return b""


def _ranges(table: bytes) -> Iterable[tuple[int, int]]:
    if not table:
        return
    for at in range(struct.unpack_from(">H", table, 2)[0]):
        platform, encoding, offset = struct.unpack_from(">HHI", table, 4 + 8 * at)
        if (platform, encoding) not in _UNICODE:
            continue
        form = struct.unpack_from(">H", table, offset)[0]
        if form == _GROUPS:
            for group in range(struct.unpack_from(">I", table, offset + 12)[0]):
                first, last, _ = struct.unpack_from(">III", table, offset + 16 + 12 * group)
                yield first, last
        elif form == _SEGMENTS:
            yield from _segments(table, offset)


def _segments(table: bytes, offset: int) -> Iterable[tuple[int, int]]:
    """The ranges of a table of segments; a sign of one may still have no glyph."""
    count = struct.unpack_from(">H", table, offset + 6)[0] // 2
    ends, starts = offset + 14, offset + 16 + 2 * count
    deltas, places = starts + 2 * count, starts + 4 * count
    for at in range(count):
        first, = struct.unpack_from(">H", table, starts + 2 * at)
        last, = struct.unpack_from(">H", table, ends + 2 * at)
        delta, = struct.unpack_from(">H", table, deltas + 2 * at)
        place, = struct.unpack_from(">H", table, places + 2 * at)
        if first == last == _MOST - 1 or first > last:
            continue
        for sign in range(first, last + 1):
            glyph = sign
            if place:
                glyph, = struct.unpack_from(
                    ">H", table, places + 2 * at + place + 2 * (sign - first))
                if not glyph:
                    continue
            if (glyph + delta) % _MOST:
                yield sign, sign
