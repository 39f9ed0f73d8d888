"""What an act asks of the database: found by indices, however many members there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from support.acts_office import Office

from zhuanjie.web.store.database import RegisterDatabase

FEW = {"units", "judging", "trail_head", "json_each", "waivers", "series", "figures"}
"""What does not grow with members (waivers: with what was asked)."""
PART = "ix_members_withdrawn"
"""An index of few members alone, which is gone through whole."""


@contextmanager
def asked(database: RegisterDatabase) -> Iterator[list[tuple[str, Sequence[Any]]]]:
    """The statements that are run meanwhile, with their parameters."""
    found: list[tuple[str, Sequence[Any]]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any,
             many: bool) -> None:
        found.append((statement, parameters[0] if many else parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def test_no_act_goes_through_a_table_of_members(office: Office) -> None:
    if office.store.database.is_postgresql:
        pytest.skip("how a server goes about it depends on how much there is")
    office.add()
    office.issue()  # what is made once is made
    office.do("void", reason="写错")
    with asked(office.store.database) as statements:
        office.issue()
    scanned = []
    with office.store.database.reading() as conn:
        for statement, parameters in statements:
            if statement.partition(" ")[0] in {"SELECT", "UPDATE", "DELETE"}:
                plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(parameters))
                scanned += [(row.detail, statement) for row in plan
                            if row.detail.startswith("SCAN") and row.detail.split()[1] not in FEW
                            and not row.detail.endswith(PART)]
    assert len(statements) > 10
    assert not scanned
