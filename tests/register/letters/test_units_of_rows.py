"""Rows that name their members' units go where the member goes, and are hidden from others."""

from __future__ import annotations

import pytest
from sqlalchemy import Table, select
from support.register_office import Office

from zhuanjie.web.acts.perform import AskedAct
from zhuanjie.web.store.event import SYSTEM, Actor
from zhuanjie.web.store.row_security import covered

LI = Actor("li", "department", "office")
LETTER = {"letter.origin_address": "泉州市某路1号", "letter.valid_days": 90}
OWN = [table for table in covered() if table.info.get("own_unit")]


@pytest.mark.parametrize("table", OWN, ids=lambda table: table.name)
def test_a_row_goes_where_its_member_goes(at: Office, table: Table) -> None:
    register = at.register
    clauses = frozenset(c.clause for c in register.policy().rules)
    register.acts.do(LI, AskedAct("issue", "m1", LETTER, acknowledged=clauses))
    assert held(at, SYSTEM, table) == {"maths"}
    register.acts.do(LI, AskedAct("move", "m1", {"member.school_branch": "物理系"},
                                  reason="转系", acknowledged=clauses))
    assert held(at, SYSTEM, table) == held(at, Actor("p", "college", "physics"), table) == {
        "physics"}
    assert held(at, Actor("m", "college", "maths"), table) == set()


def held(at: Office, who: Actor, table: Table) -> set[str]:
    """The units of a member's rows that somebody sees."""
    with at.register.store.reading(who) as conn:
        return set(conn.execute(select(table.c.unit).where(table.c.member == "m1")).scalars())


def test_there_are_such_tables() -> None:
    assert {table.name for table in OWN} == {"awaited", "member_figures"}
