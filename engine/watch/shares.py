"""What the shares of a register come to. In: records as they change. Out: groups that turn.

Of each record is kept what the rules on shares read, of each group how many records are how: a
change touches one group, and the clock all of them. A line is said where a group comes out
otherwise, not where its figures alone are others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from msgspec.structs import replace

from zhuanjie.engine.auditing.grouping import group_text
from zhuanjie.engine.auditing.record_waivers import RecordWaivers
from zhuanjie.engine.auditing.shares import fields_of, lowered_shares, reads_of, value_of
from zhuanjie.engine.auditing.stages.shares import plan_of_shares
from zhuanjie.engine.auditing.wording.renderer import FindingRenderer
from zhuanjie.engine.backends.record_terms import compiled
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import Outcome, Verdict
from zhuanjie.engine.core.shares import ShareFigures
from zhuanjie.engine.expr.nodes import FieldRef
from zhuanjie.engine.ledger.value_codec import ValueCodec
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.shares import CELLS, LoweredShare
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.watch.cases import LiveCase, RuleStatus, status, unpack

_ABSENT = str(Outcome.NOT_APPLICABLE)
Group = tuple[int, str | None]
"""A rule, by its place, and the value of a group as it is compared."""


class _Counts:
    """How the records of a group are."""

    __slots__ = ("cells", "missing", "shown")

    def __init__(self) -> None:
        self.cells: Counter[str] = Counter()
        self.missing: Counter[str] = Counter()
        self.shown: Counter[str] = Counter()

    def add(self, cell: str, missing: Iterable[str], shown: str | None, by: int) -> None:
        self.cells[cell] += by
        for name in missing:
            self.missing[name] += by
        if shown is not None:
            self.shown[shown] += by


class _ShareRule:
    """A rule: how it looks at a record on a day."""

    def __init__(self, rule: TypedRule, lowered: LoweredShare, plan: Plan) -> None:
        self.id, self.clause, self.at_least = rule.id, rule.clause, lowered.at_least
        self.by = plan.fields[rule.within.name] if isinstance(rule.within, FieldRef) else None
        self._missing = [name for name, _ in lowered.missing if name in fields_of(rule)]
        self._look = compiled((*lowered.cells, *(
            cond for name, cond in lowered.missing if name in self._missing)), {})

    def place(self, record: Mapping[str, Any]) -> tuple[str | None, str | None, str,
                                                        tuple[str, ...]] | None:
        """The group that a record counts in, compared and shown, how, and what leaves it open."""
        came = self._look(record)
        cell = next((c for c, holds in zip(CELLS, came, strict=False) if holds), None)
        if cell is None:
            return None
        missing = tuple(n for n, holds in zip(self._missing, came[len(CELLS):], strict=True)
                        if holds)
        shown = None if self.by is None else group_text(record.get(self.by.name), self.by)
        return self.form(shown), shown, cell, missing

    def form(self, shown: str | None) -> str | None:
        """A group's value as it is compared."""
        if shown is None or self.by is None or self.by.type != "string":
            return shown
        return str(self.by.compared(shown))


