"""Sheets of .xlsx however their XML is written: one reading, quick or not."""

import random
import re
import zipfile
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

import pytest
import xlsxwriter
from support.party_transfer import open_ledger

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError
from zhuanjie.engine.ledger.cells.shown import ShownDate
from zhuanjie.engine.ledger.readers.number_formats import BUILT_IN, Digits, read_format
from zhuanjie.engine.ledger.readers.sheet_extras import DAY_ZERO
from zhuanjie.engine.ledger.readers.xlsx.columns import Columns
from zhuanjie.engine.ledger.readers.xlsx.package import DamagedError, PackedBook
from zhuanjie.engine.ledger.readers.xlsx.reader import open_book
from zhuanjie.engine.ledger.readers.xlsx.sheet import read_sheet, taken_apart

SHEET = "xl/worksheets/sheet1.xml"
MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
DAY = date(2007, 6, 25)


@pytest.fixture
def path(tmp_path):
    """A ledger with all that has to be mended."""
    path = tmp_path / "ledger.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("台账")
        padded, month = (book.add_format({"num_format": f}) for f in ("00000", 'yyyy"年"m"月"'))
        whole = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["学号", "姓名", "转出时间", "离校时间", "介绍信编号"])
        for row in range(1, 5):
            sheet.write(row, 0, 6000 + row, padded)
            sheet.write(row, 1, "甲<\"&>")
            sheet.write(row, 2, DAY, whole)
            sheet.write(row, 3, DAY, month)
            sheet.write_formula(row, 4, 'IF(B1="","",1)', None, "")
        sheet.write_formula(4, 1, "VLOOKUP(1,A1:B2,2)", None, "#N/A")
        sheet.set_row(2, None, None, {"hidden": True})
    return path


@dataclass
class Read:
    """A sheet as it was read: its rows, and what is around them."""

    rows: list[list[object]]
    hidden_rows: set[int]
    hidden_columns: list[tuple[int, int]]
    merged: list[tuple[tuple[int, int], tuple[int, int]]]
    filtered: bool
    uncomputed: int
    struck: set[int]


def inspect(path, *, quick=True):
    with PackedBook(path, Place()) as package:
        opened = open_book(package)
        read = read_sheet(package, opened.book.sheets[0].part, opened.kinds, quick=quick)
        columns = Columns(read.cells, opened.book.day_zero)
        facts = read.facts
        struck = {}
        for part in facts.struck:
            for row, all_ in part.iter_rows():
                struck[row] = struck.get(row, True) and all_
        rows = [[cell.strip() if isinstance(cell, str) else cell for cell in row]
                for row in columns.rows(0, columns.height)]
        return Read(rows, facts.hidden_rows, facts.hidden_columns,
                    facts.merged, facts.filtered, facts.formulas.uncomputed,
                    {row + 1 for row, all_ in struck.items() if all_})


def is_taken_apart(path):
    """Whether no parser has to read the rows."""
    with PackedBook(path, Place()) as package:
        opened = open_book(package)
        return taken_apart(package, opened.book.sheets[0].part, opened.kinds) is not None


def rewrite(path, change, parts=(SHEET,)):
    with zipfile.ZipFile(path) as old:
        data = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, text in data.items():
            new.writestr(name, change(text) if name in parts or parts == "all" else text)


def prefixed(data):
    return re.sub(rb"<(/?)(\w)", rb"<\1x:\2", data).replace(b"xmlns=", b"xmlns:x=", 1)


WRITTEN = {
    "as usual": lambda data: data,
    "a prefix": prefixed,
    "single quotes": lambda data: re.sub(rb'<(c|row) ([^>]*)>', lambda m: m[0].replace(
        b'"', b"'"), data),
    "no references": lambda data: re.sub(rb'<(c|row) r="\w+"', rb"<\1", data),
    "rows without references": lambda data: re.sub(rb'<row r="\w+"', rb"<row", data),
    "cells without references": lambda data: re.sub(rb'<c r="\w+"', rb"<c", data),
    "line breaks": lambda data: data.replace(b"<c ", b"<c\n\t").replace(b"<row ", b"<row\r\n ")
    .replace(b"</v>", b"</v\n>").replace(b"><v", b">\n <v"),
    "indented": lambda data: data.replace(b"><", b">\n  <"),
    "references last": lambda data: re.sub(rb'<c (r="\w+") ([^>]*)>', rb"<c \2 \1>", data),
    "a comment": lambda data: data.replace(
        b"<sheetData>", b'<!-- <c r="ZZ9" t="e"><v>1</v></c> --><sheetData>'),
    "a comment in a cell": lambda data: data.replace(b"<v>600", b"<!-- - --><v>600"),
    "sections": lambda data: re.sub(rb"<v>([^<]+)</v>", rb"<v><![CDATA[\1]]></v>", data),
    "two bytes a character": lambda data: data.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "an instruction": lambda data: data.replace(b"<sheetData>", b"<sheetData><?x <c r='ZZ9'/>?>"),
    "a mark": lambda data: b"\xef\xbb\xbf" + data,
    "the strict form": lambda data: data.replace(MAIN, STRICT),
    "other names": lambda data: data.replace(
        b"<sheetData>", b'<y:c xmlns:y="urn:y" r="ZZ9" t="e"><y:v>1</y:v></y:c><sheetData>'),
}


