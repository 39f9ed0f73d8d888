"""Conditions under what is known already. In: a condition and facts. Out: a smaller condition.

Engines that judge one record test conditions one after another; what an earlier test has settled
need not be asked again.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct, field

from zhuanjie.engine.expr.operators import NEGATED
from zhuanjie.engine.lowering.conditions import (
    FALSE,
    TRUE,
    AllOf,
    Among,
    AnyOf,
    ColumnRef,
    Compare,
    Cond,
    Const,
    Constant,
    Filled,
    TextTest,
    Value,
    all_of,
    any_of,
    known,
)
from zhuanjie.engine.lowering.walk import Leaf


def opposite(leaf: Leaf) -> Leaf:
    """What holds instead of `leaf` where all its operands are known."""
    match leaf:
        case Filled(name=name, blank=blank):
            return Filled(name, not blank)
        case Compare(op=op, left=left, right=right):
            return Compare(NEGATED[op], left, right)
        case Among(term=term, values=values, outside=outside):
            return Among(term, values, not outside)
        case TextTest(op=op, text=text, other=other, fails=fails):
            return TextTest(op, text, other, not fails)


@lru_cache(maxsize=4096)
def needed(leaf: Leaf) -> Cond:
    """When all operands of `leaf` are known, so that it or its opposite holds."""
    match leaf:
        case Filled():
            return TRUE
        case Compare(left=left, right=right):
            return all_of((known(left), known(right)))
        case Among(term=term):
            return known(term)
        case TextTest(text=text, other=other):
            return all_of((known(text), known(other)))


def negated(cond: Cond) -> Cond:
    """When `cond` does not hold: by De Morgan's laws down to the leaves.

    A leaf fails where its opposite holds, and where it has an operand that is not known.
    """
    match cond:
        case Const(value=value):
            return Const(not value)
        case AllOf(parts=parts):
            return any_of(map(negated, parts))
        case AnyOf(parts=parts):
            return all_of(map(negated, parts))
        case _:
            return any_of((opposite(cond), negated(needed(cond))))


class Assumptions(Struct, frozen=True):
    """What is known of a record: which cells are filled, which conditions hold, which do not.

    `equal` gives the fields whose very value is known.
    """

    filled: Mapping[str, bool] = field(default_factory=dict)
    equal: Mapping[str, Constant] = field(default_factory=dict)
    held: tuple[Cond, ...] = ()
    failed: tuple[Cond, ...] = ()

    def given(self, cond: Cond, holds: bool = True) -> Assumptions:
        """The facts, with `cond` known to hold (or not to)."""
        return self._with(self.simplify(cond), holds)

    def _with(self, cond: Cond, holds: bool) -> Assumptions:
        """`given` for a condition that is as simple as it gets."""
        match cond:
            case Const():
                return self
            case Filled(name=name, blank=blank):
                filled = {**self.filled, name: holds is not blank}
                return Assumptions(filled, self.equal, self.held, self.failed)
            case AllOf(parts=parts) if holds:
                return self._each(parts, True)
            case AnyOf(parts=parts) if not holds:
                return self._each(parts, False)
            case AllOf() | AnyOf():
                return self._noted(cond, holds)
            case _:
                return self._leaf(cond, holds)

    def _each(self, parts: tuple[Cond, ...], holds: bool) -> Assumptions:
        facts = self
        for part in parts:
            facts = facts.given(part, holds)
        return facts

    def _noted(self, cond: Cond, holds: bool) -> Assumptions:
        if holds:
            return Assumptions(self.filled, self.equal, (*self.held, cond), self.failed)
        return Assumptions(self.filled, self.equal, self.held, (*self.failed, cond))

    def _leaf(self, leaf: Compare | Among | TextTest, holds: bool) -> Assumptions:
        if holds:
            facts = self._noted(leaf, True).given(needed(leaf))
            match leaf:
                case Compare(op="==", left=ColumnRef(name=name), right=Value(value=value)):
                    equal = {**facts.equal, name: value}
                    facts = Assumptions(facts.filled, equal, facts.held, facts.failed)
            return facts
        if self.simplify(needed(leaf)) == TRUE:
            return self._leaf(opposite(leaf), True)  # type: ignore[arg-type]  # no Filled here
        facts = self._noted(leaf, False)
        # Neither it nor its opposite: then an operand is missing.
        return facts.given(needed(leaf), False) if opposite(leaf) in self.failed else facts

    def simplify(self, cond: Cond) -> Cond:
        """`cond` without what the facts settle; parts count on those before them."""
        match cond:
            case Const():
                return cond
            case Filled(name=name, blank=blank):
                here = self.filled.get(name)
                return cond if here is None else Const(here is not blank)
            case AllOf() | AnyOf():
                return self._sequence(cond)
            case _:
                return self._settled(cond)

    def _sequence(self, cond: AllOf | AnyOf) -> Cond:
        conjunction = isinstance(cond, AllOf)
        facts, kept, same = self, [], True
        for part in cond.parts:
            smaller = facts.simplify(part)
            same = same and smaller is part
            kept.append(smaller)
            if isinstance(smaller, Const):
                if smaller.value is not conjunction:
                    return smaller
                continue
            facts = facts._with(smaller, conjunction)
        whole = cond if same else all_of(kept) if conjunction else any_of(kept)
        return TRUE if whole in self.held else FALSE if whole in self.failed else whole

    def _settled(self, leaf: Compare | Among | TextTest) -> Cond:
        if leaf in self.held:
            return TRUE
        other, operands = opposite(leaf), self.simplify(needed(leaf))
        if operands == FALSE or leaf in self.failed or other in self.held:
            return FALSE
        if operands == TRUE and other in self.failed:
            return TRUE
        match leaf:
            case Compare(op="==" | "!=" as op, left=ColumnRef(name=name), right=Value(value=value)):
                if name in self.equal:
                    return Const((self.equal[name] == value) is (op == "=="))
            case Among(term=ColumnRef(name=name), values=values, outside=outside):
                if name in self.equal:
                    return Const((self.equal[name] in values) is not outside)
        return leaf
