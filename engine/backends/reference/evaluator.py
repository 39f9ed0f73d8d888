"""The arbiter of expressions. In: a typed tree and a record. Out: a value, or why it is unknown.

Plain three-valued evaluation, straight from docs/semantics.md and without the lowering that every
other engine shares. `trace` keeps each step, for explanations.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec import field as preset

from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.core import workdays
from zhuanjie.engine.core.calendar import READ, day_of, day_part
from zhuanjie.engine.core.dates import add_months
from zhuanjie.engine.core.division import quotient, remainder
from zhuanjie.engine.expr.decisions import DECIDE, decision_of
from zhuanjie.engine.expr.nodes import (
    AsOf,
    Call,
    Expr,
    FieldRef,
    ListLit,
    Lit,
    Param,
    comparison,
    field_names,
)
from zhuanjie.engine.expr.operators import DAY_PARTS, DIVISIONS, OPS, TEXT_TESTS
from zhuanjie.engine.expr.types import MONTH_AND_DAY, Kind
from zhuanjie.engine.expr.undecided import by_the_day, workday_move
from zhuanjie.engine.regex.search import searcher
from zhuanjie.engine.vocabulary.comparison import Comparison, canonical


class Step(Struct):
    """A sub-expression with its value; `missing` are the blank fields that leave it unknown.

    Dates are day numbers. `decisive` marks, below an operator, the operands its value rests on.
    """

    expr: Expr
    value: Any
    missing: frozenset[str] = frozenset()
    parts: list[Step] = preset(default_factory=list)
    decisive: bool = True


class Evaluator(Struct, frozen=True):
    """Evaluates on one record: fields by name, dates as day numbers, blanks left out.

    `absent` are fields that the record's table has no column for: nothing is known of them, not
    even whether they are filled.
    """

    record: Mapping[str, Any]
    today: int
    params: Mapping[str, int]
    absent: frozenset[str] = frozenset()

    def trace(self, expr: Expr) -> Step:
        """Evaluate `expr`, keeping every step."""
        match expr:
            case Lit(value=value):
                return Step(expr, value)
            case Param(name=name):
                return Step(expr, self.params[name])
            case AsOf():
                return Step(expr, self.today)
            case FieldRef(name=name):
                if name in self.record:
                    return Step(expr, self.record[name])
                return Step(expr, UNKNOWN, frozenset((name,)))
            case ListLit(items=items):
                return self._strict(expr, [self.trace(i) for i in items], lambda *v: list(v))
            case Call(op="has", args=(FieldRef(name=name),)) if name in self.absent:
                return Step(expr, UNKNOWN, frozenset((name,)))
            case Call(op="has", args=(FieldRef(name=name),)):
                return Step(expr, name in self.record)
            case Call(op="&&" | "||" as op, args=args):
                return _junction(expr, [self.trace(a) for a in args], absorbing=op == "||")
            case Call(op="decide"):
                return self._decided(expr)
            case Call(op="?:", args=(test, yes, no)):
                return self._conditional(expr, self.trace(test), yes, no)
            case Call(args=(a, b)) if {a.type.kind, b.type.kind} == MONTH_AND_DAY:
                return self._month(expr, [self.trace(a), self.trace(b)])
            case Call(args=args) if (move := workday_move(expr)) is not None:
                return self._worked(expr, [self.trace(a) for a in args], move)
            case Call(op=op, args=args) if op in DIVISIONS or op in DAY_PARTS or op == "date":
                return self._partial(expr, [self.trace(a) for a in args])
            case Call(op=op, args=args):
                parts, apply = [self.trace(a) for a in args], _apply(op, expr)
                if (how := comparison(*args)) != "text":
                    apply = _as_an_office(op, apply, parts, how)
                return self._strict(expr, parts, apply)
            case _:
                raise AssertionError(expr)

    def _strict(self, expr: Expr, parts: list[Step], apply: Any) -> Step:
        """Unknown when an operand is; all unknown operands are to blame."""
        dark = [p for p in parts if p.value is UNKNOWN]
        if dark:
            missing = frozenset().union(*(p.missing for p in dark))
            for part in parts:
                part.decisive = part in dark
            return Step(expr, UNKNOWN, missing, parts)
        return Step(expr, apply(*(p.value for p in parts)), parts=parts)

    def _month(self, expr: Call, parts: list[Step]) -> Step:
        """A month compared with a day: unknown unless every day of the month compares alike."""
        step = self._strict(expr, parts, lambda *held: held)
        if step.value is UNKNOWN:
            return step
        apply = _FUNCTIONS[expr.op]
        at = next(i for i, p in enumerate(parts) if p.expr.type.kind is Kind.MONTH)
        first, day = parts[at].value, parts[1 - at].value
        values = {apply(d, day) if at == 0 else apply(day, d)
                  for d in range(first, add_months(first, 1))}
        if len(values) == 1:
            return Step(expr, values.pop(), parts=parts)
        return Step(expr, UNKNOWN, _sources(parts[at]), parts)

    def _worked(self, expr: Call, parts: list[Step], move: tuple[Expr, Expr, int]) -> Step:
        """A day moved by working days: unknown where the table of years ends."""
        day, count, sign = move
        calendar = count.type.calendar
        assert calendar is not None
        at = 0 if expr.args[0] is day else 1

        def apply(*held: int) -> Any:
            there = workdays.moved(calendar, held[at], sign * held[1 - at])
            return UNKNOWN if there is None else there

        step = self._strict(expr, parts, apply)
        if step.value is not UNKNOWN or any(p.value is UNKNOWN for p in parts):
            return step
        return Step(expr, UNKNOWN, frozenset().union(*map(_sources, parts)), parts)

    def _partial(self, expr: Call, parts: list[Step]) -> Step:
        """What has no value for some known operands: then their values are to blame."""
        if by_the_day(expr):
            step = self._strict(expr, parts, lambda _: UNKNOWN)
        else:
            step = self._strict(expr, parts, _PARTIAL[expr.op])
        if step.value is not UNKNOWN or any(p.value is UNKNOWN for p in parts):
            return step
        blamed = parts[1:] if expr.op in DIVISIONS else parts
        return Step(expr, UNKNOWN, frozenset().union(*map(_sources, blamed)), parts)

    def _decided(self, expr: Call) -> Step:
        decision = decision_of(expr)
        rows = [(self.trace(when), self.trace(value)) for when, value in decision.arms]
        return decided(expr, rows, self.trace(decision.default), first=decision.first)

    def _conditional(self, expr: Expr, test: Step, yes: Expr, no: Expr) -> Step:
        if test.value is UNKNOWN:
            branches = [self.trace(yes), self.trace(no)]
            missing = test.missing.union(*(b.missing for b in branches))
            return Step(expr, UNKNOWN, missing, [test, *branches])
        taken = self.trace(yes if test.value else no)
        return Step(expr, taken.value, taken.missing, [test, taken])


def decided(expr: Expr, rows: list[tuple[Step, Step]], default: Step, *, first: bool) -> Step:
    """What rows decide: the one value of all that may decide, else it is unknown."""
    values: list[Any] = []
    missing: frozenset[str] = frozenset()
    parts, sure = [], False
    for when, value in rows:
        when.decisive = value.decisive = not (first and sure) and when.value is not False
        parts += [when, value] if when.decisive else [when]
        if not when.decisive:
            continue
        values.append(value.value)
        missing |= when.missing if when.value is UNKNOWN else frozenset()
        missing |= value.missing if value.value is UNKNOWN else frozenset()
        sure = sure or when.value is True
    if not sure:
        values.append(default.value)
        missing |= default.missing if default.value is UNKNOWN else frozenset()
        parts.append(default)
    if UNKNOWN in values or any(v != values[0] for v in values):
        return Step(expr, UNKNOWN, missing, parts)
    return Step(expr, values[0], parts=parts)


def _sources(step: Step) -> frozenset[str]:
    """The fields that a known value is made of; of a month, the one whose day is not known."""
    if isinstance(step.expr, FieldRef):
        return frozenset((step.expr.name,))
    if isinstance(step.expr, Call) and step.expr.op == DECIDE:
        decision = decision_of(step.expr)
        return field_names(decision.default, *(value for _, value in decision.arms))
    # Of a choice the test is settled; of a month that was moved only one part is a month.
    month = step.expr.type.kind is Kind.MONTH
    choice = isinstance(step.expr, Call) and step.expr.op == "?:"
    found = (_sources(p) for p in step.parts[1 if choice else 0:]
             if not month or p.expr.type.kind is Kind.MONTH)
    return frozenset().union(*found)


def _junction(expr: Expr, parts: list[Step], absorbing: bool) -> Step:
    """`&&` and `||`: one absorbing operand settles it, whatever the others are."""
    values = [p.value for p in parts]
    value: Any
    if any(v is absorbing for v in values):
        value, kept = absorbing, [v is absorbing for v in values]
    elif UNKNOWN in values:
        value, kept = UNKNOWN, [v is UNKNOWN for v in values]
    else:
        value, kept = not absorbing, [True for _ in values]
    missing: frozenset[str] = frozenset()
    for part, keep in zip(parts, kept, strict=True):
        part.decisive = keep
        if value is UNKNOWN and keep:
            missing |= part.missing
    return Step(expr, value, missing, parts)


def _as_an_office(op: str, apply: Any, parts: list[Step], how: Comparison) -> Any:
    """The function of a strict operator on texts that an office does not compare to the letter."""
    def decide(*written: Any) -> Any:
        forms = [_form(part, how) for part in parts]
        if op not in TEXT_TESTS:
            return apply(*forms)
        if op == "matches":
            forms[1] = written[1]
        return apply(*written) or apply(*forms)

    return decide


def _form(step: Step, how: Comparison) -> Any:
    """A known value as it is compared: a field's in its own way, what has none by `how`."""
    match step.expr:
        case ListLit():
            return [_form(part, how) for part in step.parts]
        case Call(op="?:"):
            return _form(step.parts[1], how)
        case FieldRef(type=type_) if type_.compare != "text":
            how = type_.compare
    return canonical(step.value, how) if isinstance(step.value, str) else step.value