@pytest.mark.parametrize("written", WRITTEN)
def test_a_sheet_reads_the_same_however_it_is_written(path, written):
    usual = inspect(path)
    assert [row[0] for row in usual.rows[1:]] == [f"0600{row}" for row in range(1, 5)]
    assert [row[3] for row in usual.rows[1:]] == ["2007-06"] * 4
    assert usual.rows[4][1] == "#N/A"
    assert (usual.hidden_rows, usual.uncomputed) == ({3}, 0)
    rewrite(path, WRITTEN[written])
    assert inspect(path) == usual == inspect(path, quick=False)
    batch, = open_ledger([path]).batches()
    assert batch.frame["member.id"].to_list() == ["06001", "06002", "06003", "06004"]
    assert batch.frame["letter.issued_on"].to_list() == [DAY] * 4
    assert [(f.field, f.row, f.value) for f in batch.input if f.code == "records.cell.error"] == [
        ("member.name", 5, "#N/A")]


@pytest.mark.parametrize(("written", "apart"), [
    ("as usual", True), ("a prefix", True), ("references last", True), ("a mark", True),
    ("the strict form", True), ("single quotes", False), ("a comment", False),
    ("sections", False), ("two bytes a character", False), ("no references", False),
])
def test_the_usual_form_is_taken_apart_and_not_parsed(path, written, apart):
    rewrite(path, WRITTEN[written])
    assert is_taken_apart(path) is apart


def cell(rng, row, column):
    """A cell as some program may write it."""
    ref = f'{chr(ord("A") + column)}{row}'
    style = rng.choice(["", ' s="0"', ' s="1"', ' s="2"', ' s="3"'])
    value = rng.choice(["18", "39258", "39258.5", "-3", "1E2", "x"])
    formula = rng.choice(["", "<f>A1</f>", '<f>IF(A1="","",2)</f>', '<f t="shared" si="0"/>',
                          "<f>IF(A1=&quot;&quot;,&quot;&quot;)</f>"])
    ending = rng.choice([f"<v>{value}</v>", "<v></v>", "<v/>", ""])
    kind = rng.choice(["", ' t="n"', ' t="s"', ' t="str"', ' t="e"', ' t="d"', ' t="b"'])
    return rng.choice([
        f'<c r="{ref}"{style}/>', f'<c r="{ref}"{kind}{style}>{formula}{ending}</c>',
        f'<c r="{ref}"{style}{kind}>{formula}{ending}</c>',
        f'<c r="{ref}"{style} t="inlineStr"><is><t>&lt;c r="ZZ9" &gt; "</t></is></c>'])


@pytest.mark.parametrize("seed", range(60))
def test_searching_and_parsing_find_the_same(path, seed):
    rng = random.Random(seed)
    rows = "".join(
        f'<row r="{row}"{rng.choice(["", " hidden=%s1%s" % (2 * (chr(34),))])}>'
        + "".join(cell(rng, row, column) for column in range(rng.randrange(9))) + "</row>"
        for row in range(1, rng.randrange(2, 40)))
    with zipfile.ZipFile(path) as parts:
        data = re.sub(rb"<sheetData>.*</sheetData>", b"<sheetData>" + rows.encode()
                      + b"</sheetData>", parts.read(SHEET))
    rewrite(path, lambda _: data)
    try:
        parsed = inspect(path, quick=False)
    except DamagedError:  # a shared text that there is not
        with pytest.raises(DamagedError):
            inspect(path)
        return
    assert inspect(path) == parsed


@pytest.mark.parametrize(("formulas", "count"), [
    (['IF(B1="","","x")'] * 3, 0), (["TODAY()", 'IF(B1="","","x")'], 2), (["TODAY()"], 1),
    (['B1=""'], 1), (['B1&""'], 0), (['SUBSTITUTE(B1," ","")'], 0), (['IF(B1="",1,2)'], 1),
])
def test_formulas_without_results(path, formulas, count):
    def change(data):
        cells = "".join(f"<c r='A{i}'><f>{escape(f)}</f><v></v></c>"
                        for i, f in enumerate(formulas, 9))
        return re.sub(rb"<f>IF.*?</f><v></v>", b"<v>1</v>", data).replace(
            b"</sheetData>", f"<row r='9'>{cells}</row></sheetData>".encode()).replace(
                b"<f>VLOOKUP(1,A1:B2,2)</f>", b"")
    rewrite(path, change)
    assert inspect(path).uncomputed == count


