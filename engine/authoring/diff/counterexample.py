"""A record that tells two rules apart. In: two rules, where to start. Out: the smallest one.

Settings near the cases are tried first, then random ones; the same call tries the same. What is
found is cut down to the fields that matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import chain
from random import Random
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.authoring.testing.case_runner import ActualOutcome
from zhuanjie.engine.authoring.testing.prepared_cases import EvaluationContext, came, judged
from zhuanjie.engine.backends.reference.backend import as_days
from zhuanjie.engine.backends.reference.rules import Judgement
from zhuanjie.engine.core.dates import Month, add_months, from_day, to_day
from zhuanjie.engine.expr.nodes import param_names
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.ledger import read_record
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.vocabulary.fields import Field

TRIES = 3000


class Counterexample(Protocol):
    """A record, others beside it, and a day, as a solver hands them out."""

    @property
    def witness(self) -> Mapping[str, Any] | None:
        """The record."""

    @property
    def others(self) -> Sequence[Mapping[str, Any]]:
        """The rest of its ledger."""

    @property
    def as_of(self) -> date | None:
        """The day."""


@dataclass(frozen=True)
class Side:
    """A rule as one of two policies has it: with that policy's scope and parameter values."""

    rule: TypedRule
    policy: Policy
    _values: dict[int, dict[str, int]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def params(self) -> frozenset[str]:
        """The parameters that are read."""
        return self.rule.params | param_names(self.policy.scope)

    def values(self, today: int) -> dict[str, int]:
        """What these are on a day."""
        if today not in self._values:
            self._values[today] = self.policy.values(from_day(today), self.params)
        return self._values[today]

    def judged(self, setting: EvaluationContext) -> Judgement:
        """How the rule comes out."""
        there = replace(setting, params=self.values(setting.today))
        return judged(self.rule, there, self.policy.scope)

    def came(self, setting: EvaluationContext) -> ActualOutcome:
        """The same, as a case looks at it."""
        there = replace(setting, params=self.values(setting.today))
        return came(self.rule, there, self.policy.scope)


class RulePair(Struct, frozen=True):
    """Whether two sides differ: in the outcome, or (`fully`) in its clause or due day at least."""

    old: Side
    new: Side

    def outcome(self, setting: EvaluationContext) -> bool:
        """The outcomes differ."""
        return self.old.judged(setting).outcome is not self.new.judged(setting).outcome

    def fully(self, setting: EvaluationContext) -> bool:
        """The outcomes differ, or what goes with them."""
        was, now = self.old.judged(setting), self.new.judged(setting)
        return (was.outcome, was.clause, was.due) != (now.outcome, now.clause, now.due)


def find_counterexample(
    old: Side, new: Side, seeds: Sequence[EvaluationContext]
) -> EvaluationContext | None:
    """A setting in which the two come out differently, cut down; None where none was found."""
    fields = new.policy.vocabulary.joined(old.policy.vocabulary).fields
    names = [fields[n] for n in fields.sort(old.rule.fields | new.rule.fields)]
    read = old.rule.params | new.rule.params
    starts = [replace(seed, params=old.policy.values(from_day(seed.today), read))
              for seed in seeds]
    apart, second = RulePair(old, new), None
    for setting in chain(starts, _near(starts, names), _random(starts, names)):
        if apart.fully(setting):
            if apart.outcome(setting):
                return shrink(setting, apart.outcome)
            second = second or setting
    return None if second is None else shrink(second, apart.fully)


def cut(old: Side, new: Side, found: Counterexample) -> EvaluationContext | None:
    """What a solver found to tell two rules apart, cut down; None where it does not.

    A record counts as a ledger would give it: a text loses the blanks around it, so they are tried
    as letters too.
    """
    if found.witness is None or found.as_of is None:
        return None
    given = (found.witness, *found.others)
    vocabulary = new.policy.vocabulary.joined(old.policy.vocabulary)
    apart = RulePair(old, new)
    for records in (given, [_lettered(r) for r in given]):
        ledger = tuple(as_days(read_record(r, HeadingMap(vocabulary))[0]) for r in records)
        setting = EvaluationContext(
            vocabulary, ledger, to_day(found.as_of), old.values(to_day(found.as_of))
        )
        for differs in (apart.outcome, apart.fully):
            if differs(setting):
                return shrink(setting, differs)
    return None


def _lettered(record: Mapping[str, Any]) -> dict[str, Any]:
    return {k: re.sub(r"\s", "x", v) if isinstance(v, str) else v for k, v in record.items()}


def shrink(
    setting: EvaluationContext, differs: Callable[[EvaluationContext], bool]
) -> EvaluationContext:
    """The setting without the records and fields that it can spare."""
    for at in range(len(setting.ledger) - 1, 0, -1):
        fewer = replace(setting, ledger=(*setting.ledger[:at], *setting.ledger[at + 1:]))
        setting = fewer if differs(fewer) else setting
    for at, record in enumerate(setting.ledger):
        for name in record:
            less = {k: v for k, v in setting.ledger[at].items() if k != name}
            fewer = _put(setting, at, less)
            setting = fewer if differs(fewer) else setting
    return setting


def _put(setting: EvaluationContext, at: int, record: Mapping[str, Any]) -> EvaluationContext:
    return replace(setting, ledger=(*setting.ledger[:at], record, *setting.ledger[at + 1:]))


def _near(
    seeds: Sequence[EvaluationContext], names: Sequence[Field]
) -> Iterator[EvaluationContext]:
    """The seeds with one field, or the day, changed; and beside a copy of themselves."""
    for seed in seeds:
        twin = replace(seed, ledger=(seed.record, *seed.ledger))
        for start in (seed, twin):
            yield start
            for at in range(min(len(start.ledger), 2)):
                for one in names:
                    for value in _values(one, start):
                        yield _put(start, at, _set(start.ledger[at], one.name, value))
        for today in _days(seed):
            yield replace(seed, today=today)


def _random(
    seeds: Sequence[EvaluationContext], names: Sequence[Field]
) -> Iterator[EvaluationContext]:
    random = Random(0)
    for _ in range(TRIES if seeds else 0):
        start = random.choice(seeds)
        record = dict(start.record)
        for one in names:
            if random.random() < 0.5:
                record = _set(record, one.name, random.choice(_values(one, start)))
        changed = _put(start, 0, record)
        yield replace(changed, today=random.choice(_days(changed)))


def _set(record: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    rest = {k: v for k, v in record.items() if k != name}
    return rest if value is None else {**rest, name: value}


def _values(field: Field, setting: EvaluationContext) -> list[Any]:
    """Values of a field that are likely to matter, and none at all."""
    if field.type == "bool":
        return [None, True, False]
    if field.type == "enum":
        return [None, *field.values]
    if field.type == "date":
        return [None, *_days(setting)]
    if field.type == "month":
        return [None, *_months(setting)]
    if field.type == "int":
        known = {f.name for f in setting.vocabulary.fields if f.type == "int"}
        numbers = {v for k, v in setting.record.items() if k in known}
        return [None, *sorted({0, 1, *(n + d for n in numbers for d in (-1, 0, 1))})]
    there = sorted({v for r in setting.ledger for v in r.values() if isinstance(v, str)})
    return [None, "x", *there, *(f"x{v}" for v in there), *(f"{v}x" for v in there)]


def _days(setting: EvaluationContext) -> list[int]:
    """Days at, before and after those of the record, and a parameter's value away from them."""
    known = {f.name for f in setting.vocabulary.fields if f.type in ("date", "month")}
    marks = {setting.today, *(v for k, v in setting.record.items() if k in known)}
    away = {0, *(v for v in setting.params.values()), *(v * 30 for v in setting.params.values())}
    return sorted({m + sign * a + d for m in marks for a in away
                   for sign in (1, -1) for d in (-1, 0, 1)})


def _months(setting: EvaluationContext) -> list[int]:
    """The months of such days, and those beside them."""
    firsts = {to_day(Month.of(from_day(day))) for day in _days(setting)}
    return sorted(add_months(first, by) for first in firsts for by in (-1, 0, 1))
