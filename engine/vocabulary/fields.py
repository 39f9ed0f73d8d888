"""The fields of a record. In: fields.csv. Out: a table of fields by name and by Chinese heading.

A new field is a line of fields.csv and nothing else.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

FieldType = Literal["string", "enum", "bool", "int", "date"]
Changes = Literal["act", "entry", "fact"]
"""How a field comes to change.

An act of an office can still be done, an entry be corrected; a fact about the member or the time
can only be found out.
"""

KEY = "member.id"
"""The field that names a record in its ledger."""

INT_RANGE = (-1_000_000_000, 1_000_000_000)
"""What a whole-number cell may hold unless its field says otherwise."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its dotted name, type, Chinese heading and, for enum and bool, the values.

    `values` maps the value's own form to its Chinese one (`three_part` to `三联`).
    `low` and `high` bound a whole number; a cell outside them is not read.
    """

    name: str
    type: FieldType
    heading: str
    values: dict[str, str]
    low: int
    high: int
    meaning: str
    changes: Changes = "fact"


class FieldTable:
    """All fields, in the order of the list. Supports `in`, `[name]`, iteration and `len`."""

    def __init__(self, fields: list[Field]) -> None:
        self._by_name = {f.name: f for f in fields}
        self.order = {f.name: i for i, f in enumerate(fields)}
        self.by_heading = {f.heading: f for f in fields}
        self.groups = tuple(dict.fromkeys(f.name.split(".")[0] for f in fields))

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Field:
        return self._by_name[name]

    def __iter__(self) -> Iterator[Field]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def get(self, name: str) -> Field | None:
        """The field called `name`, or None."""
        return self._by_name.get(name)

    def sort(self, names: Iterator[str] | set[str] | frozenset[str]) -> tuple[str, ...]:
        """`names` in the order of the list; names it does not know come last, by alphabet."""
        last = len(self.order)
        return tuple(sorted(names, key=lambda n: (self.order.get(n, last), n)))


@cache
def fields() -> FieldTable:
    """The built-in field list."""
    path = Path(__file__).resolve().parent / "fields.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return FieldTable([_field(row) for row in csv.DictReader(file)])


def _field(row: dict[str, str]) -> Field:
    values = dict(pair.split("=", 1) for pair in row["values"].split("|") if pair)
    kind: FieldType = row["type"]  # type: ignore[assignment]  # a unit test checks the list
    changes: Changes = row["changes"] or "fact"  # type: ignore[assignment]  # likewise
    return Field(
        name=row["field"], type=kind, heading=row["heading"], values=values,
        low=int(row["low"] or INT_RANGE[0]), high=int(row["high"] or INT_RANGE[1]),
        meaning=row["meaning"], changes=changes,
    )
