"""Ledgers that are no .xlsx, marked in a workbook made anew; and what many marks need."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import xlwt
from support.office_books import by_xlsxwriter, parts

from zhuanjie.engine import audit
from zhuanjie.engine.core.errors import OutputError
from zhuanjie.report.workbook.marks import CellMarks
from zhuanjie.report.workbook.note_shapes import Shapes, free_block
from zhuanjie.report.workbook.plain_copy import refuse_large
from zhuanjie.report.workbook.sheet_text import LAST_ROW

ROWS = [{"学号": "0600100020003000400", "姓名": "甲", "书面告知时间": "2007-06-02", "告知形式": "口头"},
        {"学号": "0002", "姓名": "=乙", "书面告知时间": "2007-06-02", "告知形式": "书面"}]


def as_xls(path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("甲")
    for at, row in enumerate([list(ROWS[0]), *(list(row.values()) for row in ROWS)], start=2):
        for column, value in enumerate(row):
            sheet.write(at, column, value)
    book.save(str(path))


def as_text(path: Path) -> None:
    path.write_text("\n".join(",".join(row) for row in [ROWS[0], *(r.values() for r in ROWS)]),
                    "utf-8")


KINDS: dict[str, tuple[Callable[[Path], object], int]] = {
    "xls": (as_xls, 4), "csv": (as_text, 2),
    "json": (lambda path: path.write_text(json.dumps(ROWS), "utf-8"), 2),
    "jsonl": (lambda path: path.write_text("\n".join(map(json.dumps, ROWS)), "utf-8"), 2),
    "parquet": (lambda path: pl.DataFrame(ROWS).write_parquet(path), 2),
}
"""What writes a ledger of each kind, and the row of its first record in the workbook."""


@pytest.mark.parametrize("kind", KINDS)
def test_the_records_are_in_the_workbook_and_marked(kind: str, tmp_path: Path) -> None:
    make, first = KINDS[kind]
    ledger = tmp_path / f"l.{kind}"
    make(ledger)
    audit(ledger, "fujian-2007-80", as_of=date(2007, 12, 31), only=["1.1c"]).save(
        tmp_path / "m.xlsx")
    book = openpyxl.load_workbook(tmp_path / "m.xlsx")
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[first - 1]]
    for at, row in enumerate(ROWS):
        written = dict(zip(heads, sheet[first + at], strict=True))
        assert {name: cell.value for name, cell in written.items()} == row
        assert {cell.data_type for cell in written.values()} == {"s"}
    marked = {cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment}
    places = sorted(f"{'ABCD'[heads.index(name)]}{first}" for name in ("书面告知时间", "告知形式"))
    assert marked == set(places)
    links = {cell.hyperlink.location for row in book["Findings"].iter_rows() for cell in row
             if cell.hyperlink}
    assert links == {f"'{sheet.title}'!{places[0]}"}


def test_a_ledger_that_no_sheet_holds_is_refused(tmp_path: Path) -> None:
    class Large:
        file, at_once, size_hint = "l.parquet", 1, LAST_ROW

    with pytest.raises(OutputError, match=r"1048576 rows or more.*\n?.*findings\.parquet"):
        refuse_large([Large()])  # type: ignore[list-item]  # what is asked of a table
    Large.size_hint -= 1
    refuse_large([Large()])  # type: ignore[list-item]  # as above


def test_the_worst_mark_of_a_cell_holds_in_whatever_order_they_come() -> None:
    marks = CellMarks()
    for row, column, kind in ((9, 3, "pending"), (2, 1, "error"), (9, 3, "warning"),
                              (9, 1, "waived"), (9, 3, "undetermined")):
        marks.add(row, column, kind)  # type: ignore[arg-type]  # kinds
    assert list(marks.rows()) == [2, 9]
    assert marks.row(9) == {1: "waived", 3: "warning"}
    assert len(marks) == 3


def test_shapes_have_numbers_of_their_own_throughout_a_workbook(tmp_path: Path) -> None:
    source = by_xlsxwriter(tmp_path / "a.xlsx")
    audit(source, "fujian-2007-80", as_of=date(2007, 12, 31)).save(tmp_path / "m.xlsx")
    def found(path: Path, pattern: bytes) -> list[bytes]:
        return [text for name, data in parts(path).items() if name.endswith(".vml")
                for many in re.findall(pattern, data) for text in many.split(b",")]

    for pattern in (rb'id="(_x0000_s[0-9]+)"', rb'idmap [^>]*data="([^"]*)"'):
        was, now = found(source, pattern), found(tmp_path / "m.xlsx", pattern)
        new = now[:]
        for number in was:  # the makers of workbooks repeat some themselves
            new.remove(number)
        assert new
        assert len(new) == len(set(new))
        assert not set(new) & set(was)


def test_many_shapes_take_several_blocks(tmp_path: Path) -> None:
    path = tmp_path / "s.vml"
    with path.open("wb") as file:
        Shapes(None, ()).write(file, ((row, 0) for row in range(1, 2501)), 7, 2500)
    data = path.read_bytes()
    assert b'data="7,8,9"' in data
    numbers = [int(n) for n in re.findall(rb'id="_x0000_s([0-9]+)"', data)]
    assert len(set(numbers)) == 2500
    assert {n // 1024 for n in numbers} == {7, 8, 9}
    assert free_block([data]) == 10
