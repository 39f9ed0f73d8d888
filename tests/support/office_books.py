"""Workbooks with all that an office puts into one, and such as no usual program writes.

In: a folder. Out: ledgers as .xlsx, the parts of a package, the same package with parts changed.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import xlsxwriter
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.styles import Font, GradientFill, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

HEADS = ["学号", "姓名", "书面告知时间", "告知形式", "介绍信编号", "备注"]
ROWS: list[list[object]] = [
    ["06001", "甲", "2007-06-02", "口头", "0007", "=1+1"],
    ["06002", "乙", "2007-06-02", "书面", "0008", None],
    ["06003", "丙", "2007-06-02", "口头", "0009", "x"],
]
SHEET = "xl/worksheets/sheet1.xml"


def by_openpyxl(path: Path) -> Path:
    """A chart, a list to choose from, a colour scale, a table, comments, fills."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "台账'甲"
    for row in [HEADS, *ROWS]:
        sheet.append(row)
    sheet["D2"].fill = PatternFill("solid", fgColor="FFFFFF00")
    sheet["D2"].font = Font(bold=True, color="FF0000FF")
    sheet["C2"].fill = PatternFill("lightGrid", fgColor="FF00FF00")
    sheet["C4"].fill = GradientFill(stop=("FF000000", "FFFFFFFF"))
    sheet["D4"].comment = Comment("请核对", "张")
    sheet["B2"].comment = Comment("甲的说明", "李")
    choice = DataValidation(type="list", formula1='"书面,口头"')
    choice.add("D2:D9")
    sheet.add_data_validation(choice)
    sheet.conditional_formatting.add("E2:E9", ColorScaleRule(
        start_type="min", start_color="FFAA0000", end_type="max", end_color="FF00AA00"))
    sheet.add_table(Table(displayName="T", ref="A1:F4"))
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=5, min_row=1, max_row=4))
    sheet.add_chart(chart, "H2")
    other = book.create_sheet("其他")
    other["A1"].comment = Comment("别处", "王")
    book.save(path)
    return path


def by_xlsxwriter(path: Path) -> Path:
    """Charts, a picture, sparklines and data bars (x14), a text box, a header picture, comments."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("台账")
    day = book.add_format({"num_format": "yyyy-mm-dd", "bg_color": "#00FF00"})
    sheet.set_column(3, 3, 12, book.add_format({"bold": True}))
    for at, row in enumerate([HEADS, *ROWS]):
        for column, value in enumerate(row):
            if value is not None:
                sheet.write(at, column, value, day if column == 2 else None)
    sheet.write_comment("D2", "原有批注", {"author": "张"})
    sheet.write_comment("A4", "另一批注")
    sheet.add_sparkline("G2", {"range": "E2:E4"})
    sheet.conditional_format("E2:E4", {"type": "data_bar", "data_bar_2010": True})
    sheet.insert_textbox("H2", "说明文字")
    sheet.insert_image("H9", "p.png", {"image_data": io.BytesIO(png())})
    sheet.set_header("&C&G", {"image_center": "p.png",
                              "image_data_center": io.BytesIO(png())})
    sheet.insert_button("H20", {"caption": "按"})
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "=台账!$E$2:$E$4"})
    sheet.insert_chart("J2", chart)
    sheet.data_validation("D2:D9", {"validate": "list", "source": ["书面", "口头"]})
    sheet.autofilter("A1:F4")
    more = book.add_worksheet("其他")
    more.write_comment("B2", "别处")
    book.define_name("甲", "=台账!$A$1")
    book.close()
    return path


def png() -> bytes:
    """A small picture."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0\0\xff\0" * 2)) + chunk(b"IEND", b""))


def parts(path: Path) -> dict[str, bytes]:
    """The parts of a package."""
    with ZipFile(path) as book:
        return {name: book.read(name) for name in book.namelist()}


def changed(path: Path, target: Path, changes: Mapping[str, Callable[[bytes], bytes]],
            more: Mapping[str, bytes] | None = None) -> Path:
    """A package with some parts written otherwise, and others put in."""
    with ZipFile(target, "w", ZIP_DEFLATED) as out:
        for name, data in parts(path).items():
            out.writestr(name, changes[name](data) if name in changes else data)
        for name, data in (more or {}).items():
            out.writestr(name, data)
    return target
