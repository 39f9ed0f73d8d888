"""Lowered conditions to patterns. In: a condition. Out: durable-rules patterns, any of which holds.

A pattern is a conjunction of comparisons on the keys of one fact, without `$or` (it fires a rule
once for each side that holds, and in a conjunction of several the firings multiply) and without
absence tests. A condition becomes patterns that exclude one another, one for each way in which it
can come to hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, product
from math import prod
from typing import Any

from msgspec.structs import replace

from zhuanjie.engine.backends.durable.facts import FactKeys
from zhuanjie.engine.expr.operators import TURNED
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.assume import Assumptions, needed, opposite
from zhuanjie.engine.lowering.conditions import (
    TRUE,
    AllOf,
    Among,
    Arith,
    Compare,
    Cond,
    Const,
    Filled,
    Pick,
    Term,
    TextTest,
    Value,
    all_of,
)
from zhuanjie.engine.lowering.walk import Leaf, leaves

Test = dict[str, Any]
Pattern = tuple[Test, ...]
Way = tuple[Leaf, ...]

MOST = 60
"""How many patterns a fact may be asked for: the engine gives up where 64 branches are open."""

LONG = 64
"""Of how many comparisons at most a condition is taken apart: ways are looked for leaf by leaf."""

MANY = 8
"""Of how many values at most a text is matched with each."""

_OPS = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_YES, _NO = Value(True, Kind.BOOL), Value(False, Kind.BOOL)
_BY_DAYS = frozenset({Kind.DATE, Kind.DURATION})


def ways_of(conds: Sequence[Cond]) -> list[list[Way]]:
    """For each condition, the ways in which it can hold: one does where it holds, else none.

    All are to be asked of the same fact. Where that would make too many patterns, the compound
    parts of the conditions with the most ways are worked out beforehand; so is a very long
    condition as a whole.
    """
    conds = [_made(cond) if _is_long(cond) else cond for cond in conds]
    ways = [list(islice(_ways(cond, Assumptions()), MOST + 1)) for cond in conds]
    sizes = [size_of(found) for found in ways]
    for i in sorted(range(len(conds)), key=lambda i: -sizes[i]):
        if sum(sizes) <= MOST:
            break
        ways[i] = list(_ways(_coarse(conds[i]), Assumptions()))
        sizes[i] = size_of(ways[i])
    return ways


def patterns(ways: Sequence[Sequence[Way]], keys: FactKeys) -> list[list[Pattern]]:
    """The patterns of the ways of each condition, on the keys of one fact."""
    return [[p or ({keys.always: True},) for way in found for p in _written(way, keys)]
            for found in ways]


def _is_long(cond: Cond) -> bool:
    return next(islice(leaves(cond), LONG, None), None) is not None


def size_of(ways: Sequence[Way]) -> int:
    """How many patterns the ways make; more than `MOST` where not all of them were looked for."""
    alternatives = [prod(len(_leaf(leaf, FactKeys(""))) for leaf in way) for way in ways]
    return max(len(ways), sum(alternatives))


def _written(way: Way, words: FactKeys) -> Iterator[Pattern]:
    for chosen in product(*(_leaf(leaf, words) for leaf in way)):
        yield tuple(test for tests in chosen for test in tests)


def _ways(cond: Cond, facts: Assumptions) -> Iterator[Way]:
    """The ways in which `cond` can hold: each settles one leaf after another, for or against.

    A leaf is settled only after its operands are known: what the engine does with an operand that
    a fact lacks is undefined.
    """
    cond = facts.simplify(cond)
    if isinstance(cond, Const):
        if cond.value:
            yield ()
        return
    leaf = next(leaves(cond))
    while (lacking := facts.simplify(needed(leaf))) != TRUE:
        leaf = next(leaves(lacking))
    for settled in (leaf, opposite(leaf)):
        for rest in _ways(cond, facts.given(settled)):
            yield (settled, *rest)


def _coarse(cond: Cond) -> Cond:
    """The same condition with one way to hold: its parts that have more are worked out."""
    parts = cond.parts if isinstance(cond, AllOf) else (cond,)
    return all_of(p if isinstance(p, Leaf) and _plain(needed(p)) else _made(p) for p in parts)


def _plain(cond: Cond) -> bool:
    """Whether `cond` asks for filled cells and for nothing else."""
    return all(isinstance(p, Filled | Const)
               for p in (cond.parts if isinstance(cond, AllOf) else (cond,)))


def _made(cond: Cond) -> Cond:
    return Compare("==", Pick(((cond, _YES), (TRUE, _NO)), Kind.BOOL), _YES)


def _leaf(leaf: Leaf, words: FactKeys) -> list[Pattern]:
    """Tests for a leaf whose operands are known: any of the alternatives, all tests of one."""
    match leaf:
        case Filled(name=field, blank=blank):
            return [({words.presence(field): not blank},)]
        case Among(values=values, outside=outside) if len(values) > MANY:
            return [({words.made(replace(leaf, outside=False)): not outside},)]
        case Among(term=term, values=values, outside=True):
            return [tuple(_test("!=", words.value(term), v) for v in values)]
        case Among(term=term, values=values):
            return [(_test("==", words.value(term), v),) for v in values]
        case TextTest(fails=fails):
            return [({words.made(replace(leaf, fails=False)): not fails},)]
        case Compare(op=op, left=left, right=right):
            kind = right.kind if isinstance(left, Value) else left.kind
            if kind is Kind.STRING and op not in ("==", "!="):
                return [({words.made(leaf): True},)]  # the engine orders texts by bytes, quotes too
            shifted = _by_days(op, left, right, words) if kind in _BY_DAYS else None
            return [(shifted or _compare(op, left, right, words),)]


def _compare(op: str, left: Term, right: Term, words: FactKeys) -> Test:
    if isinstance(left, Value):
        op, left, right = TURNED[op], right, left
    if isinstance(right, Value):
        return _test(op, words.value(left), right.value)
    return _test(op, words.value(left), {"$m": words.value(right)})


def _test(op: str, key: str, right: Any) -> Test:
    return {key: right} if op == "==" else {_OPS[op]: {key: right}}


def _by_days(op: str, left: Term, right: Term, words: FactKeys) -> Test | None:
    """A comparison of days with all that is constant on its right: `a > 90` or `a > b + 90`.

    None where it has another form. Only days: whole numbers could leave the engine's 64 bits.
    """
    counts, rest = _sum(left, 1)
    more, shift = _sum(right, -1)
    counts.update(more)
    rest += shift
    terms = {term: times for term, times in counts.items() if times}
    match sorted(terms.items(), key=lambda item: -item[1]):
        case [(a, 1)]:
            return _test(op, words.value(a), -rest)
        case [(a, -1)]:
            return _test(TURNED[op], words.value(a), rest)
        case [(a, 1), (b, -1)]:
            other: Any = {"$m": words.value(b)}
            return _test(op, words.value(a),
                         {"$add": {"$l": other, "$r": -rest}} if rest else other)
    return None


def _sum(term: Term, sign: int) -> tuple[Counter[Term], int]:
    """`term` as so many times some terms, and a constant."""
    match term:
        case Value(value=int() as number):
            return Counter(), sign * number
        case Arith(op="+" | "-" as op, left=left, right=right):
            counts, number = _sum(left, sign)
            more, shift = _sum(right, sign if op == "+" else -sign)
            counts.update(more)
            return counts, number + shift
        case _:
            return Counter({term: sign}), 0
