"""A sheet as it stands, whatever it holds. In: a workbook. Out: the cells of its first sheet."""

from __future__ import annotations

from pathlib import Path

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.ledger.readers.xlsx.columns import Columns
from zhuanjie.engine.ledger.readers.xlsx.package import PackedBook, reading
from zhuanjie.engine.ledger.readers.xlsx.reader import open_book


def first_sheet(path: Path, place: Place) -> tuple[str, list[list[object]]]:
    """The name of the first sheet that is shown, and its rows; raises InputError."""
    with reading(place), PackedBook(path, place) as package:
        opened = open_book(package)
        for entry in opened.book.sheets:
            if entry.is_table and not entry.is_hidden:
                columns = Columns(opened.sheet(entry).cells, opened.book.day_zero)
                return entry.name, columns.rows(0, columns.height)
    raise fail(InputError, "pack.rows.no-sheet", place)
