"""A register is tampered with, in every way that SQL offers: it is found, and the event is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import orjson
import pytest
from sqlalchemy import Column, Connection, Table, delete, func, insert, select, update
from support import engines
from support.marks import few
from support.register_history import ACTOR, History, history

from zhuanjie.web.evidence.tables import TRAIL_CHECKPOINTS, TRAIL_TILES
from zhuanjie.web.evidence.tree import extend
from zhuanjie.web.evidence.verify import TrailVerification, verify
from zhuanjie.web.store.change import NOTHING
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import EventDraft
from zhuanjie.web.store.protection import protect, unprotect, unprotected
from zhuanjie.web.store.tables import COLUMN_SETS, EVENT_VALUES, EVENTS, TRAIL_HEAD
from zhuanjie.web.trail.leaf import leaf_hash

SMALL, LARGE = 60, 600
"""Events of a register without a whole tile, and of one with two."""


@contextmanager
def tampered(kept: History) -> Iterator[Connection]:
    """A connection that may do what it likes, and whose acts are forgotten."""
    with kept.store.database.engine.connect() as conn:
        transaction = conn.begin()
        unprotect(conn)
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        else:
            conn.exec_driver_sql("ALTER TABLE event_values DROP CONSTRAINT"
                                 " fk_event_values_seq")
        yield conn
        transaction.rollback()


def verified(kept: History, conn: Connection, *outside: str) -> TrailVerification:
    if unprotected(conn):
        protect(conn)
    return verify(conn, [kept.verifier], outside=outside)


def said(found: TrailVerification) -> list[tuple[str, int | None]]:
    return [(flaw.code, flaw.seq) for flaw in found.flaws]


def names(found: TrailVerification, *events: int) -> bool:
    """Whether one of these events is named, alone or in a range."""
    return any(flaw.seq in events or
               any(flaw.args.get("first", 1) <= seq <= flaw.args.get("last", 0) for seq in events)
               for flaw in found.flaws)


def flipped(value: Any, rng: Random) -> Any:
    """A value with one bit changed; a text stays one."""
    if isinstance(value, int):
        return value ^ (1 << rng.randint(0, 20))
    data = value.encode() if isinstance(value, str) else value
    while True:
        at = rng.randrange(len(data))
        made = data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1:]
        if isinstance(value, bytes):
            return made
        try:
            text = made.decode()
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text


def flip(conn: Connection, table: Table, rng: Random, column: Column[Any]) -> Any:
    """Change one bit of a column of some row; returns the row's key."""
    keys = list(table.primary_key.columns)
    rows = conn.execute(select(column, *keys).where(column.isnot(None))).all()
    value, *of = rng.choice([r for r in rows if r[0] != "" and r[0] != b""])
    other = flipped(value, rng)
    moved = [other if key is column else held for key, held in zip(keys, of, strict=True)]
    if column in keys and moved in [list(r[1:]) for r in rows]:
        return flip(conn, table, rng, column)
    conn.execute(update(table).where(*(k == v for k, v in zip(keys, of, strict=True)))
                 .values({column.name: other}))
    return of[0]


