"""Tables in HTML and in Excel's XML of 2003. In: such a file, however named. Out: its ledgers.

Web systems write either and call it .xls.
"""

from __future__ import annotations

from pathlib import Path

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.apart.asking import grids_of
from zhuanjie.engine.ledger.readers.grid import GridTable
from zhuanjie.engine.ledger.readers.refuse import NotALedgerError, why_not


def open_markup(
    path: Path, name: str, mapping: HeadingMap
) -> tuple[list[GridTable], list[Diagnostic]]:
    """The ledgers of a file, and what is said of the sheets that are none."""
    tables: list[GridTable] = []
    notices: list[Diagnostic] = []
    reasons: list[Diagnostic] = []
    for grid in grids_of(path, name, "page"):
        place = Place(file=name, sheet=grid.name)
        try:
            table = GridTable(grid, name, mapping)
            if grid.hidden:
                table.hide()
            tables += (table, *table.below(mapping))
        except NotALedgerError as error:
            reasons += error.diagnostics
            # Pages are laid out by tables as well.
            if grid.hidden or any(any(row) for row in grid.rows):
                notices.append(Diagnostic("records.skipped-sheet", {}, place))
    if not tables:
        raise NotALedgerError(*reasons or [why_not(name, None, [], mapping)])
    return tables, notices
