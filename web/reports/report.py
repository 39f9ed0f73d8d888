"""The monthly report: a unit's figures on a day, to be kept. In: a board. Out: tables of words.

It bears a checkpoint, so that what was on record can be proved later; of people it has only counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from zhuanjie.engine.api import Lang, Text, say
from zhuanjie.web.figures.counted import AGES, STATES, Tally, share
from zhuanjie.web.reports.words import BOARD, board_words, filled
from zhuanjie.web.service.board import (
    Board,
    BoardView,
    clause_words,
    closing,
    course,
    look,
)
from zhuanjie.web.service.figure import AskedFigure
from zhuanjie.web.service.register import Register
from zhuanjie.web.service.waivers_on import STATES as WAIVER_STATES
from zhuanjie.web.service.waivers_on import WaiverOnDay, waivers_on
from zhuanjie.web.store.event import Actor

SIGNED: Final = ("made", "checked", "approved")
_OUTCOMES: Final = ("violation", "undetermined", "pending", "waived")


@dataclass(frozen=True, slots=True)
class Figure:
    """A count of members, and whom it counts: of a unit, on a day."""

    count: int
    unit: str
    day: date
    asked: AskedFigure = field(default_factory=AskedFigure)
    alone: bool = False


Cell = str | int | Figure


def number_of(cell: Cell) -> str | int:
    """A cell as files have it."""
    return cell.count if isinstance(cell, Figure) else cell


@dataclass(frozen=True, slots=True)
class ReportTable:
    """One table: how it is called, its headings, its rows."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class BoardReport:
    """A report in words: what it is of, by what, and its tables."""

    title: str
    about: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[ReportTable]
    note: str | None
    """The signed checkpoint, whole."""


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report, or what is to be worked out before there can be one."""

    seen: BoardView
    report: BoardReport | None


def plain(report: BoardReport) -> dict[str, Any]:
    """A report as plain data, as programs have it."""
    return {"title": report.title, "about": report.about, "facts": list(report.facts),
            "note": report.note, "tables": [
                {"title": table.title, "headings": list(table.headings),
                 "rows": [list(map(number_of, row)) for row in table.rows]}
                for table in report.tables]}


def board_says(key: str, lang: Lang, **values: Any) -> str:
    """The words of the board for `key`."""
    return filled(board_words(lang)[f"{BOARD}.{key}"], values)


def monthly(register: Register, actor: Actor, unit: str, day: date | None,
            lang: Lang) -> WrittenReport:
    """The report on a unit as somebody sees it; raises NotFoundError, UsageError."""
    # Signed first: what the report then says is no older than its checkpoint.
    kept = register.trail.checkpoint(register.store) if register.trail.signer is not None else None
    with register.store.reading(actor) as conn:
        seen = look(register, conn, actor, unit, day)
        if seen.of is None:
            return WrittenReport(seen, None)
        of = seen.of
        points = course(conn, of, closing(conn, seen.day))
        waivers = waivers_on(conn, seen.day, of.units, of.at.past.upto if of.at.past else None)
    policy = register.policy(seen.day)
    facts = [
        (board_says("report_policy", lang), f"{getattr(policy.title, lang)} ({policy.id} "
                                            f"{policy.version})"),
        (board_says("report_version", lang), policy.ref.sha256)]
    if of.at.past is not None:
        facts.append((board_says("report_made", lang), str(of.at.past.upto)))
    elif kept is not None:
        facts.append((board_says("report_made", lang), str(kept.checkpoint.size)))
    steps = {name: each.words for name, each in register.acts.desk.acts.steps.items()}
    writer = ReportWriter(of, lang, steps, clause_words(policy, lang))
    note = kept.note if kept is not None else None
    return WrittenReport(seen, writer.report(points, waivers, facts, note))


class ReportWriter:
    """Puts a board into the words of a report."""

    def __init__(self, of: Board, lang: Lang, steps: Mapping[str, Text],
                 titles: Mapping[str, str]) -> None:
        self._of, self._lang, self._steps, self._titles = of, lang, steps, titles
        self._last = next(reversed(list(steps)), None)

    def report(self, points: Sequence[tuple[date, Tally | None]], waivers: Sequence[WaiverOnDay],
               facts: Sequence[tuple[str, str]], note: str | None) -> BoardReport:
        """The whole of it."""
        of = self._of
        return BoardReport(
            self._t("report_title"),
            self._t("report_of", unit=of.title, day=of.at.day.isoformat()), facts,
            [self._units(), self._clauses(), self._ages(), self._trend(points), self._dark(),
             self._waivers(waivers)], note)

    def _t(self, key: str, **values: Any) -> str:
        return board_says(key, self._lang, **values)

    def _heads(self, first: str) -> list[str]:
        done = (self._t("completed"),) if self._last is not None else ()
        return [first, self._t("members"), *(str(getattr(s, self._lang))
                                             for s in self._steps.values()), *done,
                *(self._t(f"state_{state}") for state in STATES)]

    def _line(self, first: str, tally: Tally, unit: str, day: date, *,
              alone: bool = False) -> list[Cell]:
        def figure(count: int, **asked: str) -> Figure:
            return Figure(count, unit, day, AskedFigure(**asked), alone)

        done = (self._percent(tally),) if self._last is not None else ()
        return [first, figure(tally.members),
                *(figure(tally.came_to(step), step=step) for step in self._steps), *done,
                *(figure(count, state=state) for state, count in tally.states.items())]

    def _here(self, count: int, **asked: str) -> Figure:
        return Figure(count, self._of.unit, self._of.at.day, AskedFigure(**asked))

    def _percent(self, tally: Tally) -> str:
        part = None if self._last is None else share(tally.came_to(self._last), tally.members)
        return "–" if part is None else f"{part:.1f}%"

    def _units(self) -> ReportTable:
        of = self._of
        rows = [self._line(row.title + (self._t("alone") if row.alone else ""), row.tally,
                           row.unit, of.at.day, alone=row.alone) for row in of.rows]
        return ReportTable(self._t("by_unit"), self._heads(self._t("unit")), [
            *rows, self._line(self._t("all"), of.whole, of.unit, of.at.day)])

    def _clauses(self) -> ReportTable:
        heads = [self._t("clause"), self._t("about"), *(
            say(f"output.outcome.{outcome}", self._lang) for outcome in _OUTCOMES)]
        return ReportTable(self._t("by_clause"), heads, [
            [clause, self._titles.get(clause, ""),
             *(self._here(said.get(outcome, (0, 0))[0], clause=clause, outcome=outcome)
               for outcome in _OUTCOMES)]
            for clause, said in sorted(self._of.whole.clauses().items())])

    def _ages(self) -> ReportTable:
        ages = self._of.whole.ages(self._of.at.day)
        return ReportTable(self._t("by_age"), [self._t("by_age"), self._t("members")], [
            [self._t(f"age_{age.id.replace('-', '_')}"), self._here(ages[age.id], age=age.id)]
            for age in AGES])

    def _trend(self, points: Sequence[tuple[date, Tally | None]]) -> ReportTable:
        heads = self._heads(self._t("closing"))
        return ReportTable(self._t("trend"), heads, [
            self._line(day.isoformat(), tally, self._of.unit, day)
            for day, tally in points if tally is not None])

    def _dark(self) -> ReportTable:
        return ReportTable(self._t("dark"), [
            self._t("clause"), self._t("about"), self._t("members"), self._t("rules")], [
            [clause, self._titles.get(clause, ""), self._here(members, dark=clause), rules]
            for clause, (members, rules) in sorted(self._of.whole.dark().items())])

    def _waivers(self, waivers: Sequence[WaiverOnDay]) -> ReportTable:
        rows: list[list[Cell]] = [
            [self._t(f"waiver_{state}"), sum(each.state == state for each in waivers)]
            for state in WAIVER_STATES]
        rows.append([self._t("waiver_soon"), sum(each.is_soon for each in waivers)])
        return ReportTable(self._t("waivers"), [self._t("waiver_state"), self._t("waivers")], rows)