class ShareBook:
    """The shares of all cases of a register."""

    def __init__(self, lang: Lang) -> None:
        self._lang: Lang = lang
        self._rules: list[_ShareRule] = []
        self._reads: tuple[str, ...] = ()
        self._values: dict[str, dict[str, Any]] = {}
        self._placed: dict[tuple[int, str], Any] = {}
        self._groups: dict[Group, _Counts] = {}
        self._standing: dict[tuple[str, str | None], RuleStatus] = {}
        self._outside: Callable[[dict[str, Any]], bool] = lambda _values: False

    def judge_by(self, plan: Plan, outside: Callable[[dict[str, Any]], bool]) -> None:
        """Judge as of another day from now on; `outside` tells who is beyond the scope."""
        self._outside = outside
        self._rules = [_ShareRule(rule, lowered, plan) for rule, lowered in zip(
            plan.shares, lowered_shares(plan), strict=True)]
        self._reads = tuple(sorted(reads_of(plan) | {plan.key}))
        self._fields = plan.fields
        self._plan = plan_of_shares(plan)
        self._words = FindingRenderer(self._plan, self._lang)

    def note_all(self, cases: Mapping[str, LiveCase], closed: Mapping[str, bytes],
                 codec: ValueCodec) -> None:
        """Take in every case, when a journal was taken up."""
        for record, case in chain(cases.items(), (
                (name, unpack(held, codec)) for name, held in closed.items())):
            self.note(record, {self._plan.key: record, **case.values})

    def note(self, record: str, values: Mapping[str, Any]) -> set[Group]:
        """Take in a record's values; returns the groups that are touched."""
        self._values[record] = {n: values[n] for n in self._reads if n in values}
        return self._place(record)

    def update(self, record: str, values: Mapping[str, Any], since: str,
               ) -> Iterator[dict[str, Any]]:
        """Take in a record's values; yields a line for each group that comes out otherwise."""
        touched = self.note(record, values)
        yield from self._turned(self._groups if self._plan.waivers else touched, since)

    def again(self, since: str) -> Iterator[dict[str, Any]]:
        """Look at every record again, on another day or under other waivers."""
        touched = {group for record in self._values for group in self._place(record)}
        yield from self._turned(touched | self._groups.keys(), since)

    def _place(self, record: str) -> set[Group]:
        values, touched = self._values[record], set[Group]()
        inside = not self._outside(values)
        for at, rule in enumerate(self._rules):
            old = self._placed.pop((at, record), None)
            new = rule.place(values) if inside else None
            if new is not None:
                self._placed[at, record] = new
            for place, by in ((old, -1), (new, 1)):
                if place is not None:
                    form, shown, cell, missing = place
                    counts = self._groups.setdefault((at, form), _Counts())
                    counts.add(cell, missing, shown, by)
                    touched.add((at, form))
        return touched

    def _turned(self, touched: Iterable[Group], since: str) -> Iterator[dict[str, Any]]:
        came = {group: self._verdict(*group) for group in touched}
        beyond = self._beyond(came)
        for (at, form), (figures, judged) in sorted(
                came.items(), key=lambda one: (one[0][0], one[0][1] is None, one[0][1] or "")):
            rule = self._rules[at]
            verdict = self._waived(judged, figures, beyond)
            before = self._standing.get((rule.id, form))
            was, now = before.outcome if before else _ABSENT, str(verdict.outcome)
            if was == now:
                continue
            self._settle(rule.id, form, now, since)
            value = {} if rule.by is None or figures.group is None else {
                rule.by.name: value_of(figures.group, rule.by)}
            waiver = None if verdict.waiver is None else self._plan.waivers.said[verdict.waiver]
            said = self._words.finding(verdict, value, Location(), waiver, figures)
            yield {"record": None, "rule": rule.id, "clause": rule.clause, "was": was, "is": now,
                   "since": since, "due": None, "was_since": before.since if before else None,
                   "missing": verdict.missing, "message": said.message,
                   "share": figures.plain(), **({"waiver": waiver.id} if waiver else {})}

    def _verdict(self, at: int, form: str | None) -> tuple[ShareFigures, Verdict]:
        rule, counts = self._rules[at], self._groups.get((at, form)) or _Counts()
        shown = min((text for text, n in counts.shown.items() if n), default=None)
        figures = ShareFigures(
            met=counts.cells["met"], failed=counts.cells["failed"], open=counts.cells["open"],
            perhaps_met=counts.cells["perhaps_met"],
            perhaps_failed=counts.cells["perhaps_failed"],
            perhaps_open=counts.cells["perhaps_open"], at_least=rule.at_least,
            by=None if rule.by is None else rule.by.name, group=shown if shown else form)
        outcome = Outcome(figures.standing)
        missing = [n for n, times in counts.missing.items() if times]
        return figures, Verdict(0, at, outcome, missing=self._fields.sort(missing)
                                if outcome is Outcome.UNDETERMINED else ())

    def _beyond(self, came: Mapping[Group, tuple[ShareFigures, Verdict]]) -> frozenset[str]:
        """The waivers that would cover more groups than they may."""
        waivers = self._plan.waivers.waivers
        times = Counter(at for figures, verdict in came.values() if waivers
                        for at in self._matching(figures).matching(verdict, self._known(figures)))
        return frozenset(waivers[at].entry.id for at, n in times.items()
                         if n > (waivers[at].entry.at_most or n))

    def _waived(self, verdict: Verdict, figures: ShareFigures, beyond: frozenset[str]) -> Verdict:
        if not self._plan.waivers or verdict.outcome is not Outcome.VIOLATION:
            return verdict
        return self._matching(figures).marked(verdict, self._known(figures), beyond)

    def _matching(self, figures: ShareFigures) -> RecordWaivers:
        unknown = frozenset(f.name for f in self._fields) - {figures.by}
        return RecordWaivers(replace(self._plan, absent=unknown))

    def _known(self, figures: ShareFigures) -> dict[str, Any]:
        if figures.by is None or figures.group is None:
            return {}
        return {figures.by: value_of(figures.group, self._fields[figures.by])}

    def settle(self, rule: str, outcome: str, since: str, group: str | None) -> None:
        """Take in an outcome that was said already."""
        known = next((r for r in self._rules if r.id == rule), None)
        self._settle(rule, group if known is None else known.form(group), outcome, since)

    def _settle(self, rule: str, form: str | None, outcome: str, since: str) -> None:
        if outcome == _ABSENT:
            self._standing.pop((rule, form), None)
        else:
            self._standing[rule, form] = status(outcome, since, None)

    def standing(self) -> list[list[Any]]:
        """How the groups stand, as JSON has it."""
        return [[rule, form, s.outcome, s.since] for (rule, form), s in self._standing.items()]

    def restore(self, standing: Iterable[list[Any]]) -> None:
        """Take in what `standing` gave."""
        for rule, form, outcome, since in standing:
            self._settle(rule, form, outcome, since)
