"""What would make a record compliant. In: a plan, a record, rules. Out: fixes, each replayed.

A fix is a smallest set of changes to the record. Nothing is dated back: what is late stays late and
is said to be beyond mending.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from zhuanjie.engine.auditing.repair.search import Changes, Keys, Search, applied, order
from zhuanjie.engine.auditing.repair.table_rows import TableRow, rows_of
from zhuanjie.engine.auditing.repair.values import CandidateValues
from zhuanjie.engine.auditing.wording.renderer import FindingRenderer
from zhuanjie.engine.backends.reference.backend import ENGINE as REFERENCE
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import WRONG_OUTCOMES, Finding, Outcome, Verdict
from zhuanjie.engine.lowering.plan import Plan

MOST = 8
"""How many alternatives are shown."""

Reason = Literal["late", "overdue", "record", "conflict", "unsearched"]
"""Why a finding is not mended.

The act was done late; it is not done and late by now; what is on record stands against it; mending
it would break another rule; or the search was given up.
"""


class Fix(Struct, frozen=True):
    """A set of changes, what is then still to be done by a day, and what is still not in order."""

    changes: Changes
    pending: tuple[Finding, ...]
    remaining: tuple[Finding, ...]


class Beyond(Struct, frozen=True):
    """A finding that no change which can still be made would mend."""

    finding: Finding
    reason: Reason


class RecordFix(Struct, frozen=True):
    """The fixes of one record, the best first; none are needed where `beyond` is empty too.

    `rows` are those of the decision tables that were asked about.
    """

    record: str | None
    location: Location
    alternatives: tuple[Fix, ...]
    beyond: tuple[Beyond, ...]
    rows: tuple[TableRow, ...]


def fix_record(plan: Plan, record: Mapping[str, Any], chosen: Sequence[int], *,
               lang: Lang = "en", location: Location | None = None,
               keys: Keys | None = None) -> RecordFix:
    """The fixes of `record` for the rules at `chosen`, breaking none that was in order.

    `keys` are the keys of the ledger's other records, for each `unique` rule; without them the
    record counts as alone. Every fix was replayed on the reference evaluator.
    """
    known = {r.id: Counter() for r in plan.unique} if keys is None else keys
    return _Mending(
        plan, record, chosen, known, FindingRenderer(plan, lang), location or Location()
    ).made()


class _Mending:
    def __init__(self, plan: Plan, record: Mapping[str, Any], chosen: Sequence[int], keys: Keys,
                 words: FindingRenderer, location: Location) -> None:
        self.plan, self.record, self.chosen, self.keys = plan, record, chosen, keys
        self.words, self.location = words, location
        taken = frozenset(key for counter in keys.values() for key, _ in counter
                          if isinstance(key, str))
        self.search = Search(plan, record, CandidateValues(plan, taken), keys)
        self.before = {v.rule: v for v in _wrong(REFERENCE.judge_record(plan, record))}
        self.wrong = sum(1 << i for i in self.before)
        self.reasons: dict[int, Reason] = {}

    def made(self) -> RecordFix:
        goals = [i for i in self.chosen if i in self.before and not self._is_lost(i)]
        parts = self._parts(goals)
        options = [found for part in parts if (found := self._options(part))]
        fixes = self._combined(options)
        if options and not fixes:  # what mends one part breaks another: mend them together
            fixes = self._replayed(self._options([i for part in parts for i in part]))
        return RecordFix(
            record=self.record.get(self.plan.key), location=self.location,
            alternatives=tuple(fixes[:MOST]),
            beyond=tuple(Beyond(self._finding(self.before[i], self.record), self.reasons[i])
                         for i in sorted(self.reasons)),
            rows=tuple(row for i in self.chosen if self.plan.rules[i].shape == "table"
                       for row in rows_of(self.plan, i, self.record, self.search.values,
                                       self.words.lang)))

    def _is_lost(self, index: int) -> bool:
        """Whether a finding is beyond mending by itself; the reason is noted."""
        verdict, rule = self.before[index], self.plan.rules[index]
        if verdict.outcome is Outcome.VIOLATION and rule.shape == "deadline":
            tardy = self.words.is_tardy(rule, self.record)
            self.reasons[index] = "late" if tardy else "overdue"
        elif not self.search.smallest(self.wrong & ~(1 << index)):
            self.reasons[index] = "record" if self.search.complete else "unsearched"
        return index in self.reasons

    def _parts(self, goals: list[int]) -> list[list[int]]:
        """The findings in groups that no field joins, each to be mended by itself."""
        parts: list[tuple[set[str], list[int]]] = []
        for index in goals:
            undetermined = self.before[index].outcome is Outcome.UNDETERMINED
            names = set(self.search.fields_of(index, self.record, undetermined, False))
            joined = [p for p in parts if not names.isdisjoint(p[0])]
            parts = [p for p in parts if names.isdisjoint(p[0])]
            parts.append((names.union(*(p[0] for p in joined)),
                          sorted([index, *(i for p in joined for i in p[1])])))
        return [part for _, part in sorted(parts, key=lambda p: p[1])]

    def _options(self, part: list[int]) -> list[Changes]:
        """The ways to mend a group: the smallest, and the smallest that only fills blanks.

        Findings that cannot be mended together are given up, the last first.
        """
        goals = list(part)
        while goals:
            allowed = self.wrong & ~sum(1 << i for i in goals)
            found = self.search.smallest(allowed)
            if found:
                kept = self.search.smallest(allowed, keep=True)
                return sorted({*found, *kept}, key=self._order)
            lost = goals.pop()
            self.reasons[lost] = "conflict" if self.search.complete else "unsearched"
        return []

    def _order(self, changes: Changes) -> tuple[object, ...]:
        return order(changes, self.plan.fields)

    def _combined(self, options: list[list[Changes]]) -> list[Fix]:
        """The best way for every group, then each other way of one group with the best of all."""
        if not options:
            return []
        sets = [self._joined([ways[0] for ways in options])]
        for at, ways in enumerate(options):
            sets += [self._joined([way if at == n else other[0] for n, other in enumerate(options)])
                     for way in ways[1:MOST]]
        return self._replayed([s for s in sets if s is not None])

    def _joined(self, parts: Sequence[Changes]) -> Changes | None:
        """The changes of all groups; None where two change the same field."""
        every = [c for part in parts for c in part]
        if len({c.field for c in every}) < len(every):
            return None
        return tuple(sorted(every, key=lambda c: self.plan.fields.order[c.field]))

    def _replayed(self, sets: list[Changes]) -> list[Fix]:
        """Those sets that the reference evaluator confirms, the best first."""
        goals = {i for i in self.chosen if i in self.before and i not in self.reasons}
        mended = []
        told = {}
        for changes in sorted(set(sets), key=self._order, reverse=True):
            told[tuple((c.field, c.open or (c.value,)) for c in changes)] = changes
        for changes in sorted(told.values(), key=self._order):
            record = applied(self.record, changes, self.plan, self.keys)
            verdicts = REFERENCE.judge_record(self.plan, record)
            left = {v.rule for v in _wrong(verdicts)}
            scope = self.plan.policy.scope
            stays = scope is None or REFERENCE.evaluate(
                scope, record, self.plan.as_of, self.plan.params) is not False
            if stays and left <= self.before.keys() - goals:
                mended.append(Fix(changes, *(
                    tuple(self._finding(v, record) for v in verdicts
                          if v.rule in self.chosen and v.outcome in outcomes)
                    for outcomes in ((Outcome.PENDING,), WRONG_OUTCOMES))))
        return mended

    def _finding(self, verdict: Verdict, record: Mapping[str, Any]) -> Finding:
        return self.words.finding(verdict, record, self.location)



def _wrong(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return [v for v in verdicts if v.outcome in WRONG_OUTCOMES]
