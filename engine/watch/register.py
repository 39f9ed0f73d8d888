"""The register. In: events. Out: for each, the outcomes that changed.

Each open case is kept with its record and its outcomes. A case is judged again when its record
changes, by the rules that read what changed; when another record comes to share its key; and on the
days on which the clock can make a difference to it. A case that no day can change any more and that
is in order is let go of; its values stay, packed, in case it stirs again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.backends.base import RecordBackend
from zhuanjie.engine.backends.record_terms import compiled
from zhuanjie.engine.core.clock import office_day
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import InputError, ZhuanjieError, fail
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import QUIET_OUTCOMES, Outcome, Verdict
from zhuanjie.engine.expr.types import RECORD_DAYS
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.value_codec import ValueCodec
from zhuanjie.engine.lowering.plan import Plan, make_plan
from zhuanjie.engine.lowering.walk import columns_of
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.waivers.entries import read_waivers
from zhuanjie.engine.watch.calendar import WakeCalendar
from zhuanjie.engine.watch.cases import LiveCase, due_of, merge, pack, status, unpack
from zhuanjie.engine.watch.codec import dumps
from zhuanjie.engine.watch.derived import Derived
from zhuanjie.engine.watch.events import Clock, Event, EventReader, Update
from zhuanjie.engine.watch.lines import LineWriter
from zhuanjie.engine.watch.rule_index import Places, RuleIndex
from zhuanjie.engine.watch.sharing import SharedKeys
from zhuanjie.engine.watch.standing_waivers import StandingWaivers

if TYPE_CHECKING:
    from zhuanjie.engine.watch.shares import ShareBook

_BROKEN = (Outcome.VIOLATION, Outcome.WAIVED)
_NOTHING = frozenset[str]()


class WatchRegister:
    """All cases of a register, judged by one policy."""

    plan: Plan
    """The plan of the day, with the waivers that hold on it."""

    def __init__(self, policy: Policy, backend: RecordBackend, today: date | None, lang: Lang,
                 waivers: Sequence[str | Path] = (),
                 notice: Callable[[Diagnostic], None] = lambda _said: None) -> None:
        """Without `today` it is the calendar's day until the first clock event sets another.

        `waivers` are files of approvals; `notice` is told what is wrong with them.
        """
        self.clocked = today is not None
        self.policy, self.backend, self.lang = policy, backend, lang
        self.waivers = StandingWaivers(read_waivers(waivers), policy, notice)
        self.mapping = HeadingMap(policy.vocabulary)
        self.read = EventReader(self.mapping)
        self.codec = ValueCodec(policy.vocabulary.fields)
        self.cases: dict[str, LiveCase] = {}
        self.closed: dict[str, bytes] = {}
        self.written: dict[str, str] = {}
        """How the first event wrote an id that is not in the form in which ids are compared."""
        self.sharing = SharedKeys()
        self.shares: ShareBook | None = None
        self._wakes = WakeCalendar()
        self.derived = Derived()
        self._before: dict[str, LiveCase | bytes | None] | None = None
        """How the cases were that the event at hand has changed, while one is tried."""
        self._named: str | None = None
        """The form of the id that the event at hand was the first to write."""
        self._index: RuleIndex | None = None
        self._set_day(today or office_day())

    def begin(self, day: date, clocked: bool) -> None:
        """Go back to the day on which a journal began."""
        self.derived.begin(day)
        self.clocked = clocked

    def _set_day(self, day: date) -> bool:
        """Judge as of `day` from now on; returns whether every case may come out otherwise.

        It may where other waivers hold on the day, or a number the policy gives is another.
        """
        plan = make_plan(self.policy, day)
        waived = self.waivers.move(plan)
        other = self._index is None or self.plan.params != plan.params
        self.plan = plan = self.waivers.plan
        self._lines = LineWriter(plan, self.lang)
        self._since = day.isoformat()
        self._ids = [rule.id for rule in plan.rules]
        if self._index is None or other:
            self._index = RuleIndex(plan)
            self._days_of = compiled(self._index.terms, {})
            self._days_read = frozenset(columns_of(self._index.terms))
        self._rules = self._index
        self._rules.judge_by(plan)
        self.sharing.judge_by(plan)
        scope = self.policy.scope
        self._beyond = (None if scope is None
                        else compiled((plan.kleene.must_be_false(scope),), {}))
        if plan.shares:
            from zhuanjie.engine.watch.shares import ShareBook  # late: it needs Polars

            self.shares = self.shares or ShareBook(self.lang)
            self.shares.judge_by(plan, lambda values: not self._inside(values))
        return waived or other

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

    def apply(self, event: Event) -> list[bytes]:
        """Act on an event; returns a line for each outcome that changed, by record, then rule."""
        said: list[bytes] = []
        if isinstance(event, Clock):
            self._move(event, said)
        else:
            self._update(event, said)
        return said

    def attempt(self, event: Event) -> list[bytes]:
        """Act on an event as `apply` does; where that fails, everything is as it was before."""
        day, clocked, self._named = self.today, self.clocked, None
        self._before, under = {}, self.waivers.under()
        try:
            return self.apply(event)
        except ZhuanjieError:
            if self.today != day:
                self._set_day(day)
            self._undo(self._before)
            self.clocked = clocked
            self.waivers.restore(under)
            if self._named is not None:
                del self.written[self._named]
            raise
        finally:
            self._before = None

    def _undo(self, before: dict[str, LiveCase | bytes | None]) -> None:
        """Put cases back as they were, and their places among those that share keys."""
        for record in before:
            case = self.cases.pop(record, None)
            if case is None and record in self.closed:
                case = unpack(self.closed.pop(record), self.codec)
                self._rekey(record, case)
            if case is not None:
                self.sharing.forget(record, case)
                self._wakes.move(record, case.next_evaluation, None)
        for record, was in before.items():
            if isinstance(was, LiveCase):
                self.cases[record] = was
                self._rekey(record, was)
                self._wakes.move(record, None, was.next_evaluation)
            elif was is not None:
                self.closed[record] = was
                self._rekey(record, unpack(was, self.codec))

    def fold(self, event: Event) -> None:
        """Take an event in whose lines were said already, without judging."""
        if isinstance(event, Clock):
            self.derived.move(event.day)
            self.clocked = self.clocked or event.told
        else:
            event = self._meant(event)
            new = event.record not in self.cases
            changed = merge(self._open(event.record), event)
            self.derived.change(event.record, None if new else changed)

    def settle(self, lines: Iterable[Sequence[Any]]) -> None:
        """Take in outcomes that were said already: record, rule, outcome, since, due, share."""
        for record, rule, outcome, since, due, *share in lines:
            if any(share) and self.shares is not None:
                self.shares.settle(rule, outcome, since, share[0]["group"])
                continue
            self.derived.change(record, _NOTHING if record in self.cases else None)
            case = self._open(record)
            if outcome == Outcome.NOT_APPLICABLE:
                case.standing.pop(rule, None)
            else:
                case.standing[rule] = status(outcome, since, due)

    def index(self) -> None:
        """After folding: set the clock, find shared keys, wake-up days and closed cases."""
        self._set_day(self.derived.day or self.today)
        changed = self.derived.close(self.policy, self.today)
        for record, case in list(self.cases.items()):
            wakes, fresh = case.next_evaluation, None
            if changed is None or (wakes is not None and wakes <= self.plan.today):
                case.next_evaluation = None
            else:
                self._wakes.move(record, None, wakes)
                if record not in changed:
                    continue
                fresh = changed[record]
            self._rekey(record, case, fresh)
            self._schedule(record, case, fresh)
        if self.shares is not None:
            self.shares.note_all(self.cases, self.closed, self.codec)
        for record, case in self.cases.items() if self.waivers.bounded else ():
            if any(s.outcome in _BROKEN for s in case.standing.values()):
                typed = self._typed(record, case)
                self.waivers.note(record, typed, self._verdicts(typed, self._rules.everything))

    def _meant(self, event: Update) -> Update:
        """The event with its record's id as the first event of that record wrote it."""
        form = self.plan.fields[self.plan.key].compared(event.record)
        known = self.written.get(form)
        if known is None and event.record != form:
            known = form if form in self.cases or form in self.closed else None
            if known is None:
                self.written[form] = event.record
                self._named = form
        return event if known is None else Update(known, event.values)

    def _open(self, record: str) -> LiveCase:
        case = self.cases.get(record)
        if self._before is not None and record not in self._before:
            self._before[record] = self.closed.get(record) if case is None else LiveCase(
                dict(case.values), dict(case.standing), {}, case.next_evaluation)
        if case is None:
            packed = self.closed.pop(record, None)
            case = self.cases[record] = (LiveCase() if packed is None
                                         else unpack(packed, self.codec))
            if packed is not None:
                self._rekey(record, case)
        return case

    def _update(self, event: Update, said: list[bytes]) -> None:
        event = self._meant(event)
        record = event.record
        new = record not in self.cases and record not in self.closed
        case = self._open(record)
        changed = merge(case, event)
        if new:
            changed |= {self.plan.key}
            rules = self._rules.touched(changed, self.plan, self.backend)
        elif changed:
            rules = self._rules.touched(changed)
        else:
            self._schedule(record, case, changed)
            return
        touched = self._rekey(record, case, changed)
        self._judge(record, rules, said, changed)
        for other in sorted(touched):
            self._judge(other, self._rules.and_covered(touched[other]), said, _NOTHING)
        if self.shares is not None:
            said += map(dumps, self.shares.update(
                record, {self.plan.key: record, **case.values}, self._since))

    def _move(self, clock: Clock, said: list[bytes]) -> None:
        back = clock.day < self.today
        again = self._set_day(clock.day) or back or self.waivers.changed
        self.waivers.changed = False
        self.clocked = self.clocked or clock.told
        due = set(self._wakes.due(self.plan.today))
        for record in due:
            self._open(record).next_evaluation = None
        if again:
            due.update(self.cases, self.closed)
        rules = set(self._rules.everything if again else self._rules.timed)
        turned: dict[str, set[int]] = dict.fromkeys(due, rules)
        for record in due:
            for other, shared in self._rekey(record, self._open(record)).items():
                turned[other] = turned.get(other, set()) | shared
        for record in sorted(turned):
            self._judge(record, self._rules.and_covered(turned[record]), said)
        if self.shares is not None:
            said += map(dumps, self.shares.again(self._since))

    def _judge(self, record: str, rules: Places, said: list[bytes],
               changed: frozenset[str] | None = None) -> None:
        """Judge one case by some rules, and add a line for each that changed."""
        case = self._open(record)
        typed = self._typed(record, case)
        verdicts = self._verdicts(typed, rules)
        others = self.waivers.note(record, typed, verdicts)
        came = {v.rule: self.waivers.marked(v, typed) for v in verdicts}
        standing, named = case.standing, dumps(record)
        for at in rules:
            rule = self._ids[at]
            verdict, before = came.get(at), standing.get(rule)
            if verdict is None or verdict.outcome is Outcome.NOT_APPLICABLE:
                if before is None:
                    continue
                del standing[rule]
            elif before is not None and before.outcome == verdict.outcome:
                if (due := due_of(verdict)) != before.due:
                    standing[rule] = status(before.outcome, before.since, due)
                continue
            else:
                standing[rule] = status(str(verdict.outcome), self._since, due_of(verdict))
            said.append(self._lines.line(named, at, before, verdict, typed))
        self._schedule(record, case, changed)
        for other in others:
            self._judge(other, self._rules.covered, said)

    def _typed(self, record: str, case: LiveCase) -> dict[str, Any]:
        return {self.plan.key: record, **case.values, **self.sharing.counts(case)}

    def _verdicts(self, typed: dict[str, Any], rules: Places) -> list[Verdict]:
        return self.backend.judge_record(self.plan, typed, True, rules) if self._inside(
            typed) else []

    def _rekey(self, record: str, case: LiveCase,
               changed: frozenset[str] | None = None) -> dict[str, set[int]]:
        """Note the keys a case takes part with; returns for whom else which rules turn."""
        inside = self._beyond is None or self._inside({self.plan.key: record, **case.values})
        return self.sharing.place(record, case, inside, changed)

    def _inside(self, values: dict[str, Any]) -> bool:
        """Whether the policy's scope does not leave the record out."""
        return self._beyond is None or not self._beyond(values)[0]

    def _schedule(self, record: str, case: LiveCase,
                  changed: frozenset[str] | None = None) -> None:
        """The next day on which the clock may change the case; none, and in order: let it go."""
        before, today = case.next_evaluation, self.plan.today
        if changed is None or before is None or not self._days_read.isdisjoint(changed):
            ahead = [d for day in self._days_of(case.values) if day is not None
                     for d in (day, day + 1) if d > today]
            if self._rules.any_day:
                ahead.append(today + 1)
            case.next_evaluation = min(ahead, default=None)
            self._wakes.move(record, before, case.next_evaluation)
        if case.next_evaluation is None and all(
                s.outcome in QUIET_OUTCOMES for s in case.standing.values()):
            self.closed[record] = pack(self.cases.pop(record), self.codec)
