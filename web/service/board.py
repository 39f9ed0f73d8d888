"""How an office stands, on a day, beside another, over time. In: who looks, at what. Out: figures.

Today's figures are kept up with every change; those of a past day are there once it was worked out
(`work_out`, which takes as long as an audit). Whoever looks sees the units that they see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Final

from sqlalchemy import ColumnElement, Connection, select

from zhuanjie.engine.api import Lang, Policy, UsageError, fail, office_zone
from zhuanjie.web.access.units import UnitTree, unit_tree
from zhuanjie.web.figures.counted import (
    MEMBER,
    NOT_JUDGED,
    STATE,
    STEPS,
    Tally,
    holding,
    mark,
    together,
)
from zhuanjie.web.figures.keep import current, summed
from zhuanjie.web.figures.past import PastDay, PastFigures, keep, past, past_sums, trend
from zhuanjie.web.figures.tables import PAST_STANDINGS
from zhuanjie.web.judging.decisions import decision_draft
from zhuanjie.web.judging.past import day_end
from zhuanjie.web.operations.upkeep import clause_titles
from zhuanjie.web.service.jobs import Job, JobRunner
from zhuanjie.web.service.listing import StandingQuery
from zhuanjie.web.service.register import Register
from zhuanjie.web.settings.reading import closing_days
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import Actor
from zhuanjie.web.store.tables import EVENTS, MEMBERS

DAY_JOB: Final = "board-day"
"""The kind of job that works a past day out."""
POINTS: Final = 12
"""How many closing days a trend goes back."""


BY_UNIT: Final = (MEMBER, STATE, STEPS)
"""The figures that are shown of each unit; the others are of all of them together."""


@dataclass(frozen=True, slots=True)
class BoardDay:
    """The sums of a day: of each unit, and all sums of several, as `sums` reads them.

    `past` is None today.
    """

    day: date
    tallies: Mapping[str, Tally]
    sums: Callable[[Sequence[str]], Tally]
    past: PastDay | None = None


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A unit, with those below it unless `alone`; `before` is how it stood on the other day."""

    unit: str
    title: str
    units: tuple[str, ...]
    alone: bool
    tally: Tally
    before: Tally | None
    opens: bool
    """Whether there are units below it to look at."""


@dataclass(frozen=True, slots=True)
class Board:
    """A unit's figures on a day: the sums of all below it, and of each part of it."""

    at: BoardDay
    unit: str
    title: str
    path: tuple[tuple[str, str], ...]
    """The units above it that are seen, from the top, by id and title."""
    units: tuple[str, ...]
    whole: Tally
    before: Tally | None
    rows: tuple[BoardRow, ...]


@dataclass(frozen=True, slots=True)
class BoardView:
    """A board that somebody looks at, or the days that are still to be worked out."""

    unit: str
    day: date
    missing: tuple[date, ...]
    of: Board | None = None


def look(register: Register, conn: Connection, actor: Actor, unit: str, day: date | None,
         against: date | None = None) -> BoardView:
    """The board that is asked for; raises NotFoundError, UsageError."""
    tops = tops_of(register, conn, actor)
    at_unit, at_day = unit or next(iter(tops), ""), day or register.day()
    found: list[BoardDay] = []
    missing = []
    for each in [at_day] if against is None else [at_day, against]:
        figures = day_figures(register, conn, each)
        if figures is None:
            missing.append(each)
        else:
            found.append(figures)
    if missing:
        return BoardView(at_unit, at_day, tuple(missing))
    return BoardView(at_unit, at_day, (), board(
        conn, found[0], at_unit, tops, found[1] if against is not None else None))


def day_figures(register: Register, conn: Connection, day: date) -> BoardDay | None:
    """The sums of a day that are there; None for a past one that was not worked out.

    Raises UsageError for a day that has not come.
    """
    today = register.day()
    if day > today:
        raise fail(UsageError, "register.board.future", day=day.isoformat())
    if day == today:
        return BoardDay(day, current(conn, BY_UNIT), partial(summed, conn))
    with register.database.reading() as whole:  # what decides how it comes out is of all units
        known = register.past.known(whole, day)
    return None if known is None else BoardDay(
        day, past(conn, day, BY_UNIT), partial(past_sums, conn, day), known)


def board(conn: Connection, at: BoardDay, unit: str, tops: Sequence[str],
          beside: BoardDay | None = None) -> Board:
    """The figures of a unit. `tops` are the units that whoever looks is over.

    Raises NotFoundError for a unit that they do not see.
    """
    tree = unit_tree(conn)
    if unit not in tree.units or not any(tree.is_below(unit, top) for top in tops):
        raise fail(NotFoundError, "register.access.no-unit", id=unit)
    below = tuple(tree.below(unit))
    children = [each for each in tree.below(unit)[1:] if tree.units[each].parent == unit]
    rows = [_row(tree, each, tuple(tree.below(each)), at, beside) for each in children]
    own = _row(tree, unit, (unit,), at, beside, alone=True)
    if children and (own.tally.members or (own.before and own.before.members)):
        rows.insert(0, own)
    path, above = [], tree.units[unit].parent
    while above is not None and any(tree.is_below(above, top) for top in tops):
        path.append((above, tree.units[above].title))
        above = tree.units[above].parent
    return Board(at, unit, tree.units[unit].title, tuple(reversed(path)), below,
                 at.sums(below), None if beside is None else beside.sums(below), tuple(rows))


def _row(tree: UnitTree, unit: str, units: tuple[str, ...], at: BoardDay,
         beside: BoardDay | None, *, alone: bool = False) -> BoardRow:
    return BoardRow(unit, tree.units[unit].title, units, alone, _sum(at, units),
                    None if beside is None else _sum(beside, units),
                    not alone and len(units) > 1)


