"""Conditions and terms to Python. In: lowered conditions. Out: functions of one record.

Functions are made as syntax trees, never from text: nothing a pack says can become code. A record
maps field names to values, blanks absent or None; dates become day numbers as they are read.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from zhuanjie.engine.backends.record_syntax import (
    NONE,
    assign,
    both,
    call,
    compare,
    const,
    either,
    function,
    name,
)
from zhuanjie.engine.core.calendar import day_part
from zhuanjie.engine.core.dates import EPOCH_ORDINAL, add_months
from zhuanjie.engine.core.division import DIVIDE
from zhuanjie.engine.core.workdays import moved
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.assume import Assumptions, needed, opposite
from zhuanjie.engine.lowering.conditions import (
    TRUE,
    AllOf,
    Among,
    AnyOf,
    Arith,
    Canonical,
    ColumnRef,
    Compare,
    Cond,
    Const,
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
from zhuanjie.engine.lowering.conditions import (
    compare as compared,
)
from zhuanjie.engine.lowering.rules import UNIQUE_ALL, UNIQUE_SURE
from zhuanjie.engine.lowering.walk import Node, walk
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.regex.search import searcher
from zhuanjie.engine.vocabulary.comparison import canonical

Leaf = Compare | Among | TextTest

NOTHING = Assumptions()
"""Nothing is known of a record beforehand."""

_months = lru_cache(maxsize=1 << 14)(add_months)
_BINARY: dict[str, ast.operator] = {"+": ast.Add(), "-": ast.Sub(), "*": ast.Mult()}
_DIVISIONS = {"/": "quotient", "%": "remainder"}
_ZERO = Value(0, Kind.INT)
_part = lru_cache(maxsize=1 << 14)(day_part)
_SMALL = 3  # a tuple of so many is searched faster than a set


def alone(rules: Iterable[TypedRule]) -> dict[str, int]:
    """The counts of `unique` rules for a record that is judged by itself: it shares with none."""
    counts = (UNIQUE_SURE, UNIQUE_ALL)
    return {count.format(rule=rule.id): 1 for rule in rules for count in counts}


def columns(node: Node) -> Iterator[tuple[str, bool, bool]]:
    """Each mention of a field below `node`: its name, whether it is a date, whether it is read.

    What is only asked to be filled is not read.
    """
    for mention in walk(node):
        match mention:
            case Filled(name=field):
                yield field, False, False
            case ColumnRef(name=field, kind=kind):
                yield field, kind is Kind.DATE, True


class CodeGenerator:
    """The local variables of one function: fields as they are read, terms as they are shared."""

    def __init__(self, nodes: Iterable[Node], alone: Mapping[str, int]) -> None:
        """`nodes` are all that the function will ask of a record; `alone` presets blank counts."""
        self._local: dict[str, str] = {}
        self._days: set[str] = set()
        self._shared: list[tuple[Term, str]] = []
        self._alone = alone
        self._extra = 0
        self.bound: dict[str, Any] = {"months": _months}
        for node in nodes:
            for field, is_date, read in columns(node):
                self._local.setdefault(field, f"f{len(self._local)}")
                if is_date and read:
                    self._days.add(field)

    def fields(self) -> list[str]:
        """Every field the nodes mention."""
        return list(self._local)

    def load(self, fields: Iterable[str]) -> list[ast.stmt]:
        """Statements that read `fields` from the record by its method `get`."""
        out: list[ast.stmt] = []
        for field in fields:
            local = self._local[field]
            preset = [const(self._alone[field])] if field in self._alone else []
            out.append(assign(local, call(name("get"), const(field), *preset)))
            if field in self._days:
                ordinal = call(ast.Attribute(name(local), "toordinal", ast.Load()))
                day = assign(local, ast.BinOp(ordinal, ast.Sub(), const(EPOCH_ORDINAL)))
                out.append(ast.If(compare(name(local), ast.IsNot(), NONE), [day], []))
        return out

    def bind(self, term: Term, facts: Assumptions) -> ast.stmt:
        """A statement that works out `term` once; later mentions take its value."""
        local = self._new("t")
        statement = assign(local, self.value(term, facts))
        self._shared.append((term, local))
        return statement

    def unbind(self, count: int) -> None:
        """Drop the last `count` shared terms: their statements do not come first any more."""
        del self._shared[len(self._shared) - count :]

    def _new(self, prefix: str) -> str:
        self._extra += 1
        return f"{prefix}{self._extra}"

    def test(self, cond: Cond, facts: Assumptions) -> ast.expr:
        """An expression that is true where `cond` holds; parts rely on those before them."""
        match cond:
            case Const(value=value):
                return const(value)
            case AllOf(parts=parts):
                return both(self._sequence(parts, facts, True))
            case AnyOf(parts=parts):
                return either(self._sequence(parts, facts, False))
            case Filled(name=field, blank=blank):
                return compare(name(self._local[field]), ast.Is() if blank else ast.IsNot(), NONE)
            case _:
                return self._leaf(cond, facts)

    def fails(self, cond: Cond, facts: Assumptions) -> ast.expr:
        """An expression that is true where `cond` does not hold."""
        if isinstance(cond, Filled):
            return self.test(opposite(cond), facts)
        if isinstance(cond, Compare | Among | TextTest) and facts.simplify(needed(cond)) == TRUE:
            return self.test(opposite(cond), facts)
        return ast.UnaryOp(ast.Not(), self.test(cond, facts))

    def value(self, term: Term, facts: Assumptions) -> ast.expr:
        """An expression for the value of `term`, None where it is missing."""
        tests, value = self._operand(term, facts)
        return ast.IfExp(both(tests), value, NONE) if tests else value

    def _sequence(self, parts: Sequence[Cond], facts: Assumptions, holds: bool) -> list[ast.expr]:
        out = []
        for part in parts:
            out.append(self.test(part, facts))
            facts = facts.given(part, holds)
        return out

    def _leaf(self, leaf: Leaf, facts: Assumptions) -> ast.expr:
        match leaf:
            case Compare(op="==", left=ColumnRef(name=field, kind=kind), right=Value(value=value)):
                # A blank cell equals no constant, so that it need not be tested for.
                same = ast.Is() if kind is Kind.BOOL else ast.Eq()
                return compare(name(self._local[field]), same, const(value))
            case Compare(op=op, left=left, right=right):
                tests, a = self._operand(left, facts)
                more, b = self._operand(right, facts)
                return both([*tests, *more, compare(a, op, b)])
            case Among(term=ColumnRef(name=field), values=values, outside=False):
                return compare(name(self._local[field]), ast.In(), _pool(values))
            case Among(term=term, values=values, outside=outside):
                tests, a = self._operand(term, facts)
                return both([*tests, compare(a, ast.NotIn() if outside else ast.In(),
                                             _pool(values))])
            case TextTest(op=op, text=text, other=other, fails=fails):
                tests, a = self._operand(text, facts)
                more, b = self._operand(other, facts)
                held = self._text_test(op, a, b, other)
                return both([*tests, *more, ast.UnaryOp(ast.Not(), held) if fails else held])

    def _text_test(self, op: str, text: ast.expr, needle: ast.expr, other: Term) -> ast.expr:
        if op == "contains":
            return compare(needle, ast.In(), text)
        if op == "matches":
            assert isinstance(other, Value)
            search = self._new("search")
            self.bound[search] = searcher(str(other.value))
            return compare(call(name(search), text), ast.IsNot(), NONE)
        method = "startswith" if op == "startsWith" else "endswith"
        return call(ast.Attribute(text, method, ast.Load()), needle)

    def _operand(self, term: Term, facts: Assumptions) -> tuple[list[ast.expr], ast.expr]:
        """Tests that the term is known, and its value for where they hold."""
        for shared, local in self._shared:
            if shared == term:
                sure = facts.simplify(known(term)) == TRUE
                return [] if sure else [compare(name(local), ast.IsNot(), NONE)], name(local)
        match term:
            case Value(value=value):
                return [const(False)] if value is None else [], const(value)
            case ColumnRef(name=field):
                cell = name(self._local[field])
                sure = facts.filled.get(field) is True
                return [] if sure else [compare(cell, ast.IsNot(), NONE)], cell
            case Arith(op=op, left=left, right=right):
                tests, a = self._operand(left, facts)
                more, b = self._operand(right, facts)
                return [*tests, *more], ast.BinOp(a, _BINARY[op], b)
            case Divide():
                return self._divide(term, facts)
            case DayPart(part=part, day=day):
                tests, a = self._operand(day, facts)
                self.bound["part"] = _part
                return tests, call(name("part"), const(part), a)
            case WorkShift(date=date, days=days, calendar=calendar):
                tests, a = self._operand(date, facts)
                way = self._new("worked")
                self.bound[way] = lru_cache(maxsize=1 << 14)(
                    lambda day: moved(calendar, day, days))
                if facts.simplify(known(term)) == TRUE:
                    return tests, call(name(way), a)
                local = self._new("p")
                chosen = ast.NamedExpr(ast.Name(local, ast.Store()), call(name(way), a))
                return [*tests, compare(chosen, ast.IsNot(), NONE)], name(local)
            case Shift(date=date, months=months):
                tests, a = self._operand(date, facts)
                more, b = self._operand(months, facts)
                return [*tests, *more], call(name("months"), a, b)
            case Size(text=text):
                tests, a = self._operand(text, facts)
                return tests, call(name("len"), a)
            case Canonical(text=text, how=how):
                tests, a = self._operand(text, facts)
                self.bound["canonical"] = canonical
                return tests, call(name("canonical"), a, const(how))
            case Pick(arms=arms):
                local = self._new("p")
                chosen = ast.NamedExpr(ast.Name(local, ast.Store()), self._pick(arms, facts))
                return [compare(chosen, ast.IsNot(), NONE)], name(local)

    def _divide(self, term: Divide, facts: Assumptions) -> tuple[list[ast.expr], ast.expr]:
        tests, a = self._operand(term.left, facts)
        more, b = self._operand(term.right, facts)
        self.bound[way := _DIVISIONS[term.op]] = DIVIDE[term.op]
        tests = [*tests, *more]
        if facts.simplify(compared("!=", term.right, _ZERO)) != TRUE:
            tests.append(compare(b, "!=", const(0)))
        return tests, call(name(way), a, b)

    def _pick(self, arms: Sequence[tuple[Cond, Term]], facts: Assumptions) -> ast.expr:
        if not arms:
            return NONE
        (cond, term), rest = arms[0], arms[1:]
        cond = facts.simplify(cond)
        held = facts.given(cond)
        if cond == TRUE:
            return self.value(term, held)
        return ast.IfExp(self.test(cond, facts), self.value(term, held),
                         self._pick(rest, facts.given(cond, False)))


def _pool(values: Sequence[Any]) -> ast.expr:
    return const(values if len(values) <= _SMALL else frozenset(values))


def compiled(nodes: Sequence[Node], alone: Mapping[str, int],
             facts: Assumptions = NOTHING) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """A function of a record that gives each node's value: whether a condition holds, or a term.

    A term that is missing is None. `facts` are true of every record it will be asked about.
    """
    nodes = [n if isinstance(n, Term) else facts.simplify(n) for n in nodes]
    cells = CodeGenerator(nodes, alone)
    values = [
        cells.value(node, facts) if isinstance(node, Term) else cells.test(node, facts)
        for node in nodes
    ]
    result = ast.Return(ast.Tuple(values, ast.Load()))
    return function([*cells.load(cells.fields()), result], cells.bound)
