"""What a field is. In: nothing. Out: fields, and tables of them by name and by heading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from zhuanjie.engine.core.unicode import comparable
from zhuanjie.engine.vocabulary.comparison import Comparison, canonical
from zhuanjie.engine.vocabulary.nothing import NothingMarks

FieldType = Literal["string", "enum", "bool", "int", "date", "month"]
Changes = Literal["act", "entry", "fact"]
"""How a field comes to change.

An act of an office can still be done, an entry be corrected; a fact about the subject or the time
can only be found out.
"""

Check = Literal["cn-id-number"]
"""How a value proves that it was copied without a mistake: the number of a citizen's identity card.
"""

RESERVED = ("params", "expect")
"""Groups that no field can be of: names that begin so mean a pack's numbers, a case's outcomes."""

INT_RANGE = (-1_000_000_000, 1_000_000_000)
"""What a whole-number cell may hold unless its field says otherwise."""


class Field(Struct, frozen=True, eq=False, dict=True):
    """One field of a vocabulary: its dotted name, type, heading and, for enum and bool, the values.

    `values` maps the value's own form to the one a ledger shows (`in_part` to `in part`), `forms`
    any other way to write one to the value's own form; all compare by `unicode.comparable`.
    `low` and `high` bound a whole number, in cells followed by one of `units` or none; a cell
    outside them is not read. `headings` are other headings that mean the field; `shared_headings`
    are another field's, and mean this one where the cells hold its values: `typical_values`, where
    it is a text. `check` says how a value proves right, `mask` how much of it is shown. `nothing`
    are marks for nothing in cells, `unclear` mean yes to some and no to others. Two fields are the
    same only where they are the same object.
    """

    name: str
    type: FieldType
    heading: str
    values: Mapping[str, str] = field(default_factory=dict)
    low: int = INT_RANGE[0]
    high: int = INT_RANGE[1]
    meaning: Mapping[str, str] = field(default_factory=dict)
    changes: Changes = "fact"
    heading_en: str = ""
    values_en: Mapping[str, str] = field(default_factory=dict)
    headings: tuple[str, ...] = ()
    forms: Mapping[str, str] = field(default_factory=dict)
    units: tuple[str, ...] = ()
    compare: Comparison = "text"
    personal: bool = False
    shared_headings: tuple[str, ...] = ()
    typical_values: tuple[str, ...] = ()
    check: Check | None = None
    mask: tuple[int, int] | None = None
    nothing: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    number: int = 0
    """Its place in the list of fields."""

    @property
    def all_headings(self) -> tuple[str, ...]:
        """Every heading of the field: its own in both languages, the others, its name."""
        return tuple(dict.fromkeys(
            h for h in (self.heading, self.name, self.heading_en, *self.headings) if h))

    def shown(self, text: str) -> str:
        """A text of the field as it may be shown: its middle hidden, where the field is masked."""
        if self.mask is None:
            return text
        first, last = self.mask
        hidden = len(text) - first - last
        if hidden <= 0:
            return "*" * len(text)
        return f"{text[:first]}{'*' * hidden}{text[len(text) - last:]}"

    @property
    def written(self) -> dict[str, str]:
        """Every way to write a value, to the letter, with the value's own form."""
        return {**self.forms,
                **{label: own for own, label in self.values_en.items()},
                **{label: own for own, label in self.values.items()},
                **{own: own for own in self.values}}

    def compared(self, value: Any) -> Any:
        """A value of the field in the form in which it is compared; see `comparison`."""
        return canonical(value, self.compare) if isinstance(value, str) else value

    @cached_property
    def choices(self) -> dict[str, str]:
        """Every way to write a value, as it is compared, with the value's own form."""
        return {comparable(form): own for form, own in self.written.items()}

    @cached_property
    def blank(self) -> NothingMarks:
        """The marks for nothing; a way to write one of the field's values is none."""
        return NothingMarks.of(self.nothing, frozenset(self.choices))

    @cached_property
    def unclear_marks(self) -> frozenset[str]:
        """`unclear` as it is compared; what is a value of the field is clear."""
        return frozenset(map(comparable, self.unclear)) - self.choices.keys()

    @cached_property
    def suffixes(self) -> tuple[str, ...]:
        """The units that may follow a number, as they are compared."""
        return tuple(comparable(unit) for unit in self.units)


class FieldTable:
    """Fields in the order of their list. Supports `in`, `[name]`, iteration and `len`."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._by_name = {f.name: f if f.number == i else replace(f, number=i)
                         for i, f in enumerate(fields)}
        self.order = {f.name: f.number for f in self}
        self.by_heading = {f.heading: f for f in self}
        self.groups = tuple(dict.fromkeys(f.name.split(".")[0] for f in self))

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Field:
        return self._by_name[name]

    def __iter__(self) -> Iterator[Field]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def __repr__(self) -> str:
        return f"FieldTable({len(self)} fields)"

    def get(self, name: str) -> Field | None:
        """The field called `name`, or None."""
        return self._by_name.get(name)

    def sort(self, names: Iterable[str]) -> tuple[str, ...]:
        """`names` in the order of the list; names it does not know come last, by alphabet."""
        last = len(self.order)
        return tuple(sorted(names, key=lambda n: (self.order.get(n, last), n)))
