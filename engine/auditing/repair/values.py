"""What a field could be changed to. In: a plan, a record. Out: values worth trying, in order.

An act is done today, so that a date of an act is the as-of day and no other. What only its holder
can know (a name, a number, a day long past) is open: any value of the right form stands in for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from msgspec import Struct

from zhuanjie.engine.core.dates import Month, add_months, from_day, to_day
from zhuanjie.engine.core.results import Scalar
from zhuanjie.engine.expr.nodes import Call, Expr, FieldRef, Lit, walk
from zhuanjie.engine.expr.operators import TEXT_TESTS, TURNED
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.regex.witness import Constraints, SearchLimit, Test, find_text
from zhuanjie.engine.vocabulary.fields import Changes


class CellChange(Struct, frozen=True):
    """One field of a fix. `open`: any true value of the form of `value` will do.

    `was` is None where the field was blank.
    """

    field: str
    was: Scalar | None
    value: Scalar
    kind: Changes
    open: bool


_LENGTHS: dict[str, tuple[int | None, int | None]] = {
    ">=": (0, None), ">": (1, None), "==": (0, 0), "<=": (None, 0), "<": (None, -1)}
"""How far the least and the greatest length lie from the number compared with."""


class CandidateValues:
    """The values to try for the fields of one plan; `taken` are texts that are spoken for."""

    def __init__(self, plan: Plan, taken: frozenset[str] = frozenset()) -> None:
        self._plan = plan
        self._taken = taken
        self._equal: dict[str, list[str]] = {}
        self._literals: dict[str, list[Any]] = {}
        self._tests: dict[str, list[Test]] = {}
        self._sizes: dict[str, tuple[int, int | None]] = {}
        for rule in plan.rules:
            for expr in rule.expressions().values():
                for node in walk(expr):
                    if isinstance(node, Call):
                        self._note(node.op, node.args)

    def _note(self, op: str, args: tuple[Expr, ...]) -> None:
        """Keep what a comparison says of a field: another field, a constant, a pattern."""
        for left, right in (args, args[::-1]) if len(args) == 2 else ():
            if isinstance(left, Call) and left.op == "size" and isinstance(right, Lit):
                self._note_size(left.args[0], op if left is args[0] else TURNED.get(op, op),
                                right.value)
            if not isinstance(left, FieldRef):
                continue
            if op == "==" and isinstance(right, FieldRef):
                self._equal.setdefault(left.name, []).append(right.name)
            elif op in TEXT_TESTS and isinstance(right, Lit) and args[0] is left:
                self._tests.setdefault(left.name, []).append(Test(op, str(right.value)))
            elif isinstance(right, Lit) and right.type.kind is not Kind.DATE:
                # A day that is written out bounds a period of law, and is nothing to aim at.
                self._literals.setdefault(left.name, []).append(right.value)

    def _note_size(self, field: Expr, op: str, number: Any) -> None:
        """Keep what is asked of the length of a text."""
        if not isinstance(field, FieldRef) or op not in _LENGTHS:
            return
        least, most = self._sizes.get(field.name, (1, None))
        low, high = (None if by is None else int(number) + by for by in _LENGTHS[op])
        shortest = [n for n in (most, high) if n is not None]
        self._sizes[field.name] = max(least, low or 1), min(shortest, default=None)

    def of(self, name: str, record: Mapping[str, Any],
           opened: frozenset[str]) -> list[tuple[Scalar, bool]]:
        """Values for a field other than its own, each with whether it is open.

        `opened` are fields of `record` that hold an open value.
        """
        own = record.get(name)
        found: dict[Scalar, bool] = {}
        for value, is_open in self._all(name, record, opened):
            if value != own:
                found.setdefault(value, is_open)
        return list(found.items())

    def _all(self, name: str, record: Mapping[str, Any],
             opened: frozenset[str]) -> Iterator[tuple[Scalar, bool]]:
        field = self._plan.fields[name]
        match field.type:
            case "bool":
                yield from ((True, False), (False, False))
                return
            case "enum":
                yield from ((value, False) for value in field.values)
                return
            case "date" if field.changes != "fact":
                yield self._plan.as_of, False
                return
            case "date":
                yield from ((day, True) for day in self._days(record))
                return
            case "month" if field.changes == "act":
                yield Month.of(self._plan.as_of), False
                return
            case "month":
                yield from ((month, True) for month in self._months(record))
                return
        for other in dict.fromkeys((*self._equal.get(name, ()), *self._namesakes(name))):
            if (value := record.get(other)) is not None:
                yield value, other in opened
        if field.type == "int":
            units = self._plan.policy.parameters
            numbers = (*self._literals.get(name, ()), *(
                v for n, v in self._plan.params.items() if units[n].unit != "date"))
            yield from ((n, True) for n in numbers if field.low <= n <= field.high)
            return
        yield from ((value, False) for value in self._literals.get(name, ()))
        text = self._text(name, record)
        if text is not None:
            yield text, True

    def _text(self, name: str, record: Mapping[str, Any]) -> str | None:
        """A text of the form the rules ask of a field, one that stands nowhere yet."""
        taken = self._taken | {v for v in record.values() if isinstance(v, str)}
        tests = tuple((test, True) for test in dict.fromkeys(self._tests.get(name, ())))
        least, most = self._sizes.get(name, (1, None))
        try:
            return find_text(Constraints(tests, least, most, frozenset(taken),
                                         samples=self._plan.policy.vocabulary.samples))
        except SearchLimit:
            return None

    def _days(self, record: Mapping[str, Any]) -> Iterator[date]:
        """Days that a blank fact could be: near today and the dates on record, by parameters."""
        known = [self._plan.as_of, *(v for v in record.values() if isinstance(v, date))]
        parameters = self._plan.policy.parameters
        moves = [(parameters[n].unit, v) for n, v in sorted(self._plan.params.items())]
        known += [from_day(v) for unit, v in moves if unit == "date"]
        for day in dict.fromkeys(map(to_day, known)):
            yield from_day(day)
            for unit, by in moves:
                if unit in ("days", "months"):
                    yield from_day(add_months(day, -by) if unit == "months" else day - by)

    def _months(self, record: Mapping[str, Any]) -> Iterator[Month]:
        """Months that only an office's books can tell: those of such days, and those beside them.
        """
        firsts = dict.fromkeys(to_day(Month.of(day)) for day in self._days(record))
        for first in firsts:
            yield from (Month.of(from_day(add_months(first, by))) for by in (0, -1, 1))

    def _namesakes(self, name: str) -> list[str]:
        """Fields that say the same of the subject (those called alike)."""
        found = self._plan.policy.vocabulary.counterpart(name)
        return [found] if found else []
