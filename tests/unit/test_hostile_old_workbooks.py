"""Workbooks of other kinds, and pages, that ask for more than they are: one message, and little else.
"""

import io
import struct
import zipfile

import pytest
from support.hostile import read
from support.marks import few

from zhuanjie.engine.core.limits import Limits, using


def packed(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        for name, data in parts.items():
            new.writestr(name, data)
    return out.getvalue()


PAGE = "<table><tr><td>学号<td>姓名</tr>{}<tr><td>1<td>甲</table>"
BOOK_2003 = ('<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
             'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="S"><Table>'
             '<Row><Cell><Data ss:Type="String">学号</Data></Cell><Cell><Data ss:Type="String">姓名'
             '</Data></Cell></Row>{}<Row><Cell><Data ss:Type="String">1</Data></Cell></Row></Table>'
             "</Worksheet></Workbook>")
TABLES = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"


def ods(rows):
    spaces = ('xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
              f'xmlns:table="{TABLES}" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"')
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    head = "<table:table-row>" + cell.format("学号") + cell.format("姓名") + "</table:table-row>"
    row = "<table:table-row>" + cell.format("1") + cell.format("甲") + "</table:table-row>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        new.writestr("META-INF/manifest.xml", "<manifest/>")
        new.writestr("content.xml", f"<office:document-content {spaces}><office:body>"
                     f'<office:spreadsheet><table:table table:name="S">{head}{rows.format(cell)}'
                     f"{row}</table:table></office:spreadsheet></office:body>"
                     "</office:document-content>")
    return out.getvalue()


REPEATED = ('<table:table-row table:number-rows-repeated="{}"><table:table-cell '
            'table:number-columns-repeated="{}" office:value-type="string"><text:p>x</text:p>'
            "</table:table-cell></table:table-row>")


def ole(sector):
    """A container whose list of sectors goes round."""
    head = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    struct.pack_into("<HHHHH", head, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<I", head, 48, 0)
    struct.pack_into("<I", head, 56, 4096)
    struct.pack_into("<109I", head, 76, *[sector] * 109)
    return bytes(head) + struct.pack("<128I", *[0] * 128) * 4


OLD = {
    "a page of wide cells": ("a.xls", PAGE.format("<tr>" + "<td colspan=1000>" * 60_000)),
    "a page of tall cells": ("a.xls", PAGE.format("<tr><td rowspan=65534>x" * 20_000)),
    "tables in tables": ("a.xls", PAGE.format("<tr><td><table>" * 50_000)),
    "a page of attributes": ("a.xls", PAGE.format("<tr " + "a=1 " * 300_000 + ">")),
    "a page of half a tag": ("a.xls", PAGE.format("<" * 500_000)),
    "rows far down in 2003": ("a.xls", BOOK_2003.format(
        '<Row ss:Index="1048576"><Cell ss:Index="16384"/></Row>')),
    "a row beyond numbers in 2003": ("a.xls", BOOK_2003.format('<Row ss:Index="9999999999"/>')),
    "depth in 2003": ("a.xls", BOOK_2003.format("<Row>" * 500_000)),
    "entities in 2003": ("a.xls", '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>'
                         + BOOK_2003.partition("?>")[2].format("<Row>&a;</Row>")),
    "merged in 2003": ("a.xls", BOOK_2003.format(
        '<Row><Cell ss:MergeAcross="16000" ss:MergeDown="1048575"/></Row>' * 3000)),
    "rows and columns repeated": ("a.ods", ods(REPEATED.format(999, 999) * 200)),
    "rows and columns repeated for ever": ("a.ods", ods(REPEATED.format(1048576, 16384))),
    "rows repeated beyond numbers": ("a.ods", ods(REPEATED.format(99999999, 99999999) * 9)),
    "sectors that go round": ("a.xls", ole(0)),
    "sectors beyond the file": ("a.xls", ole(0xFFFFFF)),
    "half an old workbook": ("a.xls", ole(0)[:600]),
    "an .xlsb of nothing": ("a.xlsb", packed({
        "xl/workbook.bin": b"\xff" * 5000, "[Content_Types].xml": b"<Types/>"})),
}


@pytest.mark.parametrize("case", few(OLD, "merged in 2003", "half an old workbook"))
def test_other_workbooks_get_an_answer_or_one_message(case, tmp_path):
    name, data = OLD[case]
    found = read(data if isinstance(data, bytes) else data.encode(), name, tmp_path)
    assert isinstance(found, int) or found.startswith("records.")


@pytest.mark.parametrize(("given", "code"), [
    ({"apart_seconds": 1, "apart_bytes_a_second": 1 << 40}, "records.beyond.seconds"),
    ({"apart_memory": 40 << 20, "apart_memory_a_byte": 0}, "records.")])
def test_a_process_that_takes_too_much_is_stopped(given, code, tmp_path):
    data = PAGE.format("<tr><td>2<td>x</tr>" * 300_000).encode()
    with using(Limits(**given)):
        assert read(data, "a.xls", tmp_path).startswith(code)
