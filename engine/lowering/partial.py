"""Known operands that give no value. In: a call, the Kleene pass. Out: when, and what is to blame.

The day of a month would decide it, it divides by zero, or there is no such day.
"""

from __future__ import annotations

from typing import Protocol

from zhuanjie.engine.expr.decisions import DECIDE, decision_of
from zhuanjie.engine.expr.nodes import Call, Expr, FieldRef, field_names
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.expr.undecided import by_the_day, month_and_day, workday_move
from zhuanjie.engine.lowering.civil import is_no_day
from zhuanjie.engine.lowering.conditions import (
    FALSE,
    Cond,
    Const,
    Term,
    Value,
    all_of,
    any_of,
    compare,
)
from zhuanjie.engine.lowering.month_bounds import undecided
from zhuanjie.engine.lowering.work_moves import beyond_table


class ValuePass(Protocol):
    """What is asked of the Kleene pass."""

    def must_be_true(self, expr: Expr) -> Cond:
        """When it is definitely true."""
        ...

    def must_be_false(self, expr: Expr) -> Cond:
        """When it is definitely false."""
        ...

    def known(self, expr: Expr) -> Cond:
        """When it has a value."""
        ...

    def term(self, expr: Expr) -> Term:
        """Its value."""
        ...


def no_value(k: ValuePass, expr: Call) -> Cond:
    """When there is no value though all operands are known."""
    match expr:
        case Call(op="/" | "%", args=(number, by)):
            return all_of((compare("==", k.term(by), Value(0, Kind.INT)), k.known(number)))
        case Call(op="date", args=args):
            return is_no_day([k.term(a) for a in args], [a.type for a in args])
        case Call(args=(month,)) if by_the_day(expr):
            return k.known(month)
    if (move := workday_move(expr)) is not None:
        return all_of((k.known(move[0]), beyond_table(
            k.term(move[0]), k.term(move[1]), move[1].type, move[2])))
    mixed = month_and_day(expr)
    if mixed is None:
        return FALSE
    op, month, day = mixed
    return undecided(op, k.term(month), k.term(day))


def rests_on(k: ValuePass, expr: Expr, name: str) -> Cond:
    """When a known value (of a month: its day) is that of the field `name`, or made of it.

    Of a choice the test is settled; of a month that was moved only one part is a month. Of what a
    table decides it is made of whatever its rows give.
    """
    match expr:
        case FieldRef(name=own):
            return Const(own == name)
        case Call(op="?:", args=(test, yes, no)):
            return any_of((
                all_of((k.must_be_true(test), rests_on(k, yes, name))),
                all_of((k.must_be_false(test), rests_on(k, no, name))),
            ))
        case Call() if expr.op == DECIDE:
            decision = decision_of(expr)
            return Const(name in field_names(decision.default, *(v for _, v in decision.arms)))
        case Call(args=args):
            return any_of(rests_on(k, a, name) for a in args
                          if expr.type.kind is not Kind.MONTH or a.type.kind is Kind.MONTH)
        case _:
            return FALSE
