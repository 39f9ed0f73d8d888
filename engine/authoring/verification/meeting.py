"""Which boxes can share a record. In: boxes by number. Out: for a box, those it can meet.

Sets of rules are whole numbers, a bit a rule, so that one operation of the machine looks at many.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from zhuanjie.engine.authoring.verification.boxes import Box, Constant, Demand, Key
from zhuanjie.engine.backends.smt.encode import AS_OF
from zhuanjie.engine.vocabulary.comparison import canonical
from zhuanjie.engine.vocabulary.fields import FieldTable


def numbers_in(mask: int) -> Iterator[int]:
    """The numbers in a set, in order."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def set_of(numbers: Iterable[int]) -> int:
    """The set of these numbers."""
    mask = 0
    for number in numbers:
        mask |= 1 << number
    return mask


class _Demanded:
    """What the boxes demand of one cell."""

    def __init__(self, cells: Sequence[tuple[int, Demand]]) -> None:
        self.filled = set_of(n for n, c in cells if c.there)
        self.blank = set_of(n for n, c in cells if c.there is False)
        self.listed = set_of(n for n, c in cells if c.among is not None)
        self.by_value: dict[Constant, int] = defaultdict(int)
        for number, cell in cells:
            for value in cell.among or ():
                self.by_value[value] |= 1 << number
        lows = sorted((c.low, n) for n, c in cells if c.low is not None)
        highs = sorted((c.high, n) for n, c in cells if c.high is not None)
        self.lows, self.highs = [b for b, _ in lows], [b for b, _ in highs]
        self.below = _running(n for _, n in highs)
        """By how many upper bounds come first: whose they are."""
        self.above = _running(n for _, n in reversed(lows))

    def against(self, cell: Demand) -> int:
        """The boxes that a cell like this keeps apart."""
        out = self.blank if cell.there else self.filled if cell.there is False else 0
        if cell.among is not None and self.listed:
            same = 0
            for value in cell.among:
                same |= self.by_value.get(value, 0)
            out |= self.listed & ~same
        if cell.low is not None:
            out |= self.below[bisect_left(self.highs, cell.low)]
        if cell.high is not None:
            out |= self.above[len(self.lows) - bisect_right(self.lows, cell.high)]
        return out


def _running(numbers: Iterable[int]) -> list[int]:
    out = [0]
    for number in numbers:
        out.append(out[-1] | 1 << number)
    return out


class Meeting:
    """Boxes by number; an impossible one (None) meets none."""

    def __init__(self, boxes: Sequence[Box | None]) -> None:
        cells: dict[Key, list[tuple[int, Demand]]] = defaultdict(list)
        for number, box in enumerate(boxes):
            for key, cell in (box or {}).items():
                cells[key].append((number, cell))
        self.possible = set_of(n for n, box in enumerate(boxes) if box is not None)
        self.demands = {key: _Demanded(found) for key, found in cells.items()}

    def of(self, box: Box | None) -> int:
        """The boxes that can share a record with `box`."""
        if box is None:
            return 0
        mask = self.possible
        for key, cell in box.items():
            if key in self.demands:
                mask &= ~self.demands[key].against(cell)
        return mask

    def of_record(self, record: Mapping[str, Any], today: int, fields: FieldTable) -> int:
        """The boxes that a record on a day may lie in; its dates are day numbers."""
        mask = self.possible
        for (name, how), demands in self.demands.items():
            if name == AS_OF.name:
                value: Any = today
            elif name in fields:
                value = record.get(name)
            else:
                continue
            mask &= ~demands.against(_exactly(value, how))
        return mask


def _exactly(value: Any, how: str) -> Demand:
    if value is None:
        return Demand(False)
    if isinstance(value, str):
        text = canonical(value, how) if how else value  # type: ignore[arg-type]  # a field's own way
        return Demand(True, among=frozenset((text,)))
    if isinstance(value, bool):
        return Demand(True, among=frozenset((value,)))
    return Demand(True, value, value, frozenset((value,)))
