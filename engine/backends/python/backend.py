"""The engine of plain Python. In: a plan and records. Out: verdicts, record by record.

A plan's conditions are compiled once into a function of a record; nothing else is done for a
record that has nothing to report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.python.program import Masks, Program, program
from zhuanjie.engine.backends.record_details import Details
from zhuanjie.engine.backends.record_terms import alone, compiled
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.errors import BackendError, fail
from zhuanjie.engine.core.results import APPLICABLE_OUTCOMES, Outcome, Verdict
from zhuanjie.engine.expr.nodes import Expr, param_names
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.rules import LoweredRule

if TYPE_CHECKING:
    import polars as pl

_KEPT = 256
"""How many single expressions, and choices of a plan's rules, are kept compiled."""


_MASKS = 1024
"""How many ways in which the rules came out are kept, for each choice of them."""


class _CompiledProgram:
    """What is made of a plan; it holds nothing of the plan, so that both can be let go."""

    def __init__(self, lowered: Sequence[LoweredRule], alone: Mapping[str, int],
                 details: Details, places: Sequence[int]) -> None:
        """`details` are those of the plan, in which the rules stand at `places`."""
        self.lowered, self.alone = lowered, alone
        self.details, self.places = details, places
        self.everything = (1 << len(lowered)) - 1
        self._outcomes: dict[tuple[Masks, bool], list[tuple[int, Outcome]]] = {}
        self._some: dict[tuple[int, ...], _CompiledProgram] = {}

    @cached_property
    def reported(self) -> Program:
        """The program that notes no satisfied rules."""
        return program(self.lowered, self.alone, all_outcomes=False)

    @cached_property
    def all_outcomes(self) -> Program:
        """The program that notes satisfied rules too."""
        return program(self.lowered, self.alone, all_outcomes=True)

    def outcomes(self, masks: Masks, all_outcomes: bool) -> list[tuple[int, Outcome]]:
        """The rules, by their places in the plan, and how they came out; in the plan's order."""
        found = self._outcomes.get((masks, all_outcomes))
        if found is None:
            found = [(self.places[at], outcome)
                     for at, outcome in _outcomes(self.everything, masks, all_outcomes)]
            if len(self._outcomes) < _MASKS:
                self._outcomes[masks, all_outcomes] = found
        return found

    def some(self, rules: tuple[int, ...]) -> _CompiledProgram:
        """The same for the rules at some places; the oldest kept one goes where there are many."""
        made = self._some.pop(rules, None)
        if made is None:
            if len(self._some) >= _KEPT:
                del self._some[next(iter(self._some))]
            made = _CompiledProgram([self.lowered[at] for at in rules], self.alone,
                                    self.details, rules)
        self._some[rules] = made
        return made


class PythonBackend:
    """Judges records with functions compiled from the lowered conditions."""

    name = "python"

    def __init__(self) -> None:
        self._plans: WeakKeyDictionary[Plan, _CompiledProgram] = WeakKeyDictionary()

    def masks(self, plan: Plan, record: Mapping[str, Any]) -> Masks:
        """The rules of `plan` by outcome, a bit for each: violation, undetermined, pending.

        The fourth mask is empty: satisfied rules are not noted.
        """
        return self._of(plan).reported(record)

    def judge_record(self, plan: Plan, record: Mapping[str, Any],
                     all_outcomes: bool = False,
                     rules: Sequence[int] | None = None) -> list[Verdict]:
        """See `RecordBackend.judge_record`."""
        made = self._of(plan)
        if rules is None:
            return self._judge(made, record, 0, all_outcomes)
        return self._judge(made.some(tuple(rules)), record, 0, all_outcomes)

    def judge(self, plan: Plan, frame: pl.DataFrame, all_outcomes: bool = False) -> list[Verdict]:
        """See `Backend.judge`."""
        made = self._of(plan)
        out: list[Verdict] = []
        for row, record in enumerate(frame.iter_rows(named=True)):
            out += self._judge(made, record, row, all_outcomes)
        return out

    def _of(self, plan: Plan) -> _CompiledProgram:
        made = self._plans.get(plan)
        if made is None:
            counts = alone(plan.unique)
            made = self._plans[plan] = _CompiledProgram(
                plan.lowered, counts, Details(plan.lowered, counts), range(len(plan.lowered)))
        return made

    def _judge(self, made: _CompiledProgram, record: Mapping[str, Any], row: int,
               all_outcomes: bool) -> list[Verdict]:
        try:
            masks = (made.all_outcomes if all_outcomes else made.reported)(record)
            if not all_outcomes and not any(masks):
                return []
            return [made.details.verdict(rule, outcome, record, row)
                    for rule, outcome in made.outcomes(masks, all_outcomes)]
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            # A cell that is not of its field's type: whoever typed the record let it through.
            raise fail(BackendError, "backend.failed", name=self.name,
                       detail=str(error)) from error

    def truth(self, plan: Plan, expr: Expr, frame: pl.DataFrame) -> list[bool | None]:
        """See `Backend.truth`."""
        ask = _question(expr, plan.today, tuple(plan.params.items()), plan.absent)
        return [ask(record) for record in frame.iter_rows(named=True)]

    def evaluate(self, expr: Expr, record: Mapping[str, Any], as_of: date,
                 params: Mapping[str, int]) -> Any:
        """See `Backend.evaluate`."""
        read = sorted(param_names(expr))
        value = _question(expr, to_day(as_of), tuple((n, params[n]) for n in read))(record)
        return UNKNOWN if value is None else value


def _outcomes(everything: int, masks: Masks,
              all_outcomes: bool) -> Iterator[tuple[int, Outcome]]:
    """The rules of a program and how they came out, in order."""
    left = everything if all_outcomes else masks[0] | masks[1] | masks[2]
    while left:
        bit = left & -left
        left ^= bit
        outcome = next((o for o, m in zip(APPLICABLE_OUTCOMES, masks, strict=True) if m & bit),
                       Outcome.NOT_APPLICABLE)
        yield bit.bit_length() - 1, outcome


class _Question:
    """An expression as a function of a record: its value, None where evidence is missing."""

    def __init__(self, expr: Expr, kleene: Kleene) -> None:
        self._truth = expr.type.kind in (Kind.BOOL, Kind.ANY)
        nodes = (
            (kleene.must_be_true(expr), kleene.must_be_false(expr))
            if self._truth
            else (kleene.term(expr),)
        )
        self._ask = compiled(nodes, {})

    def __call__(self, record: Mapping[str, Any]) -> Any:
        if not self._truth:
            return self._ask(record)[0]
        sure, never = self._ask(record)
        return True if sure else False if never else None


@lru_cache(maxsize=_KEPT)
def _question(expr: Expr, today: int, params: tuple[tuple[str, int], ...],
              absent: frozenset[str] = frozenset()) -> _Question:
    return _Question(expr, Kleene(today, dict(params), absent))


ENGINE = PythonBackend()
