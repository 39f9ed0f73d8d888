"""What rows decide, lowered. In: a `decide` call, the Kleene pass. Out: conditions and terms.

A row alone passes on what the rows after it come to, x, as "P, or Q and x": P that it holds and
gives what is wanted, Q that it does not hold or gives it. Rows one after the other do so again, so
that a table is put together in halves, and is no deeper than it must be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from zhuanjie.engine.expr.decisions import Decision
from zhuanjie.engine.expr.nodes import Call, Expr
from zhuanjie.engine.expr.printer import to_text
from zhuanjie.engine.expr.types import BOOL, Kind
from zhuanjie.engine.lowering.conditions import FALSE, Cond, Term, all_of, any_of, pick

Join = Callable[[Iterable[Cond]], Cond]


class Lowering(Protocol):
    """What is asked of the Kleene pass."""

    def must_be_true(self, expr: Expr) -> Cond:
        """When it is definitely true."""
        ...

    def must_be_false(self, expr: Expr) -> Cond:
        """When it is definitely false."""
        ...

    def may_be_true(self, expr: Expr) -> Cond:
        """When it is not definitely false."""
        ...

    def may_be_false(self, expr: Expr) -> Cond:
        """When it is not definitely true."""
        ...

    def unknown_because_of(self, expr: Expr, name: str) -> Cond:
        """When it is unknown and `name` is among what could decide it."""
        ...


def decided(k: Lowering, decision: Decision, want: bool) -> Cond:
    """When a yes or no is definitely `want`."""
    truth = k.must_be_true if want else k.must_be_false
    arms = [(k.must_be_true(when), k.must_be_false(when), truth(value))
            for when, value in decision.arms]
    rest = truth(decision.default)
    if decision.first:
        chain = [(all_of((sure, wanted)), any_of((fails, wanted))) for sure, fails, wanted in arms]
        return _passed(chain, rest, all_of, any_of)
    holds = any_of(sure for sure, _, _ in arms)
    return all_of([*(any_of((fails, wanted)) for _, fails, wanted in arms), any_of((holds, rest))])


def perhaps(k: Lowering, decision: Decision, want: bool) -> Cond:
    """When a yes or no may be `want`: it is not definitely the other."""
    possible = k.may_be_true if want else k.may_be_false
    arms = [(k.may_be_false(when), k.may_be_true(when), possible(value))
            for when, value in decision.arms]
    rest = possible(decision.default)
    if decision.first:
        chain = [(any_of((unsure, wanted)), all_of((may, wanted))) for unsure, may, wanted in arms]
        return _passed(chain, rest, any_of, all_of)
    none = all_of(unsure for unsure, _, _ in arms)
    return any_of([*(all_of((may, wanted)) for _, may, wanted in arms), all_of((none, rest))])


def _passed(chain: Sequence[tuple[Cond, Cond]], rest: Cond, both: Join, either: Join) -> Cond:
    p, q = _halved(chain, both, either)
    return either((p, both((q, rest))))


def _halved(chain: Sequence[tuple[Cond, Cond]], both: Join, either: Join) -> tuple[Cond, Cond]:
    if len(chain) == 1:
        return chain[0]
    half = len(chain) // 2
    (p, q), (r, s) = (_halved(part, both, either) for part in (chain[:half], chain[half:]))
    return either((p, both((q, r)))), both((q, s))


def chosen(k: Lowering, decision: Decision, kind: Kind, term: Callable[[Expr], Term]) -> Term:
    """The value that is neither yes nor no: each that there is, where it is definitely that."""
    values = {to_text(v): v for v in (*(value for _, value in decision.arms), decision.default)}
    found = []
    for value in values.values():
        same = Decision(
            decision.name, decision.first,
            tuple((when, _same(other, value)) for when, other in decision.arms),
            _same(decision.default, value))
        found.append((decided(k, same, True), term(value)))
    return pick(found, kind)


def _same(a: Expr, b: Expr) -> Expr:
    return Call("==", (a, b), BOOL)


def because(k: Lowering, decision: Decision, name: str) -> Cond:
    """When `name` is missing in a row that may decide, of a decision that is not known."""
    found: list[Cond] = []
    passed: list[Cond] = []
    for when, value in decision.arms:
        here = any_of((k.unknown_because_of(when, name),
                       all_of((k.may_be_true(when), k.unknown_because_of(value, name)))))
        if here != FALSE:
            found.append(all_of((*(passed if decision.first else ()), here)))
        passed.append(k.may_be_false(when))
    return any_of((*found, all_of((*passed, k.unknown_because_of(decision.default, name)))))