def _sum(at: BoardDay, units: Iterable[str]) -> Tally:
    return together(at.tallies[unit] for unit in units if unit in at.tallies)


def tops_of(register: Register, conn: Connection, actor: Actor) -> list[str]:
    """The units that somebody is over: whose figures are theirs to see, with all below."""
    tree = unit_tree(conn)
    if actor.unit is not None:
        return [actor.unit] if actor.unit in tree.units else []
    return [tree.root] if tree.root is not None else []


def clause_words(policy: Policy, lang: Lang) -> dict[str, str]:
    """What each clause is about: its first rule's title, else its words."""
    said = {clause: str(getattr(each.text, lang)) for clause, each in policy.clauses.items()}
    return said | clause_titles(policy, lang)


def closing(conn: Connection, day: date, count: int = POINTS) -> list[date]:
    """The office's last closing days before a day, the earliest first; the ends of months where it
    has set none."""
    days = closing_days(conn).upto(day, count) or month_ends(day, count)
    first = conn.execute(select(EVENTS.c.at).order_by(EVENTS.c.seq).limit(1)).scalar()
    return [each for each in days if first is not None and day_end(each, office_zone()) > first]


def month_ends(day: date, count: int = POINTS) -> list[date]:
    """The last `count` days of months that are no later than a day, the earliest first."""
    found, at = list[date](), day + timedelta(1)
    while len(found) < count:
        at = at.replace(day=1)
        found.append(at - timedelta(1))
        at = found[-1]
    return sorted(found)


def course(conn: Connection, of: Board, days: Sequence[date]) -> list[tuple[date, Tally | None]]:
    """How a unit stood on days before, None where it was not worked out, and on its own day."""
    before = [day for day in days if day < of.at.day]
    known = trend(conn, before, of.units)
    return [*((day, known.get(day)) for day in before), (of.at.day, of.whole)]


def work_out(register: Register, actor: Actor, day: date,
             progress: Callable[[int, int | None], None] = lambda _done, _whole: None) -> PastDay:
    """Work a past day out and keep it; the trail keeps that it was judged.

    Raises UsageError for a day that is not past.
    """
    if day >= register.day():
        raise fail(UsageError, "register.board.not-past", day=day.isoformat())
    figures: PastFigures = register.past
    with register.database.reading() as conn:
        known = figures.known(conn, day)
        if known is not None:
            return known
        worked = figures.audited(conn, day, progress)
    report = worked.report
    with register.store.change(actor) as work:
        decision = ""
        if report is not None:
            judge = register.judging.law.judge(work.conn, day, upto=worked.upto)
            decision = work.record(decision_draft(
                judge, report.ledger.sha256, (f.outcome for f in report.findings),
                records=report.ledger.records, why=("board",))).id
        with work.everything():
            keep(work.conn, worked, decision=decision, at=work.at)
    return PastDay(day, worked.upto, report.policy.sha256 if report is not None else "", decision)


def ask_past_day(register: Register, jobs: JobRunner, actor: Actor, day: date, lang: Lang) -> Job:
    """Have a job work a past day out; raises UsageError for a day that is not past."""
    if day >= register.day():
        raise fail(UsageError, "register.board.not-past", day=day.isoformat())
    return jobs.submit(DAY_JOB, actor, {
        "as_of": day.isoformat(), "today": register.day().isoformat(), "lang": lang})


@dataclass(frozen=True, slots=True)
class PastQuery:
    """Which members are asked for, of a past day; all that is given holds."""

    day: date
    units: Sequence[str]
    stands: StandingQuery = field(default_factory=StandingQuery)
    clause: str | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class PastRow:
    """A member as it stood; `seen` is whether it is still of a unit that is seen."""

    member: str
    unit: str
    state: str
    late_since: str | None
    marks: tuple[str, ...]
    record: bytes | None
    withdrawn: bool

    @property
    def seen(self) -> bool:
        """Whether the member is still one that is seen."""
        return self.record is not None


def past_members(conn: Connection, asked: PastQuery, *, after: str | None = None,
                 limit: int = 50) -> tuple[list[PastRow], str | None]:
    """At most `limit` members after one, as they stood on a day, and after whom it goes on."""
    table = PAST_STANDINGS.c
    where: list[ColumnElement[bool]] = [
        table.day == asked.day.isoformat(), table.unit.in_(list(asked.units))]
    if after is not None:
        where.append(table.subject > after)
    stands = asked.stands
    if stands.states:
        where.append(table.state.in_(list(stands.states)))
    if asked.clause is not None and asked.outcome is not None:
        where.append(holding(table.marks, mark(asked.outcome, asked.clause)))
    if stands.dark is not None:
        where.append(holding(table.marks, mark(NOT_JUDGED, stands.dark)))
    if stands.came_to is not None:
        where.append(holding(table.steps, stands.came_to))
    if stands.not_to is not None:
        where.append(~holding(table.steps, stands.not_to))
    if stands.overdue is not None:
        first, last = stands.overdue
        where += [table.late_since >= first] if first is not None else []
        where += [table.late_since <= last] if last is not None else []
    found = conn.execute(
        select(PAST_STANDINGS, MEMBERS.c.record, MEMBERS.c.withdrawn)
        .outerjoin_from(PAST_STANDINGS, MEMBERS, MEMBERS.c.id == table.subject)
        .where(*where).order_by(table.subject).limit(limit + 1)).all()
    rows = [PastRow(row.subject, row.unit, row.state, row.late_since,
                    tuple(row.marks.strip("\n").split("\n\n")) if row.marks else (), row.record,
                    bool(row.withdrawn)) for row in found[:limit]]
    return rows, rows[-1].member if len(found) > limit else None