def test_an_empty_text_that_was_computed_is_no_missing_result(path):
    rewrite(path, lambda data: data.replace(
        b"</sheetData>",
        b'<row r="9"><c r="A9" t="str"><f>TRIM(B1)</f><v></v></c></row></sheetData>'))
    assert inspect(path).uncomputed == 0


def test_struck_and_filtered_rows_and_hidden_columns(tmp_path):
    path = tmp_path / "ledger.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        struck = book.add_format({"font_strikeout": True})
        sheet.write_row(0, 0, ["学号", "姓名"])
        sheet.write_row(1, 0, ["1", "甲"], struck)
        sheet.write(2, 0, "2", struck)
        sheet.write(2, 1, "乙")
        sheet.write(3, 0, "3", struck)
        sheet.write_blank(3, 1, None)
        sheet.autofilter(0, 0, 3, 1)
        sheet.filter_column(1, "x == 甲")
        sheet.set_column(1, 2, None, None, {"hidden": True})
    facts = inspect(path)
    assert (facts.struck, facts.filtered, facts.hidden_columns) == ({2, 4}, True, [(1, 2)])
    assert inspect(path, quick=False) == facts
    table, = open_ledger([path]).tables
    assert (table.struck_rows, table.filtered) == ({2, 4}, True)


@pytest.mark.parametrize("ref", ["XFD1048576", "A4626988397856", "ZZZZZZ1"])
def test_a_cell_beyond_a_sheet_is_refused_however_it_is_written(path, ref):
    rewrite(path, lambda data: data.replace(
        b"</sheetData>", f"<row><c t='n' r='{ref}'><v>1</v></c></row></sheetData>".encode()))
    with pytest.raises(InputError) as caught:
        open_ledger([path])
    assert caught.value.diagnostics[0].code == "records.far-cell"


def test_a_sheet_that_cannot_be_unpacked(path):
    data = bytearray(path.read_bytes())
    at = data.index(SHEET.encode()) + len(SHEET)
    data[at + 40:at + 60] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        open_ledger([path])
    assert caught.value.diagnostics[0].code == "records.damaged"


def test_a_document_type_is_not_followed(path):
    rewrite(path, lambda data: data.replace(
        b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "' + b"x" * 99 + b'">]><worksheet', 1))
    with pytest.raises(InputError) as caught:
        open_ledger([path])
    assert caught.value.diagnostics[0].code == "records.damaged"


@pytest.mark.parametrize(("code", "number", "shown"), [
    ("00000", 18, "00018"), ("00000", 123456, "123456"), ("000-0000-0000", 13800000001,
                                                            "138-0000-0001"),
    ('"泉师"000', 18, "泉师018"), ('"第"0000"号"', 18, "第0018号"), ("0000_ ;[Red]-0000", 18, "0018"),
    ("0000\\-00\\-00", 20070620, "2007-06-20"), ("00000", 1.5, None), ("00000", -1, None),
    ('yyyy"年"m"月"', 39258, "2007-06"), ("mmm-yy", 39258, "2007-06"), ("yyyy", 39258, "2007"),
    ('[$-804]m"月"d"日";@', 39258, "06-25"), ("m/d", 39258, "06-25"), ('m"月"', 39258, "6月"),
    ("dd", 39258, "25日"), (BUILT_IN[57], 39258, "2007-06"),
])
def test_what_a_format_shows(code, number, shown):
    assert read_format(code).show(number, DAY_ZERO) == shown


def test_a_day_shown_in_part_can_be_told_from_what_was_typed():
    assert isinstance(read_format("yyyy-mm").show(39258, DAY_ZERO), ShownDate)
    assert isinstance(read_format("000"), Digits)


@pytest.mark.parametrize("code", [
    "General", "0", "0.00", "00.00", "#,##0", "@", "yyyy-mm-dd", 'yyyy"年"m"月"d"日"', "h:mm", "mm:ss",
    "m/d/yy h:mm", "[h]:mm", "aaaa", "0.00E+00", "0%", "[<100]000;0", 'G/通用格式', "", '"x"', "0" * 300,
    "[$-F800]dddd, mmmm dd, yyyy",
])
def test_formats_that_change_nothing(code):
    assert read_format(code) is None
