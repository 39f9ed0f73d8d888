"""What the solver is told before any question. In: what formulas speak of. Out: facts in z3.

Facts of cells (which values a cell may hold), of texts that rules spell out, and of days moved by
months. A month is a day, the first of a month: it is placed in the calendar as moved days are, even
where nothing moves it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import permutations
from typing import Any

import z3
from msgspec import Struct, field

from zhuanjie.engine.backends.smt.civil import calendar_of
from zhuanjie.engine.backends.smt.encode import (
    AS_OF,
    COPIES,
    LITERALS,
    MANY,
    Moved,
    Uses,
    size_of,
    test_of,
    value,
)
from zhuanjie.engine.backends.smt.months import Path, moves
from zhuanjie.engine.backends.smt.working import work_facts
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.expr.types import RECORD_DAYS
from zhuanjie.engine.vocabulary.fields import Field

DAYS = (to_day(date(1990, 1, 1)), to_day(date(2100, 12, 31)))
"""The as-of days asked about."""
_LONGEST_TEXT = 2**31
SHORTEST_MONTH = 28
"""Days that two months are apart at least."""


class FieldGroup(Struct):
    """The moves of one day, by constant numbers of months; `first` of a month, if it must be."""

    base: Any
    outs: dict[Path, Any] = field(default_factory=dict)
    first: bool = False

    def paths(self) -> tuple[Path, ...]:
        """The moves, in a fixed order."""
        return tuple(sorted(self.outs))


def groups_of(moved: Iterable[Moved],
              fields: Iterable[Field]) -> tuple[list[FieldGroup], list[Moved]]:
    """Moves by constants, gathered by the day they start from; and the others.

    Those of `fields` that are months have a group whether or not they are moved.
    """
    months = (value(f) for f in fields if f.type == "month")
    groups = {base.sexpr(): FieldGroup(base, first=True) for base in months}
    loose = []
    for m in moved:
        if isinstance(m.months, tuple):
            groups.setdefault(m.base.sexpr(), FieldGroup(m.base)).outs[m.months] = m.out
        else:
            loose.append(m)
    return list(groups.values()), loose


def facts_of(uses: Uses) -> Iterator[Any]:
    """What is so of every record."""
    today = z3.Int(AS_OF.name)
    yield from (today >= DAYS[0], today <= DAYS[1])
    if COPIES in uses.columns:
        yield z3.Int(COPIES) >= 1
        if MANY not in uses.columns:
            yield z3.Int(COPIES) <= 2
    for _, found in sorted(uses.fields.items()):
        yield from _cell(found, uses)
    yield from work_facts(uses.worked)
    for _, day in sorted(uses.dates.items()):
        yield from calendar_of(day)
    for text in sorted(uses.literals):
        number = z3.IntVal(LITERALS.number(text))
        for test in sorted(uses.tests, key=lambda t: (t.op, t.other)):
            yield test_of(test, number) == test.holds(text)
        if uses.sizes:
            yield size_of(number) == len(text)


def _cell(spec: Field, uses: Uses) -> Iterator[Any]:
    """What is so of every cell of a field."""
    there = value(spec)
    if spec.type == "enum":
        yield z3.Or([there == LITERALS.number(v) for v in spec.values])
    elif spec.type == "string":
        yield there >= 0
        if "" in uses.literals:
            yield there != LITERALS.number("")  # an empty cell is a blank one
        if uses.sizes:
            yield from (size_of(there) >= 1, size_of(there) < _LONGEST_TEXT)
    elif spec.type != "bool":
        low, high = RECORD_DAYS if spec.type in ("date", "month") else (spec.low, spec.high)
        yield from (there >= low, there <= high)


def moves_of(groups: list[FieldGroup], loose: list[Moved]) -> Iterator[Any]:
    """What is known of moved days before any of them is placed in the calendar."""
    for group in groups:
        paths = group.paths()
        yield z3.Or([
            z3.And([group.outs[n] == group.base + by for n, by in zip(paths, move, strict=True)])
            for move in moves(paths, group.first)])
    for m in loose:
        shortest, longest = 28 * m.months, 31 * m.months
        yield z3.If(m.months >= 0,
                    z3.And(m.out - m.base >= shortest, m.out - m.base <= longest),
                    z3.And(m.out - m.base >= longest, m.out - m.base <= shortest))
    by_path: dict[Path, list[tuple[Any, Any]]] = defaultdict(list)
    for group in groups:
        for n, out in group.outs.items():
            by_path[n].append((group.base, out))
    for pairs in by_path.values():
        for (a, moved_a), (b, moved_b) in ((p, q) for p in pairs for q in pairs if p is not q):
            yield z3.Implies(a <= b, moved_a <= moved_b)
    firsts = [day for g in groups if g.first for day in (g.base, *g.outs.values())]
    for a, b in permutations(firsts, 2):
        yield z3.Implies(a < b, b - a >= SHORTEST_MONTH)
