"""The register. In: events. Out: for each, the outcomes that changed.

Each open case is kept with its record and its outcomes. A case is judged again when its record
changes, when another record comes to share its key, and on the days on which the clock can make a
difference to it. A case that no day can change any more and that is in order is let go of; its
values stay, packed, in case it stirs again.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from zhuanjie.engine.auditing.wording.renderer import FindingRenderer
from zhuanjie.engine.backends.base import UNKNOWN, RecordBackend
from zhuanjie.engine.backends.record_terms import compiled
from zhuanjie.engine.backends.reference.backend import as_days
from zhuanjie.engine.backends.reference.evaluator import Evaluator
from zhuanjie.engine.core.clock import office_day
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import InputError, ZhuanjieError, fail
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import QUIET_OUTCOMES, Outcome, Verdict
from zhuanjie.engine.expr.nodes import FieldRef
from zhuanjie.engine.expr.types import RECORD_DAYS
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.lowering.clock import turning_days
from zhuanjie.engine.lowering.plan import Plan, make_plan
from zhuanjie.engine.lowering.rules import UNIQUE_ALL, UNIQUE_SURE
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.waivers.entries import read_waivers
from zhuanjie.engine.watch.cases import LiveCase, RuleStatus, due_of, merge, pack, unpack
from zhuanjie.engine.watch.events import Clock, Event, Update
from zhuanjie.engine.watch.standing_waivers import StandingWaivers

_BROKEN = (Outcome.VIOLATION, Outcome.WAIVED)


class Register:
    """All cases of a register, judged by one policy."""

    def __init__(self, policy: Policy, backend: RecordBackend, today: date | None, lang: Lang,
                 waivers: Sequence[str | Path] = (),
                 notice: Callable[[Diagnostic], None] = lambda _said: None) -> None:
        """Without `today` it is the calendar's day until the first clock event sets another.

        `waivers` are files of approvals, read once; `notice` is told what is wrong with them.
        """
        self.clocked = today is not None
        self.policy, self.backend, self.lang = policy, backend, lang
        self.waivers = StandingWaivers(read_waivers(waivers), policy, notice)
        self.mapping = HeadingMap(policy.vocabulary)
        self.cases: dict[str, LiveCase] = {}
        self.closed: dict[str, bytes] = {}
        self._written: dict[str, str] = {}
        """How the first event wrote an id that is not in the form in which ids are compared."""
        self._wakes: list[tuple[int, str]] = []
        self._sharing: dict[tuple[str, tuple[Any, ...]], dict[str, bool]] = {}
        self._folded_day: date | None = None
        self._before: dict[str, LiveCase | bytes | None] | None = None
        """How the cases were that the event at hand has changed, while one is tried."""
        self._named: str | None = None
        """The form of the id that the event at hand was the first to write."""
        self._params: Mapping[str, int] = {}
        self._set_day(today or office_day())

    def begin(self, day: date, clocked: bool) -> None:
        """Go back to the day on which a journal began."""
        self._folded_day, self.clocked = day, clocked

    def _set_day(self, day: date) -> bool:
        """Judge as of `day` from now on; returns whether a number the policy gives is another."""
        plan = make_plan(self.policy, day)
        waived = self.waivers.move(plan)
        self.plan: Plan = self.waivers.plan
        self.words = FindingRenderer(self.plan, self.lang)
        if self._params == self.plan.params:
            return waived
        self._params = self.plan.params
        terms, self._any_day = turning_days(self.plan.rules, self.policy.scope, self._params)
        self._days_of = compiled(terms, {})
        return True

    @property
    def today(self) -> date:
        """The as-of day."""
        return self.plan.as_of

    def check(self, event: Event) -> None:
        """Raise InputError for an event that cannot be acted on.

        That is a clock that runs backwards, or to a day that no ledger may hold.
        """
        if not isinstance(event, Clock):
            return
        if not RECORD_DAYS[0] <= to_day(event.day) <= RECORD_DAYS[1]:
            raise fail(InputError, "watch.clock-range", day=event.day.isoformat())
        if self.clocked and event.day < self.today:
            raise fail(InputError, "watch.clock-back", day=event.day.isoformat(),
                       today=self.today.isoformat())

    def apply(self, event: Event) -> Iterator[dict[str, Any]]:
        """Act on an event; yields a line for each outcome that changed, by record, then rule."""
        if isinstance(event, Clock):
            yield from self._move(event)
        else:
            yield from self._update(event)

    def attempt(self, event: Event) -> list[dict[str, Any]]:
        """Act on an event as `apply` does; where that fails, everything is as it was before."""
        day, clocked, self._named = self.today, self.clocked, None
        self._before, under = {}, self.waivers.under()
        try:
            return list(self.apply(event))
        except ZhuanjieError:
            self._undo(self._before)
            if self.today != day:
                self._set_day(day)
            self.clocked = clocked
            self.waivers.restore(under)
            if self._named is not None:
                del self._written[self._named]
            raise
        finally:
            self._before = None

    def _undo(self, before: dict[str, LiveCase | bytes | None]) -> None:
        """Put cases back as they were, and their places among those that share keys."""
        for record in before:
            case = self.cases.pop(record, None)
            self.closed.pop(record, None)
            for rule, place in case.keys.items() if case is not None else ():
                group = self._sharing[rule, place]
                group.pop(record, None)
                if not group:
                    del self._sharing[rule, place]
        for record, was in before.items():
            if isinstance(was, LiveCase):
                self.cases[record] = was
                self._rekey(record, was)
                if was.next_evaluation is not None:
                    heapq.heappush(self._wakes, (was.next_evaluation, record))
            elif was is not None:
                self.closed[record] = was
                self._rekey(record, LiveCase(*unpack(was, self.mapping)))

    def fold(self, event: Event) -> None:
        """Take an event in whose lines were said already, without judging."""
        if isinstance(event, Clock):
            self._folded_day = event.day
            self.clocked = self.clocked or event.told
        else:
            event = self._meant(event)
            merge(self._open(event.record), event)

    def settle(self, changes: list[list[Any]]) -> None:
        """Take in outcomes that were said already (see `changes_of`)."""
        for record, rule, outcome, since, due in changes:
            case = self._open(record)
            if outcome == Outcome.NOT_APPLICABLE:
                case.standing.pop(rule, None)
            else:
                case.standing[rule] = RuleStatus(outcome, since, due)

    def index(self) -> None:
        """After folding: set the clock, find shared keys, wake-up days and closed cases."""
        self._set_day(self._folded_day or self.today)
        for record, case in list(self.cases.items()):
            self._rekey(record, case)
            self._schedule(record, case)
        for record, case in self.cases.items() if self.waivers.bounded else ():
            if any(s.outcome in _BROKEN for s in case.standing.values()):
                typed = {self.plan.key: record, **case.values, **self._counts(case)}
                self.waivers.note(record, typed, self._verdicts(typed))

    def _meant(self, event: Update) -> Update:
        """The event with its record's id as the first event of that record wrote it."""
        form = self.plan.fields[self.plan.key].compared(event.record)
        known = self._written.get(form)
        if known is None and event.record != form:
            known = form if form in self.cases or form in self.closed else None
            if known is None:
                self._written[form] = event.record
                self._named = form
        return event if known is None else replace(event, record=known)

    def _open(self, record: str) -> LiveCase:
        if self._before is not None and record not in self._before:
            case = self.cases.get(record)
            self._before[record] = self.closed.get(record) if case is None else LiveCase(
                dict(case.values), dict(case.standing), {}, case.next_evaluation)
        if record in self.closed:
            values, standing = unpack(self.closed.pop(record), self.mapping)
            self.cases[record] = LiveCase(values, standing)
            self._rekey(record, self.cases[record])
        return self.cases.setdefault(record, LiveCase())

    def _update(self, event: Update) -> Iterator[dict[str, Any]]:
        event = self._meant(event)
        case = self._open(event.record)
        merge(case, event)
        touched = self._rekey(event.record, case)
        yield from self._judge(event.record)
        for other in sorted(touched - {event.record}):
            yield from self._judge(other)

    def _move(self, clock: Clock) -> Iterator[dict[str, Any]]:
        back = clock.day < self.today
        again = self._set_day(clock.day) or back or self.waivers.changed
        self.waivers.changed = False
        due = {*self.cases, *self.closed} if again else set()
        self.clocked = self.clocked or clock.told
        while self._wakes and self._wakes[0][0] <= self.plan.today:
            at, record = heapq.heappop(self._wakes)
            case = self.cases.get(record)
            if case is not None and case.next_evaluation == at:
                due.add(record)
        shared = {r for record in due for r in self._rekey(record, self._open(record))}
        for record in sorted(due | shared):
            yield from self._judge(record)

    def _judge(self, record: str) -> Iterator[dict[str, Any]]:
        """Judge one case; yields what changed."""
        case = self._open(record)
        typed = {self.plan.key: record, **case.values, **self._counts(case)}
        verdicts = self._verdicts(typed)
        others = self.waivers.note(record, typed, verdicts)
        came = {self.plan.rules[v.rule].id: self.waivers.marked(v, typed) for v in verdicts}
        for rule in self.plan.rules:
            verdict = came.get(rule.id)
            outcome = verdict.outcome if verdict else Outcome.NOT_APPLICABLE
            before = case.standing.get(rule.id)
            was = before.outcome if before else str(Outcome.NOT_APPLICABLE)
            if was == outcome:
                if verdict and before and due_of(verdict) != before.due:
                    case.standing[rule.id] = RuleStatus(was, before.since, due_of(verdict))
                continue
            if outcome is Outcome.NOT_APPLICABLE:
                case.standing.pop(rule.id, None)
            elif verdict:
                case.standing[rule.id] = RuleStatus(str(outcome), self.today.isoformat(),
                                                  due_of(verdict))
            yield self._line(record, rule.id, rule.clause, was, verdict, typed, before)
        self._schedule(record, case)
        for other in others:
            yield from self._judge(other)

    def _verdicts(self, typed: dict[str, Any]) -> list[Verdict]:
        return self.backend.judge_record(self.plan, typed, True) if self._inside(typed) else []

    def _line(self, record: str, rule: str, clause: str, was: str, verdict: Verdict | None,
              typed: dict[str, Any], before: RuleStatus | None) -> dict[str, Any]:
        line: dict[str, Any] = {
            "record": record, "rule": rule, "clause": clause, "was": was,
            "is": str(Outcome.NOT_APPLICABLE), "since": self.today.isoformat(), "due": None,
            "was_since": before.since if before else None, "missing": [], "message": ""}
        if verdict is not None:
            waiver = None if verdict.waiver is None else self.plan.waivers.said[verdict.waiver]
            finding = self.words.finding(verdict, typed, Location(), waiver)
            line |= {"clause": finding.clause, "is": str(finding.outcome), "due": due_of(verdict),
                     "missing": list(finding.missing), "message": finding.message}
            if waiver is not None:
                line["waiver"] = waiver.id
        return line

    def _rekey(self, record: str, case: LiveCase) -> set[str]:
        """Note the keys a case takes part with; returns who shares an old or a new one."""
        touched: set[str] = set()
        inside = self._inside({self.plan.key: record, **case.values})
        for rule in self.plan.unique:
            assert isinstance(rule.key, FieldRef)
            names = [
                rule.key.name,
                *([rule.within.name] if isinstance(rule.within, FieldRef) else []),
            ]
            held: Any = True
            if rule.when is not None:
                held = (
                    self._evaluator({self.plan.key: record, **case.values}).trace(rule.when).value
                )
            key = tuple(self.plan.fields[n].compared(case.values.get(n)) for n in names)
            takes_part = inside and held is not False and key[0] is not None
            old = case.keys.pop(rule.id, None)
            for place in {k for k in (old, key) if k is not None}:
                group = self._sharing.setdefault((rule.id, place), {})
                group.pop(record, None)
                if takes_part and place == key:
                    group[record] = held is not UNKNOWN
                    case.keys[rule.id] = key
                touched |= set(group)
                if not group:
                    del self._sharing[rule.id, place]
        return touched

    def _inside(self, values: dict[str, Any]) -> bool:
        """Whether the policy's scope does not leave the record out."""
        scope = self.policy.scope
        return scope is None or self._evaluator(values).trace(scope).value is not False

    def _evaluator(self, values: dict[str, Any]) -> Evaluator:
        return Evaluator(as_days(values), self.plan.today, self.plan.params)

    def _counts(self, case: LiveCase) -> dict[str, int]:
        out = {}
        for rule in self.plan.unique:
            key = case.keys.get(rule.id)
            group = self._sharing.get((rule.id, key), {}) if key is not None else {}
            out[UNIQUE_SURE.format(rule=rule.id)] = sum(group.values())
            out[UNIQUE_ALL.format(rule=rule.id)] = max(1, len(group))
        return out

    def _schedule(self, record: str, case: LiveCase) -> None:
        """The next day on which the clock may change the case; none, and in order: let it go."""
        days = {d for d in self._days_of(case.values) if d is not None}
        ahead = [d for day in days for d in (day, day + 1) if d > self.plan.today]
        if self._any_day:
            ahead.append(self.plan.today + 1)
        before, case.next_evaluation = case.next_evaluation, min(ahead, default=None)
        if case.next_evaluation is not None:
            if case.next_evaluation != before:
                heapq.heappush(self._wakes, (case.next_evaluation, record))
        elif all(s.outcome in QUIET_OUTCOMES for s in case.standing.values()):
            self.closed[record] = pack(self.cases.pop(record), self.plan.key)
