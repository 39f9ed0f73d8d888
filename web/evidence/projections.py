"""Tables made from events, beside those that events make now. In: a store. Out: rows that differ.

They are made anew in a transaction that is taken back; meanwhile nobody else writes, and all read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, Table, Text, collate, select

from zhuanjie.web.evidence.flaws import Flaws
from zhuanjie.web.store.change import trail_head
from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import MEMBER_KEYS

_CHUNK = 2000
_Key = tuple[Any, ...]


def compare_projections(store: RegisterStore, flaws: Flaws) -> None:
    """Note every row of a projection that is not what events make it."""
    with store.database.writing() as anew:
        trail_head(anew, lock=True)
        transaction = anew.get_transaction()
        assert transaction is not None
        try:
            with store.database.reading() as kept:
                trail_head(kept)  # its state is that of before
                store.rebuild_in(anew)
                for name in store.projections:
                    _compare(METADATA.tables[name], kept, anew, flaws)
        finally:
            transaction.rollback()


def _compare(table: Table, kept: Connection, anew: Connection, flaws: Flaws) -> None:
    """Go through both in the order of their keys."""
    key_of = _key_of(table)
    rows, wanted = _rows(table, kept), _rows(table, anew)
    row, want = next(rows, None), next(wanted, None)
    while row is not None or want is not None:
        key, other = _key(row, key_of), _key(want, key_of)
        if row is not None and want is not None and key == other:
            if tuple(row) != tuple(want):
                flaws.add("projection", table=table.name, row=_shown(table, key))
            row, want = next(rows, None), next(wanted, None)
        elif want is None or (row is not None and key < other):
            flaws.add("projection", table=table.name, row=_shown(table, key))
            row = next(rows, None)
        else:
            flaws.add("projection", table=table.name, row=_shown(table, other))
            want = next(wanted, None)


def _rows(table: Table, conn: Connection) -> Iterator[Row[Any]]:
    is_postgresql = conn.dialect.name == "postgresql"
    order = [collate(c, "C") if is_postgresql and isinstance(c.type, Text) else c
             for c in table.primary_key.columns]
    yield from conn.execute(select(table).order_by(*order).execution_options(yield_per=_CHUNK))


def _key_of(table: Table) -> list[int]:
    names = [c.name for c in table.columns]
    return [names.index(c.name) for c in table.primary_key.columns]


def _key(row: Row[Any] | None, at: list[int]) -> _Key:
    return () if row is None else tuple(row[i] for i in at)


def _shown(table: Table, key: _Key) -> str:
    """The key of a row, without what a member is found by: a number, a name."""
    return ", ".join(str(part) for part, column in zip(key, table.primary_key.columns, strict=True)
                     if column is not MEMBER_KEYS.c.form)
