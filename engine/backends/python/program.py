"""Rules to one Python function. In: lowered rules. Out: a function from a record to bitmasks.

Rules stand below what they share: a field is looked at once, and where it is blank none
of the rules that need it is looked at. Below that the rule's outcomes are tried in turn. Exactly
one of the five outcomes holds (the lowering sees to it, and the tests try it), so that the last
needs no test.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from zhuanjie.engine.backends.record_syntax import const, function, name
from zhuanjie.engine.backends.record_terms import CodeGenerator, columns
from zhuanjie.engine.core.results import APPLICABLE_OUTCOMES, Outcome
from zhuanjie.engine.lowering.assume import Assumptions
from zhuanjie.engine.lowering.conditions import (
    FALSE,
    TRUE,
    AnyOf,
    Arith,
    Canonical,
    Cond,
    DayPart,
    Divide,
    Pick,
    Shift,
    Term,
    WorkShift,
)
from zhuanjie.engine.lowering.rules import LoweredRule
from zhuanjie.engine.lowering.walk import Node, children

Masks = tuple[int, int, int, int]
"""A number for each outcome of a rule that applies, bit i for rule i; one in none does not apply.
"""
Program = Callable[[Mapping[str, Any]], Masks]

_TRIED = (Outcome.SATISFIED, Outcome.VIOLATION, Outcome.PENDING, Outcome.UNDETERMINED)
_MASKS = dict(zip(APPLICABLE_OUTCOMES, "vups", strict=True))


class _Node(Struct):
    """Rules for which the same conditions leave open whether they apply, and what is below."""

    rules: list[int] = field(default_factory=list)
    below: list[tuple[Cond, _Node]] = field(default_factory=list)
    fields: frozenset[str] | None = None

    def at(self, steps: Sequence[Cond]) -> _Node:
        """The node that is reached where none of `steps` holds."""
        if not steps:
            return self
        for cond, node in self.below:
            if cond == steps[0]:
                return node.at(steps[1:])
        self.below.append((steps[0], _Node()))
        return self.below[-1][1].at(steps[1:])


def program(rules: Sequence[LoweredRule], alone: Mapping[str, int], all_outcomes: bool) -> Program:
    """Compile `rules`: bit i of each mask says that rule i came out so (see `APPLICABLE_OUTCOMES`).

    Satisfied rules are noted only with `all_outcomes`. `alone` presets the counts of `unique`
    rules.
    """
    root = _Node()
    for index, rule in enumerate(rules):
        never = rule.not_applicable
        if never != TRUE:
            steps = never.parts if isinstance(never, AnyOf) else () if never == FALSE else (never,)
            root.at(steps).rules.append(index)
    cells = CodeGenerator([c for r in rules for c in _asked(r)], alone)
    writer = _Writer(rules, cells, all_outcomes)
    body = [
        ast.Assign([ast.Name(m, ast.Store()) for m in _MASKS.values()], const(0)),
        *writer.node(root, Assumptions(), frozenset()),
        ast.Return(ast.Tuple([name(m) for m in _MASKS.values()], ast.Load())),
    ]
    return function(body, cells.bound)


def _asked(rule: LoweredRule) -> tuple[Cond, ...]:
    return (rule.not_applicable, *(getattr(rule, str(outcome)) for outcome in _TRIED))


class _Writer(Struct):
    rules: Sequence[LoweredRule]
    cells: CodeGenerator
    all_outcomes: bool

    def node(self, node: _Node, facts: Assumptions, loaded: frozenset[str]) -> list[ast.stmt]:
        """The statements of a node: what its rules or several branches read is read first."""
        uses = Counter(f for _, below in node.below for f in self._fields(below))
        here = {f for f, times in uses.items() if times > 1}
        here.update(*map(self._read, node.rules))
        here.update(f for cond, _ in node.below for f in _names(cond))
        fresh = [f for f in self.cells.fields() if f in here and f not in loaded]
        out = self.cells.load(fresh)
        loaded |= here
        for index in node.rules:
            out += self._rule(index, facts)
        for cond, below in node.below:
            body = self.node(below, facts.given(cond, False), loaded)
            out.append(ast.If(self.cells.fails(cond, facts), body or [ast.Pass()], []))
        return out

    def _fields(self, node: _Node) -> frozenset[str]:
        """What is read at a node and below it."""
        if node.fields is None:
            node.fields = frozenset[str]().union(
                *map(self._read, node.rules), *(_names(cond) for cond, _ in node.below),
                *(self._fields(below) for _, below in node.below))
        return node.fields

    def _read(self, index: int) -> frozenset[str]:
        """What a rule reads."""
        return frozenset(f for cond in _asked(self.rules[index]) for f in _names(cond))

    def _rule(self, index: int, facts: Assumptions) -> list[ast.stmt]:
        """One rule that may apply: its outcomes, each tried where those before do not hold."""
        steps: list[tuple[Cond, Assumptions, Outcome]] = []
        for outcome in _TRIED:
            cond = facts.simplify(getattr(self.rules[index], str(outcome)))
            if cond == FALSE:
                continue
            steps.append((cond, facts, outcome))
            facts = facts.given(cond, False)
        if not steps:
            return []
        start = steps[0][1]
        uses = Counter(t for cond, _, _ in steps[:-1] for t in _composite(cond))
        shared = [self.cells.bind(t, start) for t, times in uses.items() if times > 1]
        *tried, (_, _, rest) = steps
        body = self._note(rest, index)
        for cond, known, outcome in reversed(tried):
            noted = self._note(outcome, index) or [ast.Pass()]
            body = [ast.If(self.cells.test(cond, known), noted, body)]
        self.cells.unbind(len(shared))
        return [*shared, *body]

    def _note(self, outcome: Outcome, index: int) -> list[ast.stmt]:
        if outcome is Outcome.SATISFIED and not self.all_outcomes:
            return []
        mask = _MASKS[outcome]
        return [ast.AugAssign(ast.Name(mask, ast.Store()), ast.BitOr(), const(1 << index))]


def _names(node: Node) -> Iterator[str]:
    return (field for field, _, _ in columns(node))


def _composite(node: Node) -> Iterator[Term]:
    """The terms below `node` that are worth working out only once, the largest first."""
    if isinstance(node, Pick | Shift | WorkShift | Arith | Divide | DayPart | Canonical):
        yield node
        return
    for child in children(node):
        yield from _composite(child)
