"""Columns of Polars as Python has them. In: a series. Out: its cells, none of which fails.

Polars counts days and times far beyond Python's calendar; there its conversion fails, or ends the
thread. Such cells come as the text that Polars writes.
"""

from __future__ import annotations

import polars as pl

_YEARS = (2, 9998)
"""Years that Python has in whatever zone."""


def python_cells(cells: pl.Series) -> list[object]:
    """The cells of a column; days beyond Python's calendar are texts."""
    if isinstance(cells.dtype, (pl.Date, pl.Datetime)):
        years = cells.dt.year().drop_nulls()
        if len(years) and not years.is_between(*_YEARS).all():
            return cells.cast(pl.String).to_list()
    return cells.to_list()


def python_cell(cells: pl.Series | object, at: int) -> object:
    """One cell of a column."""
    if isinstance(cells, pl.Series):
        return python_cells(cells.slice(at, 1))[0]
    return cells[at]  # type: ignore[index]  # a sequence
