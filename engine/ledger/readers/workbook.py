"""Spreadsheets (.xlsx, .xlsm, .xls, .xlsb, .ods). In: a workbook. Out: a table a ledger sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.own_sheets import OWN_SHEET
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.apart.asking import grids_of
from zhuanjie.engine.ledger.readers.grid import GridTable
from zhuanjie.engine.ledger.readers.laid_out import Grid
from zhuanjie.engine.ledger.readers.refuse import NotALedgerError, why_not
from zhuanjie.engine.ledger.readers.stacked import StackedTable
from zhuanjie.engine.ledger.readers.xlsx.reader import is_open_xml, open_xlsx


def open_workbook(
    path: Path, name: str, mapping: HeadingMap
) -> tuple[Sequence[StackedTable], list[Diagnostic]]:
    """The ledgers of a workbook, and notices about the sheets that are none."""
    if _is_encrypted(path):
        raise fail(InputError, "records.password", Place(file=name), "records.hint.password")
    if is_open_xml(path):
        return open_xlsx(path, name, mapping)
    tables: list[GridTable] = []
    notices: list[Diagnostic] = []
    reasons: list[Diagnostic] = []
    for grid in grids_of(path, name, "workbook"):
        if _is_own(grid):
            continue
        try:
            table = GridTable(grid, name, mapping)
            table.path = path
            if grid.hidden:
                table.hide()
            tables += (table, *table.below(mapping))
        except NotALedgerError as error:
            reasons += error.diagnostics
            notices.append(Diagnostic("records.skipped-sheet", {},
                                      Place(file=name, sheet=grid.name)))
    if not tables:
        raise NotALedgerError(*reasons or [why_not(name, None, [], mapping)])
    return tables, notices


def _is_own(grid: Grid) -> bool:
    """Whether a sheet is one that this program put into a workbook that it marked."""
    head = grid.rows[0][0] if grid.rows and grid.rows[0] else None
    return isinstance(head, str) and head.startswith(OWN_SHEET)


def _is_encrypted(path: Path) -> bool:
    """Whether the file is the container that Office puts an encrypted workbook in."""
    with path.open("rb") as file:
        return (file.read(8) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
                and "EncryptedPackage".encode("utf-16-le") in file.read(1 << 20))
