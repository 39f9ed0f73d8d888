"""A register verified. In: its database, public keys, checkpoints kept elsewhere. Out: every flaw.

All events are read once, in order, in one state of the register; memory is bounded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, func, inspect, select
from sqlalchemy.exc import DBAPIError

from zhuanjie.engine.api import InputError, fail, shown_name
from zhuanjie.web.evidence.chain import ChainCheck
from zhuanjie.web.evidence.flaws import Flaw, Flaws
from zhuanjie.web.evidence.tables import TRAIL_CHECKPOINTS, TRAIL_TILES
from zhuanjie.web.store.change import trail_head
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.protection import unprotected
from zhuanjie.web.store.tables import COLUMN_SETS, EVENT_VALUES, EVENTS, TRAIL_HEAD
from zhuanjie.web.trail.checkpoint import Checkpoint, read_checkpoint
from zhuanjie.web.trail.merkle import Frontier
from zhuanjie.web.trail.note import NoteError, Verifier
from zhuanjie.web.trail.tiles import HASH, WIDTH, hashes_of, tile_hash

_CHUNK: Final = 2000


@dataclass(frozen=True, slots=True)
class ContentTable:
    """A table whose rows go by the hash of their content; `id` makes an id from a content."""

    key: ColumnElement[str]
    content: ColumnElement[bytes]
    id: Callable[[bytes], str]


CONTENT: Final = (ContentTable(COLUMN_SETS.c.id, COLUMN_SETS.c.fields,
                               lambda fields: hashlib.sha256(fields).hexdigest()[:16]),)


@dataclass(frozen=True, slots=True)
class TrailVerification:
    """What a verification found: `flaws`, the first of `count`; and what it read."""

    size: int
    root: bytes | None
    checkpoints: int
    covered: int
    """How many events a checkpoint that holds covers."""
    flaws: Sequence[Flaw]
    count: int

    def with_more(self, look: Callable[[Flaws], None]) -> TrailVerification:
        """The same with the flaws that `look` finds besides."""
        more = Flaws()
        look(more)
        return replace(self, flaws=[*self.flaws, *more], count=self.count + more.count)


def is_there(database: RegisterDatabase) -> bool:
    """Whether a register is where it is said to be; nothing is made. Raises InputError."""
    if database.file is not None and not database.file.is_file():
        return False
    try:
        with database.reading() as conn:
            return inspect(conn).has_table(TRAIL_HEAD.name)
    except DBAPIError as error:
        raise fail(InputError, "register.trail.unreadable", hint="register.unreadable.hint",
                   at=shown_name(database.url.render_as_string(hide_password=True)),
                   reason=type(error.orig).__name__) from None


def verify(conn: Connection, verifiers: Sequence[Verifier], *, outside: Sequence[str] = (),
           content: Sequence[ContentTable] = (),
           progress: Callable[[int, int], None] = lambda done, size: None) -> TrailVerification:
    """Verify what one state of a register holds.

    `verifiers` are the keys that checkpoints may be signed with, `outside` the notes of checkpoints
    that somebody kept elsewhere, `content` further tables of contents by hash. `progress` is told
    how many events of how many were read.
    """
    flaws = Flaws()
    head = trail_head(conn)
    _check_contents(conn, (*CONTENT, *content), flaws)
    points = _Points(conn, verifiers, outside, flaws)
    tiles = _Tiles(conn, flaws)
    chain = ChainCheck(flaws, tiles.leaf, frozenset(
        conn.execute(select(COLUMN_SETS.c.id)).scalars()))
    frontier = Frontier()
    points.check(frontier)
    for seq, leaf in chain.walk(_rows(conn), head):
        if chain.whole:
            frontier.add(leaf)
            tiles.add(leaf)
            points.check(frontier)
        if seq % _CHUNK == 0:
            progress(seq, head[0])
    if chain.whole:
        tiles.end()
        points.end(frontier.size)
    _check_orphans(conn, flaws)
    for table in unprotected(conn):
        flaws.add("unprotected", table=table)
    return TrailVerification(chain.size, frontier.root() if chain.whole else None, points.count,
                        points.covered, list(flaws), flaws.count)


def _rows(conn: Connection) -> Iterator[Row[Any]]:
    yield from conn.execute(
        select(EVENTS, EVENT_VALUES.c.secret, EVENT_VALUES.c.content, EVENT_VALUES.c.salts,
               EVENT_VALUES.c.erased)
        .outerjoin_from(EVENTS, EVENT_VALUES, EVENTS.c.seq == EVENT_VALUES.c.seq)
        .order_by(EVENTS.c.seq).execution_options(yield_per=_CHUNK))


class _Tiles:
    """The tiles that are kept, beside those that the events come to."""

    def __init__(self, conn: Connection, flaws: Flaws) -> None:
        self._conn, self._flaws = conn, flaws
        self._made: list[list[bytes]] = [[]]
        """By level, the hashes of the tile that is not whole yet."""
        self._numbers = [0]
        self._read: tuple[int, bytes] | None = None

    def leaf(self, seq: int) -> bytes | None:
        """What a tile says is the hash of an event."""
        number, at = divmod(seq - 1, WIDTH)
        if self._read is None or self._read[0] != number:
            self._read = (number, self._kept(0, number) or b"")
        found = hashes_of(self._read[1], at, at + 1)
        return found[0] if found and len(found[0]) == HASH else None

    def add(self, leaf: bytes, level: int = 0) -> None:
        """Take in the next hash of a level."""
        if level == len(self._made):
            self._made.append([])
            self._numbers.append(0)
        row = self._made[level]
        row.append(leaf)
        if len(row) < WIDTH:
            return
        number, self._made[level] = self._numbers[level], []
        self._numbers[level] += 1
        self._compare(level, number, row)
        self.add(tile_hash(b"".join(row)), level + 1)

    def end(self) -> None:
        """Compare what is not whole, and see that there is no more."""
        for level, row in enumerate(self._made[1:], 1):
            if row:
                self._compare(level, self._numbers[level], row)
        wanted = sum(self._numbers) + sum(bool(row) for row in self._made[1:])
        there = self._conn.execute(select(func.count()).select_from(TRAIL_TILES)).scalar_one()
        if there > wanted:
            self._flaws.add("tiles-beyond", count=there - wanted)

    def _compare(self, level: int, number: int, row: Sequence[bytes]) -> None:
        kept = self._kept(level, number)
        if kept == b"".join(row):
            return
        span = WIDTH ** level
        first = number * WIDTH * span + 1
        if kept is None:
            self._flaws.add("tile-missing", level=level, tile=number, first=first,
                            last=first + len(row) * span - 1)
            return
        other = hashes_of(kept)
        at = next((at for at, made in enumerate(row) if at >= len(other) or other[at] != made),
                  len(row))
        self._flaws.add("tile", first + at * span if level == 0 else None, level=level,
                        tile=number, first=first + at * span, last=first + (at + 1) * span - 1)

    def _kept(self, level: int, number: int) -> bytes | None:
        return self._conn.execute(select(TRAIL_TILES.c.hashes).where(
            TRAIL_TILES.c.level == level, TRAIL_TILES.c.number == number)).scalar()


class _Points:
    """The checkpoints that are kept here and elsewhere, by size, each compared once."""

    def __init__(self, conn: Connection, verifiers: Sequence[Verifier], outside: Sequence[str],
                 flaws: Flaws) -> None:
        self._flaws = flaws
        kept = conn.execute(select(TRAIL_CHECKPOINTS).order_by(TRAIL_CHECKPOINTS.c.size))
        found: list[Checkpoint] = []
        for size, note in kept:
            point = self._open(note, verifiers, size)
            if point is not None and point.size != size:
                flaws.add("checkpoint-size", size=size)
            elif point is not None:
                found.append(point)
        for note in outside:
            point = self._open(note, verifiers, None)
            if point is not None:
                found.append(point)
        self._points = sorted(found, key=lambda p: p.size)
        self.count, self.covered, self._at = len(found), 0, 0
        self._failed = False

    def _open(self, note: str, verifiers: Sequence[Verifier],
              size: int | None) -> Checkpoint | None:
        reason = "other-key"
        for verifier in verifiers:
            try:
                return read_checkpoint(note, verifier)
            except NoteError as error:
                if error.code != "other-key":
                    reason = error.code
        told = note.split("\n")[1:2]
        self._flaws.add(f"checkpoint-{reason}", size=size or (told[0] if told else "?"))
        return None

    def check(self, frontier: Frontier) -> None:
        """Compare the checkpoints of the present size."""
        while self._at < len(self._points) and self._points[self._at].size <= frontier.size:
            point = self._points[self._at]
            self._at += 1
            if self._failed:
                continue
            if point.root == frontier.root():
                self.covered = point.size
            else:
                self._failed = True
                self._flaws.add("checkpoint", first=self.covered + 1, last=point.size)

    def end(self, size: int) -> None:
        """Checkpoints of more events than there are: the tail was cut off."""
        if self._at < len(self._points):
            self._flaws.add("cut", size + 1, first=size + 1, last=self._points[-1].size)


def _check_contents(conn: Connection, tables: Iterable[ContentTable], flaws: Flaws) -> None:
    for table in tables:
        found = conn.execute(select(table.key, table.content).execution_options(yield_per=_CHUNK))
        for key, content in found:
            if table.id(content) != key:
                name = getattr(getattr(table.key, "table", None), "name", "")
                flaws.add("content", table=name, key=key)


def _check_orphans(conn: Connection, flaws: Flaws) -> None:
    """Values of events that there are not."""
    gone = conn.execute(
        select(EVENT_VALUES.c.seq)
        .outerjoin_from(EVENT_VALUES, EVENTS, EVENTS.c.seq == EVENT_VALUES.c.seq)
        .where(EVENTS.c.seq.is_(None)).limit(_CHUNK)).scalars()
    for seq in gone:
        flaws.add("orphan", seq)
