"""Whom other waivers cannot touch. In: a judge whose waivers are others. Out: clocks moved on.

A waiver speaks of violations of a rule or a clause alone: who has none of these, and is under none,
comes out as before and need not be judged again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson
from sqlalchemy import Connection, and_, or_, select, update

from zhuanjie.engine.api import CaseJudge, Outcome
from zhuanjie.web.judging.sharing import waiver_place
from zhuanjie.web.judging.tables import CLOCKS, JUDGING, OUTCOMES, SHARED_KEYS

WAIVERS: Final = "waivers"


def only_waivers(conn: Connection, parts: Mapping[str, str]) -> bool:
    """Whether nothing but the waivers is another than everybody has been judged by."""
    held = conn.execute(select(JUDGING.c.parts)).scalar()
    if held is None:
        return False
    before = orjson.loads(held)
    return before.keys() == parts.keys() and [
        name for name, value in parts.items() if before[name] != value] == [WAIVERS]


def pass_over(conn: Connection, judge: CaseJudge, basis: str) -> None:
    """Have those whom no waiver speaks of stand as judged by this judge."""
    rules, clauses = judge.waivable
    first = waiver_place("")[0]
    concerned = select(OUTCOMES.c.member).where(or_(
        OUTCOMES.c.waiver.is_not(None),
        and_(OUTCOMES.c.outcome == str(Outcome.VIOLATION),
             or_(OUTCOMES.c.rule.in_(sorted(rules)), OUTCOMES.c.clause.in_(sorted(clauses))))))
    counted = select(SHARED_KEYS.c.member).where(
        SHARED_KEYS.c.rule.startswith(first, autoescape=True))
    held = select(JUDGING.c.basis).scalar_subquery()
    conn.execute(update(CLOCKS).where(
        CLOCKS.c.basis == held, CLOCKS.c.member.not_in(concerned),
        CLOCKS.c.member.not_in(counted)).values(basis=basis))
