"""Whom somebody else has to see to. In: what a domain awaits. Out: members by what they wait for.

A case waits where the next step is not its clerk's: an answer to what was asked for it, or to a
waiver, is due from somebody else, or what is awaited may still come in time. What is overdue waits
no more: it is to be chased.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select, union

from zhuanjie.engine.api import RegisterActs
from zhuanjie.web.acts.projection import WAITING
from zhuanjie.web.acts.tables import REQUESTS, WAIVERS
from zhuanjie.web.acts.waiver_rows import REQUESTED
from zhuanjie.web.figures.tables import MEMBER_FIGURES
from zhuanjie.web.letters.tables import AWAITED
from zhuanjie.web.store.tables import MEMBERS

ANSWER: Final = "answer"
WAIVER: Final = "waiver"
_AWAITED: Final = "awaited-"


def waiting_kinds(acts: RegisterActs) -> tuple[str, ...]:
    """What a case of this domain may wait for."""
    return (ANSWER, WAIVER, *(_AWAITED + name for name in acts.awaited))


def awaited_of(kind: str) -> str | None:
    """The name of what is awaited that a kind stands for; None for an answer."""
    return kind.removeprefix(_AWAITED) if kind.startswith(_AWAITED) else None


def is_waiting(kinds: Sequence[str]) -> ColumnElement[bool]:
    """Whether a member waits for something of these kinds."""
    parts = [_members(kind) for kind in kinds]
    return MEMBERS.c.id.in_(parts[0] if len(parts) == 1 else union(*parts))


def waiting_counts(conn: Connection, kinds: Sequence[str], units: Collection[str] = (), *,
                   each: bool = True) -> dict[str, int]:
    """How many members wait at all, under ""; for what, `each` kind by itself."""
    parts: list[tuple[str, Sequence[str]]] = [("", kinds)]
    if each:
        parts += [(kind, [kind]) for kind in kinds]
    return {name: _count(conn, some, units) for name, some in parts}


def _count(conn: Connection, kinds: Sequence[str], units: Collection[str]) -> int:
    if units:
        query = select(func.count()).select_from(MEMBERS).where(
            ~MEMBERS.c.withdrawn, is_waiting(kinds), MEMBERS.c.unit.in_(list(units)))
    else:  # without a look at each member's own row, which is long
        query = select(func.count()).select_from(
            union(*(_standing(kind) for kind in kinds)).subquery())
    return conn.execute(query).scalar_one()


def _standing(kind: str) -> Select[Any]:
    """The members who wait, but for withdrawn ones; nothing is awaited of those."""
    found = _members(kind)
    if awaited_of(kind) is not None:
        return found
    column = found.selected_columns[0]
    return found.join(MEMBERS, MEMBERS.c.id == column).where(~MEMBERS.c.withdrawn)


def _members(kind: str) -> Select[Any]:
    if kind == ANSWER:
        return select(REQUESTS.c.member).where(REQUESTS.c.state == WAITING)
    if kind == WAIVER:
        return select(WAIVERS.c.member).where(
            WAIVERS.c.state == REQUESTED, WAIVERS.c.member.is_not(None))
    late = exists().where(MEMBER_FIGURES.c.member == AWAITED.c.member,
                          MEMBER_FIGURES.c.late_since.is_not(None))
    return select(AWAITED.c.member).where(AWAITED.c.what == awaited_of(kind), ~late)