@pytest.fixture(scope="module", params=few([SMALL, LARGE], SMALL))
def size(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, size: int,
         tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    """One register for all tests here: what they do to it they take back."""
    file = tmp_path_factory.mktemp("register") / "register.db"
    database = RegisterDatabase(f"sqlite:///{file}" if request.param == "sqlite"
                                else engines.fresh_database())
    database.create()
    yield history(database, size, every=size // 6)
    database.close()


def test_an_untouched_register_has_no_flaw(kept: History) -> None:
    with kept.store.database.reading() as conn:
        found = verified(kept, conn)
    assert said(found) == []
    assert found.size in (SMALL, LARGE)
    assert found.checkpoints >= 4
    assert found.covered > found.size * 0.6


@pytest.mark.parametrize("column", [
    EVENTS.c.body, EVENTS.c.leaf, EVENTS.c.id, EVENTS.c.at, EVENTS.c.kind, EVENTS.c.member,
    EVENTS.c.unit, EVENTS.c.actor, EVENT_VALUES.c.content, EVENT_VALUES.c.secret,
    EVENT_VALUES.c.salts, EVENT_VALUES.c.erased], ids=str)
def test_one_bit_of_an_event(kept: History, column: Column[Any]) -> None:
    rng = Random(str(column))
    for _ in range(10):
        with tampered(kept) as conn:
            seq = flip(conn, column.table, rng, column)
            found = verified(kept, conn)
            assert {s for _, s in said(found)} == {seq}, said(found)


@pytest.mark.parametrize("column", [
    COLUMN_SETS.c.id, COLUMN_SETS.c.fields, TRAIL_CHECKPOINTS.c.note, TRAIL_CHECKPOINTS.c.size,
    TRAIL_HEAD.c.size, TRAIL_HEAD.c.leaf, TRAIL_HEAD.c.at, TRAIL_TILES.c.hashes,
    TRAIL_TILES.c.level, TRAIL_TILES.c.number], ids=str)
def test_one_bit_beside_events(kept: History, column: Column[Any]) -> None:
    rng = Random(str(column))
    with kept.store.database.reading() as conn:
        if not conn.execute(select(func.count()).select_from(column.table)).scalar():
            assert column.table is TRAIL_TILES
            return
    for _ in range(10):
        with tampered(kept) as conn:
            flip(conn, column.table, rng, column)
            assert said(verified(kept, conn))


Act = Callable[[Connection, Random, int], tuple[int, ...]]
"""What is done to a register of so many events; returns those of which one must be named."""


def rewrite(conn: Connection, row: int, previous: bytes, **changed: Any) -> bytes:
    """Give an event another body that names `previous`, and the hash of that."""
    body = orjson.loads(conn.execute(select(EVENTS.c.body).where(EVENTS.c.seq == row)).scalar())
    text = orjson.dumps(body | {"previous": previous.hex()} | changed,
                        option=orjson.OPT_SORT_KEYS)
    conn.execute(update(EVENTS).where(EVENTS.c.seq == row).values(body=text, leaf=leaf_hash(text)))
    return leaf_hash(text)


def leaf_of(conn: Connection, seq: int) -> bytes:
    return conn.execute(select(EVENTS.c.leaf).where(EVENTS.c.seq == seq)).scalar() or NOTHING


def move(conn: Connection, seq: int, to: int) -> None:
    for table in (EVENT_VALUES, EVENTS):
        conn.execute(update(table).where(table.c.seq == seq).values(seq=to))


def removed(conn: Connection, rng: Random, size: int) -> tuple[int, ...]:
    seq = rng.randint(1, size)
    conn.execute(delete(EVENT_VALUES).where(EVENT_VALUES.c.seq == seq))
    conn.execute(delete(EVENTS).where(EVENTS.c.seq == seq))
    return (seq,)


def removed_and_closed_up(conn: Connection, rng: Random, size: int) -> tuple[int, ...]:
    seq = rng.randint(1, size - 1)
    conn.execute(delete(EVENT_VALUES).where(EVENT_VALUES.c.seq == seq))
    conn.execute(delete(EVENTS).where(EVENTS.c.seq == seq))
    for later in range(seq + 1, size + 1):
        move(conn, later, later - 1)
    return (seq,)


def swapped(conn: Connection, rng: Random, size: int) -> tuple[int, ...]:
    one, other = rng.sample(range(1, size + 1), 2)
    move(conn, one, -1)
    move(conn, other, one)
    move(conn, -1, other)
    return (one, other)


def inserted(conn: Connection, rng: Random, size: int) -> tuple[int, ...]:
    seq = rng.randint(2, size)
    for later in range(size, seq - 1, -1):
        move(conn, later, later + 1)
    of = conn.execute(select(EVENTS).where(EVENTS.c.seq == seq - 1)).mappings().one()
    conn.execute(insert(EVENTS).values(**{**of, "seq": seq, "id": "new"}))
    rewrite(conn, seq, leaf_of(conn, seq - 1), seq=seq, id="new", values=None)
    return (seq,)


def appended(conn: Connection, rng: Random, size: int) -> tuple[int, ...]:
    of = conn.execute(select(EVENTS).where(EVENTS.c.seq == size)).mappings().one()
    conn.execute(insert(EVENTS).values(**{**of, "seq": size + 1, "id": "new"}))
    rewrite(conn, size + 1, leaf_of(conn, size), seq=size + 1, id="new", values=None)
    return (size + 1,)


def put_before_the_first(conn: Connection, rng: Random, size: int) -> tuple[int, ...]:
    of = conn.execute(select(EVENTS).where(EVENTS.c.seq == 1)).mappings().one()
    conn.execute(insert(EVENTS).values(**{**of, "seq": 0, "id": "new"}))
    return (0,)


def rewritten(conn: Connection, rng: Random, size: int) -> tuple[int, ...]:
    seq = rng.randint(1, size)
    rewrite(conn, seq, leaf_of(conn, seq - 1), role="other")
    return (seq,)


def named_another_before_it(conn: Connection, rng: Random, size: int) -> tuple[int, ...]:
    seq = rng.randint(1, size)
    rewrite(conn, seq, bytes(range(32)))
    return (seq,)


def rewritten_to_the_end(conn: Connection, rng: Random, size: int) -> tuple[int, ...]:
    """As whoever has the database and every program, and not the key, would do it."""
    last = conn.execute(select(func.max(TRAIL_CHECKPOINTS.c.size))).scalar_one()
    seq = rng.randint(1, last)
    leaf = rewrite(conn, seq, leaf_of(conn, seq - 1), role="other")
    for later in range(seq + 1, size + 1):
        leaf = rewrite(conn, later, leaf)
    conn.execute(update(TRAIL_HEAD).values(leaf=leaf))
    conn.execute(delete(TRAIL_TILES))
    extend(conn, size)
    return (seq,)


def cut(conn: Connection, rng: Random, size: int) -> tuple[int, ...]:
    """Events after and with one that a checkpoint covers, and all that speaks of them."""
    last = conn.execute(select(func.max(TRAIL_CHECKPOINTS.c.size))).scalar_one()
    seq = rng.randint(last // 2, last)
    for table in (EVENT_VALUES, EVENTS):
        conn.execute(delete(table).where(table.c.seq >= seq))
    at = conn.execute(select(EVENTS.c.at).where(EVENTS.c.seq == seq - 1)).scalar()
    conn.execute(update(TRAIL_HEAD).values(size=seq - 1, leaf=leaf_of(conn, seq - 1), at=at))
    conn.execute(delete(TRAIL_TILES))
    extend(conn, seq - 1)
    return (seq,)


def cut_and_not_hidden(conn: Connection, rng: Random, size: int) -> tuple[int, ...]:
    seq = rng.randint(2, size)
    for table in (EVENT_VALUES, EVENTS):
        conn.execute(delete(table).where(table.c.seq >= seq))
    return (seq,)


def values_swapped(conn: Connection, rng: Random, size: int) -> tuple[int, ...]:
    there = conn.execute(select(EVENT_VALUES.c.seq)).scalars().all()
    one, other = rng.sample(list(there), 2)
    for seq, to in ((one, -1), (other, one), (-1, other)):
        conn.execute(update(EVENT_VALUES).where(EVENT_VALUES.c.seq == seq).values(seq=to))
    return (one, other)


def values_removed(conn: Connection, rng: Random, size: int) -> tuple[int, ...]:
    seq = rng.choice(list(conn.execute(select(EVENT_VALUES.c.seq)).scalars()))
    conn.execute(delete(EVENT_VALUES).where(EVENT_VALUES.c.seq == seq))
    return (seq,)


def value_set(conn: Connection, rng: Random, size: int) -> tuple[int, ...]:
    seq, content = rng.choice(conn.execute(select(
        EVENT_VALUES.c.seq, EVENT_VALUES.c.content)).all())
    held = orjson.loads(content) | {"member.name": [None, "another"]}
    conn.execute(update(EVENT_VALUES).where(EVENT_VALUES.c.seq == seq).values(
        content=orjson.dumps(held)))
    return (seq,)


def erased_in_silence(conn: Connection, rng: Random, size: int) -> tuple[int, ...]:
    from zhuanjie.web.evidence.values import read_values

    row = rng.choice(conn.execute(select(EVENT_VALUES).where(
        EVENT_VALUES.c.secret.isnot(None))).all())
    held = read_values(row.secret, row.content, row.salts, row.erased)
    conn.execute(update(EVENT_VALUES).where(EVENT_VALUES.c.seq == row.seq).values(
        **held.without(["letter.serial"]).row()))
    return (row.seq,)


ACTS: list[Act] = [
    removed, removed_and_closed_up, swapped, inserted, appended, put_before_the_first, rewritten,
    named_another_before_it, rewritten_to_the_end, cut, cut_and_not_hidden, values_swapped,
    values_removed, value_set, erased_in_silence]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_what_sql_can_do(kept: History, act: Act) -> None:
    with kept.store.database.reading() as conn:
        size = verified(kept, conn).size
    for seed in range(6):
        with tampered(kept) as conn:
            events = act(conn, Random(seed), size)
            found = verified(kept, conn)
            assert names(found, *events), (events, said(found))
            assert len(found.flaws) <= 12, said(found)


def test_a_tail_that_no_checkpoint_here_covers(kept: History) -> None:
    """Whoever cuts off what a checkpoint covers, and it, is found by one that was kept elsewhere."""
    note = kept.trail.checkpoint(kept.store).note
    with tampered(kept) as conn:
        (seq,) = cut(conn, Random(1), 60)
        conn.execute(delete(TRAIL_CHECKPOINTS).where(TRAIL_CHECKPOINTS.c.size >= seq))
        assert said(verified(kept, conn)) == []
        assert names(verified(kept, conn, note), seq)


def test_a_checkpoint_of_somebody_else(kept: History) -> None:
    with kept.store.change(ACTOR) as work:
        work.record(EventDraft("settings.set", data={}))
    note = kept.trail.checkpoint(kept.store).note
    with kept.store.database.reading() as conn:
        found = verified(kept, conn, note.replace("office", "other"))
        assert [c for c, _ in said(found)] == ["checkpoint-other-key"]


def test_triggers_that_were_taken_away(kept: History) -> None:
    with tampered(kept) as conn:
        found = verify(conn, [kept.verifier])
        assert {f.args["table"] for f in found.flaws} == {
            "events", "event_values", "column_sets", "trail_checkpoints"}
