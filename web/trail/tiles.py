"""The tree in tiles of 256 hashes (C2SP tlog-tiles). In: tiles. Out: hashes of subtrees.

Tile `number` of level `L` holds the hashes at level 8·L of the tree that stand side by side from
256 · `number` on. One that is whole never changes; its own hash is one of the tile above.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from zhuanjie.web.trail.merkle import fold

HASH: Final = 32
WIDTH: Final = 256
HEIGHT: Final = 8
"""Levels of the tree in one of tiles: 2^8 hashes are folded into one."""

ReadTile = Callable[[int, int], bytes]
"""The hashes of a tile, one after another, by level and number; as many as there are."""


class TileTree:
    """A tree that is read from tiles, each once."""

    def __init__(self, read: ReadTile) -> None:
        self._read = read
        self._tiles: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, number: int) -> bytes:
        """The hash of a whole subtree; raises LookupError where the tiles lack it."""
        above, height = divmod(level, HEIGHT)
        first = number << height
        tile, at = divmod(first, WIDTH)
        key = (above, tile)
        if key not in self._tiles:
            self._tiles[key] = self._read(above, tile)
        hashes = hashes_of(self._tiles[key], at, at + (1 << height))
        if len(hashes) < 1 << height:
            raise LookupError(f"level {level}, number {number}")
        return fold(hashes)


def hashes_of(tile: bytes, start: int = 0, end: int = WIDTH) -> list[bytes]:
    """The hashes of a tile from `start` to before `end`."""
    return [tile[at:at + HASH] for at in range(start * HASH, min(end * HASH, len(tile)), HASH)]


def tile_hash(tile: bytes) -> bytes:
    """The hash of a whole tile, which the one above holds."""
    if len(tile) != WIDTH * HASH:
        raise ValueError("a tile that is not whole")
    return fold(hashes_of(tile))
