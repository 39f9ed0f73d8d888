"""Bitmasks and what goes with them. In: a plan. Out: what to compute; verdicts from the answers.

An engine that works on columns computes, for each outcome, a few whole numbers whose bits stand for
rules. Records where all of them are nought have nothing to report. For the others it answers the
`asks`: due days, days late, missing fields and clauses, each where an outcome wants it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypedDict

from msgspec import Struct

from zhuanjie.engine.core.errors import BackendError, fail
from zhuanjie.engine.core.results import (
    ALL_OUTCOMES,
    APPLICABLE_OUTCOMES,
    DUE_OUTCOMES,
    FINDING_OUTCOMES,
    Outcome,
    Verdict,
)
from zhuanjie.engine.lowering.conditions import Cond, Term
from zhuanjie.engine.lowering.plan import Plan

BITS = 62
"""Bits of a word: what a signed 64-bit number holds without its sign, and one to spare."""

What = Literal["due", "late", "missing", "clause"]
Answer = Sequence[int | None]


class OutcomeMask(Struct, frozen=True):
    """One whole number: bit i says that rule `first + i` came out as `outcome`."""

    outcome: Outcome
    first: int
    conditions: tuple[Cond, ...]


class DetailQuery(Struct, frozen=True):
    """One thing to compute of a rule where it came out as one of `outcomes`.

    `due` and `late` ask for a term. `missing` asks for a word over conditions, one for each of
    `names`. `clause` asks for the number of the first condition that holds.
    """

    rule: int
    what: What
    outcomes: tuple[Outcome, ...]
    term: Term | None = None
    conditions: tuple[Cond, ...] = ()
    names: tuple[str, ...] = ()


class BitmaskLayout:
    """What to compute of a plan, and in which order the answers come."""

    def __init__(self, plan: Plan, all_outcomes: bool = False) -> None:
        self.engine_rules = [r.id for r in plan.lowered]
        self.all_outcomes = all_outcomes
        self.words = tuple(
            OutcomeMask(outcome, first, tuple(getattr(rule, str(outcome))
                                       for rule in plan.lowered[first : first + BITS]))
            for outcome in (ALL_OUTCOMES if all_outcomes else FINDING_OUTCOMES)
            for first in range(0, len(plan.lowered), BITS)
        )
        self.asks = tuple(_asks(plan, ALL_OUTCOMES if all_outcomes else FINDING_OUTCOMES))

    def verdicts(self, row: int, words: Answer, answers: Answer, name: str) -> Iterator[Verdict]:
        """The verdicts on the record at `row`, in the plan's order.

        Raises BackendError, in the name of the engine, where a rule came out twice, or (with
        `all_outcomes`) not at all: that must never pass as a verdict.
        """
        came: dict[int, Outcome] = {}
        for word, bits in zip(self.words, words, strict=True):
            rest = bits or 0
            while rest:
                lowest = rest & -rest
                rule = word.first + lowest.bit_length() - 1
                if rule in came:
                    raise self._incomplete(rule, 2, name)
                came[rule] = word.outcome
                rest ^= lowest
        if self.all_outcomes and len(came) < len(self.engine_rules):
            rule = next(i for i in range(len(self.engine_rules)) if i not in came)
            raise self._incomplete(rule, 0, name)
        details: dict[int, _Details] = {}
        for ask, answer in zip(self.asks, answers, strict=True):
            if answer is not None and came.get(ask.rule) in ask.outcomes:
                _tell(details.setdefault(ask.rule, _Details()), ask, answer)
        for rule in sorted(came):
            yield Verdict(row, rule, came[rule], **details.get(rule, _Details()))

    def _incomplete(self, rule: int, count: int, name: str) -> BackendError:
        return fail(BackendError, "backend.incomplete", name=name, count=count,
                    rule=self.engine_rules[rule])


class _Details(TypedDict, total=False):
    """What goes with a verdict."""

    due: int
    late: int
    missing: tuple[str, ...]
    clause: str


def _tell(details: _Details, ask: DetailQuery, answer: int) -> None:
    """Take in an answer under what it says."""
    if ask.what == "missing":
        named = tuple(n for i, n in enumerate(ask.names) if answer >> i & 1)
        details["missing"] = (*details.get("missing", ()), *named)
    elif ask.what == "clause":
        details["clause"] = ask.names[answer]
    else:
        details[ask.what] = answer


def _asks(plan: Plan, outcomes: Sequence[Outcome]) -> Iterator[DetailQuery]:
    """What each rule has to say beside its outcome."""
    due = tuple(o for o in DUE_OUTCOMES if o in outcomes)
    named = tuple(o for o in outcomes if o in APPLICABLE_OUTCOMES)
    for number, rule in enumerate(plan.lowered):
        if rule.due is not None:
            yield DetailQuery(number, "due", due, rule.due)
        if rule.late is not None:
            yield DetailQuery(number, "late", (Outcome.VIOLATION,), rule.late)
        for first in range(0, len(rule.missing), BITS):
            some = rule.missing[first : first + BITS]
            yield DetailQuery(number, "missing", (Outcome.UNDETERMINED,),
                      conditions=tuple(c for _, c in some), names=tuple(n for n, _ in some))
        if rule.clause:
            yield DetailQuery(number, "clause", named, conditions=tuple(c for _, c in rule.clause),
                      names=tuple(n for n, _ in rule.clause))
