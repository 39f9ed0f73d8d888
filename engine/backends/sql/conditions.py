"""Conditions to SQL. In: lowered conditions and terms. Out: sqlglot's expression trees.

Conditions hold no negation, so a missing operand may stay null all the way up: null is simply not
true. Dates are day numbers; every whole number has 64 bits, which no checked arithmetic leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp

from zhuanjie.engine.backends.sql.dialects import Dialect, Tree, as_int, call, group, whole
from zhuanjie.engine.core.workdays import WorkCalendar, known_for, steps
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.conditions import (
    AllOf,
    Among,
    AnyOf,
    Arith,
    Canonical,
    ColumnRef,
    Compare,
    Cond,
    Const,
    Constant,
    DayPart,
    Divide,
    Filled,
    Pick,
    Shift,
    Size,
    Term,
    TextTest,
    Value,
    WorkShift,
    known,
)

_COMPARE: dict[str, type[exp.Binary]] = {
    "==": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}
_ARITH: dict[str, type[exp.Binary]] = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul}
_TYPES = {Kind.BOOL: "BOOLEAN", Kind.STRING: "TEXT"}


class Compiler:
    """Compiles for one dialect; `names` says which column holds each field."""

    def __init__(self, dialect: Dialect, names: Mapping[str, str]) -> None:
        self.dialect = dialect
        self.names = names

    def column(self, name: str) -> Tree:
        """The column of a field."""
        return column(self.names[name])

    def condition(self, cond: Cond) -> Tree:
        """The condition: true, or false or null."""
        match cond:
            case Const(value=value):
                return exp.Boolean(this=value)
            case AllOf(parts=parts):
                return joined(exp.And, map(self.condition, parts))
            case AnyOf(parts=parts):
                return joined(exp.Or, map(self.condition, parts))
            case Filled(name=name, blank=blank):
                empty = exp.Is(this=self.column(name), expression=exp.Null())
                return empty if blank else exp.Not(this=empty)
            case Compare(op=op, left=left, right=right):
                return self._compare(op, left, right)
            case Among():
                return self._among(cond)
            case TextTest(op=op, text=text, other=other, fails=fails):
                held = self._text_test(op, self.term(text), other)
                return exp.Not(this=group(held)) if fails else held

    def _compare(self, op: str, left: Term, right: Term) -> Tree:
        a, b = group(self.term(left)), group(self.term(right))
        if Kind.STRING in (left.kind, right.kind):
            a = self.dialect.ordered(a)
        return _COMPARE[op](this=a, expression=b)

    def _among(self, among: Among) -> Tree:
        if not among.values:
            return self.condition(known(among.term)) if among.outside else exp.false()
        found = exp.In(this=group(self.term(among.term)), expressions=[
            self.constant(value, among.term.kind) for value in among.values])
        return exp.Not(this=group(found)) if among.outside else found

    def _text_test(self, op: str, text: Tree, other: Term) -> Tree:
        if op == "matches":
            assert isinstance(other, Value)
            return self.dialect.matches(text, str(other.value))
        return self.dialect.holds(op, text, self.term(other))

    def term(self, term: Term) -> Tree:
        """The term; dates, durations and periods as whole numbers."""
        match term:
            case Value(value=value, kind=kind):
                return self.constant(value, kind)
            case ColumnRef(name=name):
                return self.column(name)
            case Arith(op=op, left=left, right=right):
                return _ARITH[op](this=group(self.term(left)), expression=group(self.term(right)))
            case Divide(op=op, left=left, right=right):
                return self.dialect.divided(op, self.term(left), self.term(right))
            case DayPart(part=part, day=day):
                return self.dialect.day_part(part, self.term(day))
            case WorkShift(date=date, days=count, calendar=calendar):
                return self._worked(self.term(date), count, calendar)
            case Shift(date=date, months=months):
                return self.dialect.moved(self.term(date), self.term(months))
            case Size(text=text):
                return self.dialect.size(self.term(text))
            case Canonical(text=text, how=how):
                return self.dialect.compared(self.term(text), how)
            case Pick(arms=arms):
                return self.choice((self.condition(c), self.term(t)) for c, t in arms)

    def _worked(self, day: Tree, count: int, calendar: WorkCalendar) -> Tree:
        """A day moved by working days: the steps of all days stand in a text."""
        first, moves = steps(calendar, count)
        if not moves:
            return self.constant(None, Kind.DATE)
        width = max(len(str(abs(n))) for n in moves if n is not None)
        text = "".join(f"{abs(n):0{width}}" if n is not None else " " * width for n in moves)
        ahead = exp.Sub(this=group(day.copy()), expression=whole(first))
        at = exp.Add(this=exp.Mul(this=exp.paren(ahead), expression=whole(width)),
                     expression=whole(1))
        step = exp.cast(call("substr", self.dialect.text(text), as_int(at),
                             exp.Literal.number(width)), "BIGINT")
        kind = exp.Add if count > 0 else exp.Sub
        known = [exp.Between(this=group(day.copy()), low=whole(low), high=whole(high))
                 for low, high in known_for(calendar, count)]
        return self.choice([(joined(exp.Or, known), kind(this=group(day), expression=step))])

    def constant(self, value: Constant, kind: Kind) -> Tree:
        """A constant of a kind; None is null."""
        match value:
            case None:
                return exp.cast(exp.Null(), _TYPES.get(kind, "BIGINT"))
            case bool():
                return exp.Boolean(this=value)
            case int():
                return whole(value)
            case str():
                return self.dialect.text(value)

    def choice(self, arms: Iterable[tuple[Tree, Tree]], otherwise: Tree | None = None) -> Tree:
        """The value of the first arm whose condition holds."""
        return exp.Case(ifs=[exp.If(this=test, true=value) for test, value in arms],
                        default=otherwise)

    def word(self, conditions: Sequence[Cond]) -> Tree:
        """A whole number whose bit i says that condition i holds."""
        bits = [self.choice([(self.condition(cond), whole(1 << i))], whole(0))
                for i, cond in enumerate(conditions) if cond != Const(False)]
        return joined(exp.BitwiseOr, bits) if bits else whole(0)

    def number(self, conditions: Sequence[Cond]) -> Tree:
        """The number of the first condition that holds, null where none does."""
        return self.choice((self.condition(c), whole(i)) for i, c in enumerate(conditions))

    def truth(self, sure: Cond, never: Cond) -> Tree:
        """True, false, or null where neither condition holds."""
        return self.choice([(self.condition(sure), exp.true()),
                            (self.condition(never), exp.false())])


def column(name: str, table: str | None = None) -> exp.Column:
    """A column by its quoted name."""
    return exp.column(name, table=table, quoted=True)


def aliased(tree: Tree, name: str) -> Tree:
    """`tree` under a quoted name."""
    return exp.alias_(tree, name, quoted=True, copy=False)


def joined(kind: type[exp.Binary], parts: Iterable[Tree]) -> Tree:
    """Parts under one operator, as a tree that is no deeper than it must be."""
    level: list[Tree] = [group(part) for part in parts]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        rest = level[len(level) // 2 * 2 :]
        level = [kind(this=a, expression=b) for a, b in pairs] + rest
    return level[0]


__all__ = ["Compiler", "aliased", "call", "column", "joined"]
