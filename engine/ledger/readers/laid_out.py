"""A table laid out in rows and columns. In: nothing. Out: what readers of such tables fill."""

from __future__ import annotations

from datetime import date

from msgspec import Struct, field

Row = list[object]
Merged = tuple[tuple[int, int], tuple[int, int]]
"""The first and the last cell of a range, each by row and column from 0."""


class Grid(Struct):
    """The cells of a table, with what a spreadsheet program would know of it."""

    name: str | None = None
    rows: list[Row] = field(default_factory=list)
    merged: list[Merged] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    """From 1."""
    hidden: bool = False
    day_zero: date | None = None
    is_sheet: bool = False
    """Whether a workbook holds it, with what follows."""
    struck_rows: set[int] = field(default_factory=set)
    """From 1."""
    filtered: bool = False
    uncomputed: int = 0
    """Formulas whose result was never stored."""
    unread: bool = False
    """What calamine leaves out could not be read."""
