"""What calamine leaves out of a sheet. In: nothing. Out: the facts that readers of workbooks fill.

Three things change what a cell says: a number that its format shows with leading zeros, a date of
which the format shows only a part, and an error such as `#N/A` (which would read as blank). Rows
and columns may be hidden, filtered out or struck through, and formulas may lack their results.
"""

from __future__ import annotations

import re
from datetime import date

from msgspec import Struct, field

DAY_ZERO, DAY_ZERO_1904 = date(1899, 12, 30), date(1904, 1, 1)


class SheetExtras(Struct):
    """What to mend in a sheet, and what about it may mislead."""

    day_zero: date = DAY_ZERO
    """Where its day numbers start."""
    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    """Texts by (row, column) from 0 that stand in place of what calamine reads."""
    uncomputed: int = 0
    """Formulas whose result was never stored."""
    rows: int = 0
    columns: int = 0
    """How far the sheet reaches."""
    hidden_rows: frozenset[int] = frozenset()
    """Rows, from 1 as the spreadsheet counts them, that are hidden or filtered out."""
    struck_rows: frozenset[int] = frozenset()
    """Rows, from 1, whose filled cells are all struck through."""
    hidden_columns: frozenset[int] = frozenset()
    """Columns, from 0, that are hidden."""
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)
    """Merged ranges, where calamine knows none: first and last cell, by row and column from 0."""
    filtered: bool = False
    """A filter is set, which hides rows."""
    unread: bool = False
    """None of this could be read."""


class Formulas(Struct):
    """Formulas of a sheet: which have a result, and which may have an empty one.

    A program that computes leaves an empty text where a formula such as `=IF(A1="","","x")` comes
    to nothing. Some write that as they write a formula never computed; then the formula tells.
    """

    computed: bool = False
    """Some formula has a result."""
    empty: int = 0
    """Formulas without a result that may well come to an empty text."""
    lacking: int = 0
    """Formulas without a result that come to something."""

    def count(self, text: str, *, filled: bool, is_text: bool, times: int = 1) -> None:
        """Take in a formula; `is_text` where its result is stored as a text, though empty."""
        if filled or is_text:
            self.computed = True
        elif _MAY_BE_EMPTY.search(text):
            self.empty += times
        else:
            self.lacking += times

    @property
    def uncomputed(self) -> int:
        """How many were never computed, as far as can be told."""
        return self.lacking + (self.empty if self.lacking and not self.computed else 0)


_MAY_BE_EMPTY = re.compile(r'(?:^|[,;(&])\s*""\s*(?:[),;&]|$)')
"""An empty text that a formula can come to: an argument, or what something is joined to."""