def _apply(op: str, expr: Call) -> Any:
    """The function of a strict operator on known operands."""
    if op in ("+", "-") and expr.type.kind in MONTH_AND_DAY:
        periods = [a.type.kind is Kind.PERIOD for a in expr.args]
        if periods[0]:
            return lambda months, day: add_months(day, months)
        if periods[1]:
            sign = 1 if op == "+" else -1
            return lambda day, months: add_months(day, sign * months)
    return _FUNCTIONS[op]


_FUNCTIONS: dict[str, Any] = {
    "!": lambda a: not a,
    "neg": lambda a: -a,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "in": lambda a, b: a in b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "days": lambda a: a,
    "months": lambda a: a,
    "workdays": lambda a: a,
    "size": len,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": lambda a, b: b in a,
    "matches": lambda a, b: searcher(b)(a) is not None,
}
_PARTIAL: dict[str, Any] = {
    "/": lambda a, b: quotient(a, b) if b else UNKNOWN,
    "%": lambda a, b: remainder(a, b) if b else UNKNOWN,
    "date": lambda *parts: UNKNOWN if (day := day_of(*parts)) is None else day,
    **{part: partial(day_part, part) for part in READ},
}
# A point in time is a constant by the time that it is evaluated.
assert {*_FUNCTIONS, *_PARTIAL, "timestamp"} == {name for name, op in OPS.items() if op.strict}
