"""The tree of events, kept in tiles. In: the end of a change. Out: tiles; roots at any size.

A tile is written once in 256 events, so that to append costs next to nothing; what is asked at a
size reads as many tiles as the size has digits.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select, update

from zhuanjie.web.evidence.tables import TRAIL_TILES
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.tables import EVENTS
from zhuanjie.web.trail.merkle import Subtree
from zhuanjie.web.trail.tiles import HASH, WIDTH, TileTree, tile_hash


def grow(work: UnitOfWork) -> None:
    """The hook that lets the tree grow by a change's events."""
    before = work.size - len(work.leaves)
    if before // WIDTH < work.size // WIDTH:
        extend(work.conn, work.size, before, work.leaves)


def extend(conn: Connection, size: int, before: int | None = None,
           leaves: Sequence[bytes] = ()) -> None:
    """Write the tiles that are whole at a size and not there yet.

    `leaves` are those after the first `before`, where they are known already.
    """
    before = size if before is None else before
    last = conn.execute(select(func.max(TRAIL_TILES.c.number)).where(
        TRAIL_TILES.c.level == 0)).scalar()
    first = 0 if last is None else last + 1
    made = []
    for number in range(first, size // WIDTH):
        start = number * WIDTH
        known = leaves[max(start - before, 0):max(start + WIDTH - before, 0)]
        tile = b"".join(known)
        if start < before:
            tile = _leaves(conn, start, min(before, start + WIDTH)) + tile
        conn.execute(insert(TRAIL_TILES).values(level=0, number=number, hashes=tile))
        made.append(tile_hash(tile))
    _extend_above(conn, 1, made)


def tree(conn: Connection, size: int) -> Subtree:
    """The tree at a size, as one state of the register has it."""
    def read(level: int, number: int) -> bytes:
        found = conn.execute(select(TRAIL_TILES.c.hashes).where(
            TRAIL_TILES.c.level == level, TRAIL_TILES.c.number == number)).scalar()
        if found is None and level == 0:
            return _leaves(conn, number * WIDTH, min(size, (number + 1) * WIDTH))
        return found or b""

    return TileTree(read)


def _extend_above(conn: Connection, level: int, hashes: Sequence[bytes]) -> None:
    """Add to the tiles of a level what the tiles below came to."""
    if not hashes:
        return
    found = conn.execute(select(TRAIL_TILES.c.number, TRAIL_TILES.c.hashes).where(
        TRAIL_TILES.c.level == level).order_by(TRAIL_TILES.c.number.desc()).limit(1)).first()
    number, tile = (found.number, found.hashes) if found is not None else (0, b"")
    is_new = found is None
    if len(tile) == WIDTH * HASH:
        number, tile, is_new = number + 1, b"", True
    made, rest = [], list(hashes)
    while rest:
        room = WIDTH - len(tile) // HASH
        tile, rest = tile + b"".join(rest[:room]), rest[room:]
        if is_new:
            conn.execute(insert(TRAIL_TILES).values(level=level, number=number, hashes=tile))
        else:
            conn.execute(update(TRAIL_TILES).where(
                TRAIL_TILES.c.level == level, TRAIL_TILES.c.number == number).values(hashes=tile))
        if len(tile) == WIDTH * HASH:
            made.append(tile_hash(tile))
            number, tile, is_new = number + 1, b"", True
    _extend_above(conn, level + 1, made)


def _leaves(conn: Connection, start: int, end: int) -> bytes:
    """The hashes of events from the number `start` + 1 to `end`."""
    return b"".join(conn.execute(select(EVENTS.c.leaf).where(
        EVENTS.c.seq > start, EVENTS.c.seq <= end).order_by(EVENTS.c.seq)).scalars())
