"""Cells that are unreadable for the same reason. In: findings of single cells. Out: one of each.

The same mistake in every cell of a column is one thing to mend. What differs from cell to cell (the
row, the record, what the cell holds) is kept for all of them, nothing else of them is.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from zhuanjie.engine.core.results import InputFinding

_ALIKE = ("records.cell.", "records.no-id", "records.note-row", "records.heading-row",
          "records.sum-row", "records.example-row")
"""How codes begin that say the same of many cells of a column; others speak of one row each."""


class _Group(Struct):
    first: InputFinding
    rows: array[int] = field(default_factory=lambda: array("q"))
    records: list[str | None] = field(default_factory=list)
    values: list[str | None] = field(default_factory=list)

    def add(self, found: InputFinding) -> None:
        self.rows.append(-1 if found.row is None else found.row)
        self.records.append(found.record)
        self.values.append(found.value)

    def finding(self) -> InputFinding:
        if len(self.rows) == 1:
            return self.first
        return replace(self.first, count=len(self.rows), rows=tuple(r for r in self.rows if r >= 0),
                       records=tuple(self.records), values=tuple(self.values))


class InputGroups:
    """Findings on the input by what is wrong and where, in the order in which each first came.

    Takes findings by `+=`; iterates over one finding for each group.
    """

    def __init__(self) -> None:
        self._groups: dict[object, _Group] = {}

    def __iadd__(self, found: Iterable[InputFinding]) -> InputGroups:
        for one in found:
            key: object = len(self._groups)
            if one.code.startswith(_ALIKE) and one.row is not None and one.count == 1:
                key = (one.code, one.field, one.column, one.file, one.sheet,
                       tuple(sorted((name, str(value)) for name, value in one.args.items())))
            group = self._groups.get(key)
            if group is None:
                group = self._groups[key] = _Group(one)
            group.add(one)
        return self

    def __iter__(self) -> Iterator[InputFinding]:
        return (group.finding() for group in self._groups.values())

    def __len__(self) -> int:
        return len(self._groups)
