"""The Kleene pass. In: a typed expression and what is constant. Out: two-valued conditions.

For a condition F: `sure(F)` is "F is definitely true", `never(F)` "F is definitely false",
`maybe(F)` "F is not definitely false", `unsure(F)` "F is not definitely true". Negation is pushed
to the leaves, so none of the four contains one. `due_to(F, field)` says when F is unknown and the
missing `field` could decide it.

Of a field that is absent (its ledger has no column for it) everything is unknown, `has()` too.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from zhuanjie.engine.expr.decisions import decision_of
from zhuanjie.engine.expr.nodes import (
    AsOf,
    Call,
    Expr,
    FieldRef,
    ListLit,
    Lit,
    Param,
    comparison,
)
from zhuanjie.engine.expr.operators import COMPARISONS, DAY_PARTS, NEGATED, TEXT_TESTS
from zhuanjie.engine.expr.types import BOOL, Kind
from zhuanjie.engine.expr.undecided import by_the_day, month_and_day, undecided_by
from zhuanjie.engine.lowering.assume import negated
from zhuanjie.engine.lowering.civil import civil_day
from zhuanjie.engine.lowering.conditions import (
    FALSE,
    TRUE,
    ColumnRef,
    Cond,
    Const,
    Size,
    Term,
    TextTest,
    Value,
    all_of,
    among,
    any_of,
    arith,
    canonical,
    compare,
    divide,
    filled,
    is_missing,
    known,
    missing,
    part_of,
    pick,
    shift,
)
from zhuanjie.engine.lowering.decisions import because, chosen, decided, perhaps
from zhuanjie.engine.lowering.month_bounds import every_day
from zhuanjie.engine.lowering.partial import no_value, rests_on
from zhuanjie.engine.lowering.work_moves import moved_by_work
from zhuanjie.engine.vocabulary.comparison import Comparison


class Kleene(Struct, frozen=True):
    """Lowers expressions for an as-of day and parameter values.

    Each is a number, or a term where it is to stay open (for a solver that asks of every day).
    `absent` are fields that there is no column for.
    """

    as_of: int | Term
    params: Mapping[str, int | Term]
    absent: frozenset[str] = frozenset()

    @property
    def today(self) -> Term:
        """The as-of day."""
        return _given(self.as_of, Kind.DATE)

    def must_be_true(self, expr: Expr) -> Cond:
        """When `expr` is definitely true."""
        return self._truth(expr, True)

    def must_be_false(self, expr: Expr) -> Cond:
        """When `expr` is definitely false."""
        return self._truth(expr, False)

    def _truth(self, expr: Expr, want: bool) -> Cond:
        """When the boolean `expr` definitely is `want`."""
        if expr.type.kind is Kind.ANY:
            return FALSE  # made of fields that have no value at all
        match expr:
            case Lit(value=value):
                return Const(value is want)
            case Call(op="!", args=(inner,)):
                return self._truth(inner, not want)
            case Call(op="&&" | "||" as op, args=args):
                parts = [self._truth(a, want) for a in args]
                return all_of(parts) if (op == "&&") is want else any_of(parts)
            case Call(op="?:", args=(test, yes, no)):
                return any_of((
                    all_of((self.must_be_true(test), self._truth(yes, want))),
                    all_of((self.must_be_false(test), self._truth(no, want))),
                ))
            case Call(op="decide"):
                return decided(self, decision_of(expr), want)
            case Call(op="has", args=(FieldRef() as field,)):
                if field.name in self.absent:
                    return FALSE
                if field.type.kind is Kind.ANY:
                    return Const(not want)
                return filled(field.name, blank=not want)
            case Call(op="==" | "!=" as op, args=(a, b)) if Kind.BOOL in (a.type.kind, b.type.kind):
                same = (op == "==") is want
                return any_of(
                    all_of((self._truth(a, v), self._truth(b, v is same))) for v in (True, False)
                )
            case Call():
                return self._leaf(expr, want)
            case FieldRef():
                return compare("==", self.term(expr), Value(want, Kind.BOOL))
            case _:
                raise AssertionError(expr)

    def _leaf(self, expr: Call, want: bool) -> Cond:
        a, b = expr.args
        if (mixed := month_and_day(expr)) is not None:
            op, month, day = mixed
            return every_day(op if want else NEGATED[op], self.term(month), self.term(day))
        how = comparison(a, b)
        if expr.op in COMPARISONS:
            return compare(expr.op if want else NEGATED[expr.op], self.compared(a, how),
                           self.compared(b, how))
        if expr.op == "in" and isinstance(b, ListLit):
            return self._among(a, b, want)
        text, other = self.term(a), self.term(b)
        if expr.op in TEXT_TESTS:
            if is_missing(text) or is_missing(other):
                return FALSE
            held = TextTest(expr.op, text, other, fails=not want)
            if how == "text":
                return held
            # Asked of the text as written and as it is compared: either will do.
            form = TextTest(expr.op, self.compared(a, how), other if expr.op == "matches"
                            else self.compared(b, how), fails=not want)
            return any_of((held, form)) if want else all_of((held, form))
        raise AssertionError(expr.op)

    def _among(self, item: Expr, pool: ListLit, want: bool) -> Cond:
        if item.type.kind is Kind.BOOL:
            same = [Call("==", (item, c), BOOL) for c in pool.items]
            hits = [self._truth(c, want) for c in same]
            strict = [self.known(c) for c in pool.items]
            return all_of([any_of(hits) if want else all_of(hits), self.known(item), *strict])
        how = comparison(item, pool)
        term = self.compared(item, how)
        if is_missing(term):
            return FALSE
        candidates = [self.compared(c, how) for c in pool.items]
        if all(isinstance(c, Value) and c.value is not None for c in candidates):
            values = tuple(dict.fromkeys(c.value for c in candidates if isinstance(c, Value)))
            return among(term, values, outside=not want)
        # A list with a missing element is missing as a whole, as in CEL.
        hits = [compare("==" if want else "!=", term, c) for c in candidates]
        found = any_of(hits) if want else all_of(hits)
        return all_of([found, known(term), *(known(c) for c in candidates)])

    def compared(self, expr: Expr, how: Comparison) -> Term:
        """The value of `expr` as it is compared: each field in its own way, what has none by `how`.
        """
        match expr:
            case FieldRef(type=type_) if type_.compare != "text":
                return canonical(self.term(expr), type_.compare)
            case Call(op="?:", args=(test, yes, no)) if how != "text":
                arms = ((self.must_be_true(test), self.compared(yes, how)),
                        (self.must_be_false(test), self.compared(no, how)))
                return pick(arms, expr.type.kind)
            case Call(op="decide"):
                return chosen(self, decision_of(expr), expr.type.kind,
                              lambda value: self.compared(value, how))
            case _:
                return canonical(self.term(expr), how)

    def term(self, expr: Expr) -> Term:
        """The value of a non-boolean `expr`; a month is its first day, and a day to engines."""
        kind = Kind.DATE if expr.type.kind is Kind.MONTH else expr.type.kind
        match expr:
            case Lit(value=value):
                return Value(value, kind)
            case Param(name=name):
                return _given(self.params[name], kind)
            case AsOf():
                return self.today
            case FieldRef(name=name):
                gone = kind is Kind.ANY or name in self.absent
                return missing(kind) if gone else ColumnRef(name, kind)
            case Call(op="?:", args=(test, yes, no)):
                return pick(
                    (
                        (self.must_be_true(test), self.term(yes)),
                        (self.must_be_false(test), self.term(no)),
                    ),
                    kind,
                )
            case Call(op="decide"):
                return chosen(self, decision_of(expr), kind, self.term)
            case Call(op="days" | "months" | "workdays", args=(count,)):
                return self.term(count)
            case Call(op="neg", args=(inner,)):
                return arith("-", Value(0, kind), self.term(inner), kind)
            case Call(op="size", args=(text,)):
                inner_term = self.compared(text, comparison(text))
                if isinstance(inner_term, Value):
                    size = None if inner_term.value is None else len(str(inner_term.value))
                    return Value(size, Kind.INT)
                return Size(inner_term)
            case Call(op="+" | "-" | "*" as op, args=(a, b)):
                return self._arithmetic(op, a, b, kind)
            case Call(op="/" | "%" as op, args=(a, b)):
                return divide(op, self.term(a), self.term(b))
            case Call(op="date", args=args):
                return civil_day([self.term(a) for a in args], [a.type for a in args])
            case Call(op=op, args=(day,)) if op in DAY_PARTS:
                return missing(kind) if by_the_day(expr) else part_of(op, self.term(day))
            case _:
                raise AssertionError(expr)

    def _arithmetic(self, op: str, a: Expr, b: Expr, kind: Kind) -> Term:
        left, right = self.term(a), self.term(b)
        if Kind.WORKDAYS in (a.type.kind, b.type.kind):
            first = a.type.kind is Kind.WORKDAYS
            return moved_by_work(right if first else left, left if first else right,
                                 (a if first else b).type, -1 if op == "-" else 1)
        if kind is Kind.DATE and Kind.PERIOD in (a.type.kind, b.type.kind):
            if a.type.kind is Kind.PERIOD:
                left, right = right, left
            if op == "-":
                right = arith("-", Value(0, Kind.PERIOD), right, Kind.PERIOD)
            return shift(left, right)
        if isinstance(left, Value) and op == "+" and not isinstance(right, Value):
            left, right = right, left
        return arith(op, left, right, kind)

    def known(self, expr: Expr) -> Cond:
        """When `expr` has a value at all."""
        if expr.type.kind is Kind.BOOL:
            return any_of((self.must_be_true(expr), self.must_be_false(expr)))
        return known(self.term(expr))

    def unknown(self, expr: Expr) -> Cond:
        """When `expr` has no value: evidence that it needs is missing."""
        if isinstance(expr, (Lit, Param, AsOf)):
            return FALSE
        match expr:
            case FieldRef(name=name, type=type_):
                gone = type_.kind is Kind.ANY or name in self.absent
                return TRUE if gone else filled(name, blank=True)
            case Call(op="has", args=(FieldRef(name=name),)):
                return Const(name in self.absent)
            case Call(op="decide") if expr.type.kind is not Kind.BOOL:
                return negated(known(self.term(expr)))
            case Call(op="&&" | "||" | "decide"):
                return all_of((self.may_be_true(expr), self.may_be_false(expr)))
            case Call(op="?:", args=(test, yes, no)):
                return any_of((
                    self.unknown(test),
                    all_of((self.must_be_true(test), self.unknown(yes))),
                    all_of((self.must_be_false(test), self.unknown(no))),
                ))
            case Call(args=args):
                return any_of((*(self.unknown(a) for a in args), no_value(self, expr)))
            case ListLit(items=items):
                return any_of(self.unknown(i) for i in items)
            case _:
                raise AssertionError(expr)

    def may_be_true(self, expr: Expr) -> Cond:
        """When the boolean `expr` is not definitely false."""
        return self._possible(expr, True)

    def may_be_false(self, expr: Expr) -> Cond:
        """When the boolean `expr` is not definitely true."""
        return self._possible(expr, False)

    def _possible(self, expr: Expr, want: bool) -> Cond:
        match expr:
            case Call(op="!", args=(inner,)):
                return self._possible(inner, not want)
            case Call(op="&&" | "||" as op, args=args):
                parts = [self._possible(a, want) for a in args]
                return all_of(parts) if (op == "&&") is want else any_of(parts)
            case Call(op="decide"):
                return perhaps(self, decision_of(expr), want)
            case _:
                return any_of((self._truth(expr, want), self.unknown(expr)))

    def unknown_because_of(self, expr: Expr, name: str) -> Cond:
        """When `expr` is unknown and the missing field `name` is among those that could decide it.

        Where an operand is known already, what it reads cannot decide any more.
        """
        match expr:
            case FieldRef(name=own) if own in self.absent:
                return Const(own == name)
            case FieldRef(name=own):
                return filled(name, blank=True) if own == name else FALSE
            case Call(op="has", args=(FieldRef(name=own),)):
                return Const(own == name and own in self.absent)
            case Call(op="?:", args=(test, yes, no)):
                unknown = self.unknown(test)
                return any_of((
                    all_of((unknown, any_of(self.unknown_because_of(a, name) for a in expr.args))),
                    all_of((self.must_be_true(test), self.unknown_because_of(yes, name))),
                    all_of((self.must_be_false(test), self.unknown_because_of(no, name))),
                ))
            case Call(op="decide"):
                inner = because(self, decision_of(expr), name)
                return all_of((inner, self.unknown(expr))) if inner != FALSE else FALSE
            case Call(op="&&" | "||", args=args):
                inner = any_of(self.unknown_because_of(a, name) for a in args)
                return all_of((inner, self.unknown(expr))) if inner != FALSE else FALSE
            case Call(args=args):
                inner = any_of(self.unknown_because_of(a, name) for a in args)
                blamed = any_of(rests_on(self, a, name) for a in undecided_by(expr))
                return any_of((inner, all_of((blamed, no_value(self, expr)))))
            case ListLit(items=items):
                return any_of(self.unknown_because_of(i, name) for i in items)
            case _:
                return FALSE


def _given(value: int | Term, kind: Kind) -> Term:
    return Value(value, kind) if isinstance(value, int) else value
