"""One member looked at. In: an id or a key. Out: the member, and what is said of it.

People and other programs know members by the keys of their ledgers, not by the register's own ids:
either will do.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from zhuanjie.engine.api import LANGS, REPORTED, Lang, Vocabulary, fail
from zhuanjie.web.judging.casework import CaseView, look
from zhuanjie.web.judging.judging import Judging
from zhuanjie.web.judging.tables import CLOCKS, OUTCOMES
from zhuanjie.web.service.register import Register
from zhuanjie.web.store.errors import ConflictError, NotFoundError
from zhuanjie.web.store.event import SYSTEM
from zhuanjie.web.store.members import Member, find, members
from zhuanjie.web.store.tables import MEMBERS

_SETS = 8
_REPORTED = tuple(map(str, REPORTED))


@dataclass(frozen=True, slots=True)
class LookedCase:
    """A member with what is said of it today, and the decision that the trail has of it."""

    case: CaseView
    columns: frozenset[str]
    decision: str | None


@dataclass(frozen=True, slots=True)
class Totals:
    """How many members are seen, and how their rules come out."""

    members: int
    outcomes: Counter[str]
    by_clause: dict[str, Counter[str]]
    by_unit: dict[str, Counter[str]]
    decision: str | None


def member_of(conn: Connection, key: str, vocabulary: Vocabulary) -> Member:
    """The member with an id, or with a key as ledgers have it.

    Raises NotFoundError where none is seen, ConflictError where several have the key.
    """
    known = members(conn, [key])
    if known:
        return known[key]
    for name in vocabulary.keys:
        form = str(vocabulary.fields[name].compared(key))
        ids = find(conn, name, [form]).get(form, [])
        seen = members(conn, ids)
        if len(seen) > 1:
            raise fail(ConflictError, "register.several", key=vocabulary.fields[name].shown(key))
        if seen:
            return next(iter(seen.values()))
    raise fail(NotFoundError, "register.none")


def looked_at(judging: Judging, conn: Connection, member: Member, lang: Lang) -> LookedCase:
    """What is said of a member today."""
    decision = conn.execute(select(CLOCKS.c.decision).where(CLOCKS.c.member == member.id)).scalar()
    case = look(judging, conn, member, lang)
    return LookedCase(case, judging.columns(conn, member.columns), decision)


def totals(conn: Connection) -> Totals:
    """How all members that are seen come out."""
    standing = MEMBERS.c.withdrawn.is_(False)
    count = conn.execute(select(func.count()).select_from(MEMBERS).where(standing)).scalar_one()
    found = Totals(count, Counter(), {}, {}, conn.execute(
        select(CLOCKS.c.decision).order_by(CLOCKS.c.version.desc()).limit(1)).scalar())
    rows = conn.execute(
        select(MEMBERS.c.unit, OUTCOMES.c.clause, OUTCOMES.c.outcome, func.count())
        .join_from(OUTCOMES, MEMBERS, OUTCOMES.c.member == MEMBERS.c.id)
        .where(standing, OUTCOMES.c.outcome.in_(_REPORTED))
        .group_by(MEMBERS.c.unit, OUTCOMES.c.clause, OUTCOMES.c.outcome))
    for unit, clause, outcome, number in rows:
        found.outcomes[outcome] += number
        found.by_clause.setdefault(clause, Counter())[outcome] += number
        found.by_unit.setdefault(unit, Counter())[outcome] += number
    return found


def warm_up(register: Register) -> None:
    """Have what judges today made before somebody waits for it: for members as there are some."""
    judging, day = register.judging, register.day()
    moments = (None, *register.policy(day).moments)
    with register.store.reading(SYSTEM) as conn:
        sets = conn.execute(select(func.min(MEMBERS.c.id)).where(
            MEMBERS.c.withdrawn.is_(False)).group_by(MEMBERS.c.columns).limit(_SETS)).scalars()
        for member in members(conn, list(sets)).values():
            for moment in moments:
                for lang in LANGS:
                    look(judging, conn, member, lang, before=moment)
