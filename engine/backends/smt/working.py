"""Days moved by working days, for a solver. In: such moves, a model. Out: facts in z3.

The solver knows how far days are moved, and that of two days the later one comes to no earlier one.
Which days are moved how far is said only once a model has it wrong: then that none between two that
are moved so far is, and where the days about the wrong one come to. Nothing is approximated.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import permutations
from typing import Any

import z3
from msgspec import Struct

from zhuanjie.engine.core.workdays import (
    WorkCalendar,
    alike,
    known_for,
    moved,
    same_target,
    told_apart,
)


class WorkMove(Struct, frozen=True):
    """A day that is moved by working days: `out` is to be where `base` comes to."""

    base: Any
    days: int
    calendar: WorkCalendar
    out: Any

    @classmethod
    def of(cls, base: Any, days: int, calendar: WorkCalendar) -> WorkMove:
        """The move, its outcome named after it."""
        table = hash((calendar.years, calendar.off, calendar.worked))
        return cls(base, days, calendar, z3.Int(
            f"{base.sexpr()} + {days} working days by {table}"))

    def known(self) -> Any:
        """When there is an outcome."""
        return z3.Or([z3.And(self.base >= first, self.base <= last)
                      for first, last in known_for(self.calendar, self.days)])


def work_facts(worked: Mapping[str, WorkMove]) -> Iterator[Any]:
    """What is known of moves before any model is looked at."""
    ordered = [worked[name] for name in sorted(worked)]
    for move in ordered:
        far = sorted(alike(move.calendar, move.days))
        if far:
            yield z3.Implies(move.known(), z3.Or([move.out == move.base + by for by in far]))
    for a, b in permutations(ordered, 2):
        both = z3.And(a.known(), b.known())
        if a.calendar != b.calendar:
            if a.days == b.days and a.base.eq(b.base):  # where two tables of years are compared
                stretches = told_apart(a.calendar, b.calendar, a.days)
                yield z3.Implies(both, (a.out != b.out) == z3.Or([
                    z3.And(a.base >= first, a.base <= last) for first, last in stretches]))
        elif a.days == b.days:
            yield z3.Implies(z3.And(both, a.base <= b.base), a.out <= b.out)
        elif a.days < b.days and a.base.eq(b.base):
            yield z3.Implies(both, a.out < b.out)


def missed(worked: Iterable[WorkMove], model: Any) -> list[Any]:
    """What is so of moves that a model has wrong."""
    found = []
    for move in worked:
        base, out = (model.eval(n, model_completion=True).as_long() for n in (move.base, move.out))
        there = moved(move.calendar, base, move.days)
        if there is None or out == there:
            continue
        stretches = alike(move.calendar, move.days).get(out - base, ())
        at = bisect_left(stretches, (base, base))
        found.append(z3.Implies(move.out == move.base + (out - base), z3.Or(
            *([move.base <= stretches[at - 1][1]] if at else []),
            *([move.base >= stretches[at][0]] if at < len(stretches) else []),
            z3.Not(move.known()))))
        low, high = same_target(move.calendar, base, move.days)
        found.append(z3.Implies(z3.And(move.base >= low, move.base <= high), move.out == there))
    return found
