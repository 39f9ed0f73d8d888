"""What an expression or a rule comes to on one record. In: a policy, a record, a day. Out: trials.

Names are checked as in a pack: a field that there is not is a mistake, and no blank.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as preset
from datetime import date
from functools import partial
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from zhuanjie.engine.auditing.explain import Explanation, explain_record
from zhuanjie.engine.authoring.trying.records import TriedRecord
from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.reference.backend import as_days
from zhuanjie.engine.backends.reference.evaluator import Evaluator
from zhuanjie.engine.core.dates import from_day, to_day
from zhuanjie.engine.core.errors import ExpressionError, UsageError, fail
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.expr.nodes import AsOf, Expr, FieldRef, Param, names_of, walk
from zhuanjie.engine.expr.program_values import program_value
from zhuanjie.engine.expr.typed import typed_expression
from zhuanjie.engine.expr.types import LENGTHS, RECORD_DAYS, Kind
from zhuanjie.engine.lowering.plan import make_plan
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.policy.policy_names import names_in

Load = Callable[[date, Mapping[str, int | date]], Policy]
"""Makes the policy of a day, with parameter values set."""


class Trial(Struct, frozen=True):
    """What an expression came to: its value, UNKNOWN where that is open.

    `reads` are the fields, `numbers` the parameters and `definitions` the definitions in it, with
    their values (None for a blank, or what is unknown). `missing` are the fields because of which
    it is unknown; `reads_day` is whether it reads the as-of day.
    """

    expr: Expr
    value: Any
    reads: Mapping[str, Any]
    numbers: Mapping[str, int | date]
    definitions: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    reads_day: bool = False


@dataclass(slots=True)
class TrialBench:
    """A policy on a day, and the record that is tried on."""

    load: Load
    day: date
    params: dict[str, int | date] = preset(default_factory=dict)
    record: TriedRecord = preset(default_factory=TriedRecord)
    policy: Policy = preset(init=False)

    def __post_init__(self) -> None:
        self.policy = self.load(self.day, self.params)

    def use_day(self, day: date) -> None:
        """Try as of another day; raises UsageError for one that no record can have."""
        if not RECORD_DAYS[0] <= to_day(day) <= RECORD_DAYS[1]:
            raise fail(UsageError, "policy.as-of", day=day.isoformat())
        self.policy = self.load(day, self.params)
        self.day = day

    def use_parameter(self, name: str, value: int | date) -> None:
        """Set a parameter; raises UsageError for one that there is not, or no such value."""
        params = {**self.params, name: value}
        self.policy = self.load(self.day, params)
        self.params = params

    def values(self) -> dict[str, int | date]:
        """The parameters' values on the day."""
        held = self.policy.values(self.day)
        return {name: from_day(held[name]) if each.unit == "date" else held[name]
                for name, each in self.policy.parameters.items()}

    def rules(self, name: str) -> Sequence[TypedRule]:
        """The rules of an id or of a clause; none where it is neither."""
        return [r for r in self.policy.rules if name in (r.id, r.rule.id)] or [
            r for r in self.policy.rules if name in r.clauses]

    def rule(self, name: str, lang: Lang) -> list[Explanation]:
        """Judge the record by the rules of an id or a clause, as if it stood alone.

        Raises UsageError for rules on whole ledgers, and for a record out of the policy's scope.
        """
        if all(rule.on_whole_ledger for rule in self.rules(name)):
            raise fail(UsageError, "try.whole-ledger", hint="try.whole-ledger.hint", name=name)
        scope = self.policy.scope
        if scope is not None and self._tried(scope).value is False:
            raise fail(UsageError, "try.out-of-scope", id=self.policy.id)
        plan = make_plan(self.policy, self.day)
        plan = replace(plan, absent=self.record.absent.intersection(plan.needs))
        place = self.record.location or Location(row=1)
        return explain_record(plan, name, self.record.values, place, lang)

    def expression(self, text: str) -> Trial:
        """Evaluate an expression on the record; raises ExpressionError with every mistake in it,

        UsageError where a rule's id was meant.
        """
        policy = self.policy
        names = names_in(policy)
        names.outputs = {output.name: partial(rule.output, output)
                         for rule in policy.rules for output in rule.outputs}
        try:
            expr = typed_expression(text, names)
        except ExpressionError:
            close = suggest(text, [r.id for r in policy.rules])
            if close and text not in policy.definitions:
                raise fail(UsageError, "try.no-rule", hint="hint.near", name=text,
                           near=close) from None
            raise
        if expr.type.kind is Kind.LIST or expr.type.kind in LENGTHS:
            raise fail(ExpressionError, "cel.result", kind=str(expr.type.kind))
        return self._tried(expr)

    def _tried(self, expr: Expr) -> Trial:
        values = self.policy.values(self.day)
        evaluator = Evaluator(as_days(self.record.values), to_day(self.day), values,
                              self.record.absent)

        def value_of(expr: Expr) -> Any:
            value = evaluator.trace(expr).value
            return None if value is UNKNOWN else program_value(value, expr.type.kind)

        step, nodes = evaluator.trace(expr), list(walk(expr))
        sort = self.policy.vocabulary.fields.sort
        names = sort({n.name for n in nodes if isinstance(n, FieldRef)})
        numbers = {n.name: n for n in nodes if isinstance(n, Param)}
        return Trial(
            expr, UNKNOWN if step.value is UNKNOWN else program_value(step.value, expr.type.kind),
            {name: self.record.values.get(name) for name in names},
            {name: program_value(values[name], n.type.kind) for name, n in sorted(numbers.items())},
            {name: value_of(n) for n in nodes for name in names_of(n)
             if n.type.kind not in (Kind.PERIOD, Kind.LIST)},
            sort(step.missing), any(isinstance(n, AsOf) for n in nodes))
