"""Records that are alone in their ledger, judged together. In: a plan, records. Out: verdicts.

What a rule comes to hangs on the fields that it reads, the day and the numbers, and on nothing
else. So where rules and records are many, rules that read much the same are judged once for each
of the records that differ in what these read, and on none that does not ask about them: cases and
rules that grow together would else cost their product.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from zhuanjie.engine.auditing.uniqueness import singleton_frame
from zhuanjie.engine.backends.base import Backend
from zhuanjie.engine.core.results import REPORTED, Verdict
from zhuanjie.engine.lowering.plan import Plan, narrowed_to
from zhuanjie.engine.policy.policy import TypedRule

TOGETHER = 5_000
"""So many judgements, of all rules on all records, are no work for an engine that makes a plan."""

Record = Mapping[str, Any]


class Asked(Struct, frozen=True):
    """A record, the rules that are asked how it comes out, and whether any may report nothing."""

    record: Record
    rules: frozenset[str]
    open: bool


class _Part(Struct, frozen=True):
    """Rules, by their place in the plan, and records that they are judged on.

    `rows` has for each record that is asked about the one that stands for it.
    """

    rules: Sequence[int]
    rows: Mapping[int, int]


def judge_alone(plan: Plan, backend: Backend,
                asked: Sequence[Asked]) -> Iterator[tuple[int, int, Verdict]]:
    """The number of a record and of a rule of the plan, with what the rule comes to.

    A record beyond the scope comes to nothing. Of rules that a record does not name there is what
    they report, where it is not `open`.
    """
    assumed = dict.fromkeys(plan.assumed, plan.as_of)
    records = [{**assumed, **a.record} for a in asked]
    kept = _within_scope(plan, backend, records)
    for part in _parts(plan, asked, records, kept):
        rules = {plan.rules[n].id: n for n in part.rules}
        narrow = plan if len(rules) == len(plan.rules) else narrowed_to(
            plan, partial(_is_among, rules))
        stands_for: dict[int, list[int]] = {}
        for row, first in part.rows.items():
            stands_for.setdefault(first, []).append(row)
        firsts = list(stands_for)
        frame = singleton_frame(narrow, [records[row] for row in firsts])
        for verdict in backend.judge(narrow, frame, all_outcomes=True):
            rule, names = rules[narrow.rules[verdict.rule].id], names_of(narrow.rules[verdict.rule])
            reported = verdict.outcome in REPORTED
            for row in stands_for[firsts[verdict.row]]:
                if (reported and not asked[row].open) or not names.isdisjoint(asked[row].rules):
                    yield row, rule, verdict


def _is_among(rules: Container[str], rule: TypedRule) -> bool:
    return rule.id in rules


def names_of(rule: TypedRule) -> frozenset[str]:
    """What a case may call a rule: by the rule, or by the edition of it."""
    return frozenset((rule.id, rule.rule.id))


def _within_scope(plan: Plan, backend: Backend, records: Sequence[Record]) -> list[int]:
    scope = plan.policy.scope
    if scope is None:
        return list(range(len(records)))
    ruleless = narrowed_to(plan, lambda _: False)
    truth = backend.truth(ruleless, scope, singleton_frame(ruleless, records))
    return [row for row, holds in enumerate(truth) if holds is not False]


def _parts(plan: Plan, asked: Sequence[Asked], records: Sequence[Record],
           kept: Sequence[int]) -> Iterator[_Part]:
    """What is judged at a time."""
    every = [row for row in kept if not asked[row].open]
    named: dict[str, list[int]] = {}
    for row in kept:
        for name in asked[row].rules if asked[row].open else ():
            named.setdefault(name, []).append(row)
    rules = [n for n, rule in enumerate(plan.rules)
             if every or not names_of(rule).isdisjoint(named)]
    if not kept or not rules:
        return
    if len(rules) * len(kept) <= TOGETHER:
        yield _Part(rules, {row: row for row in kept})
        return
    reads = {n: plan.rules[n].fields for n in rules}
    wanted = {n: [*every, *(row for name in names_of(plan.rules[n])
                            for row in named.get(name, ()))] for n in rules}
    part = _Growing(records)
    for n in sorted(rules, key=lambda n: (sorted(reads[n]), n)):
        if not part.takes(n, reads[n], wanted[n]):
            yield part.done()
            part = _Growing(records)
            part.takes(n, reads[n], wanted[n])
    yield part.done()


class _Growing:
    """A part, as long as taking on another rule does not make too much of it."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records
        self._rules: list[int] = []
        self._reads: frozenset[str] = frozenset()
        self._wanted: dict[int, None] = {}
        self._firsts: dict[tuple[Any, ...], int] = {}

    def takes(self, rule: int, reads: frozenset[str], wanted: Sequence[int]) -> bool:
        """Take on a rule that is asked about some records, if that is little or the first."""
        rows = dict.fromkeys((*self._wanted, *wanted))
        if reads <= self._reads and len(rows) == len(self._wanted):
            firsts = self._firsts
        else:
            firsts = self._told_apart(self._reads | reads, rows)
        if self._rules and (len(self._rules) + 1) * len(firsts) > TOGETHER:
            return False
        self._rules.append(rule)
        self._reads, self._wanted, self._firsts = self._reads | reads, rows, firsts
        return True

    def done(self) -> _Part:
        """What was taken on."""
        names = sorted(self._reads)
        return _Part(sorted(self._rules), {
            row: self._firsts[self._read(row, names)] for row in self._wanted})

    def _told_apart(self, reads: frozenset[str],
                    rows: Iterable[int]) -> dict[tuple[Any, ...], int]:
        names = sorted(reads)
        firsts: dict[tuple[Any, ...], int] = {}
        for row in rows:
            firsts.setdefault(self._read(row, names), row)
        return firsts

    def _read(self, row: int, names: Sequence[str]) -> tuple[Any, ...]:
        record = self._records[row]
        return tuple(record.get(name) for name in names)
