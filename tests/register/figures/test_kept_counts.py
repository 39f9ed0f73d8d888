"""Counts are made once until something happens, for each who sees something else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from sqlalchemy import create_engine, insert, update
from sqlalchemy.engine import Connection

from zhuanjie.web.figures.counted import Tally
from zhuanjie.web.service.kept_counts import KeptCounts
from zhuanjie.web.service.worklist import WorkCounts
from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.tables import TRAIL_HEAD


@pytest.fixture
def conn() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    METADATA.create_all(engine, [TRAIL_HEAD])
    with engine.connect() as made:
        made.execute(insert(TRAIL_HEAD).values(id=1, size=5, leaf=b"", at=""))
        yield made


def at(conn: Connection, size: int) -> None:
    conn.execute(update(TRAIL_HEAD).values(size=size))


def test_counts_are_kept_until_an_event(conn: Connection) -> None:
    kept, numbers = KeptCounts(), count()

    def made() -> WorkCounts:
        return WorkCounts(Tally(), next(numbers), {})

    assert [kept.of(conn, who, made).soon for who in "aabab"] == [0, 0, 1, 0, 1]
    at(conn, 6)
    assert [kept.of(conn, who, made).soon for who in "aab"] == [2, 2, 3]
    at(conn, 5)  # somebody whose page began before the event sees what was, and leaves no trace
    assert kept.of(conn, "a", made).soon == 4
    at(conn, 6)
    assert kept.of(conn, "a", made).soon == 2
