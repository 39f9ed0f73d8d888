"""Workbooks that ask for more than they are: each gets an answer or one message, and little else.

Every case is a file of some kilobytes. It is read in this process, whose time and memory are
measured: nothing that a reader calls may take more than a ledger of that size could need.
"""

import io
import struct
import zipfile
import zlib

import pytest
from support.hostile import read
from support.marks import slow

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
SPACES = f'xmlns="{MAIN}" xmlns:r="{LINKS}"'
HEAD = ('<row r="1"><c r="A1" t="inlineStr"><is><t>学号</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>姓名</t></is></c></row>')
ROW = ('<row r="2"><c r="A2" t="inlineStr"><is><t>1</t></is></c>'
       '<c r="B2" t="inlineStr"><is><t>甲</t></is></c></row>')


def sheet(rows="", above="", below=""):
    return f"<worksheet {SPACES}>{above}<sheetData>{HEAD}{ROW}{rows}</sheetData>{below}</worksheet>"


def links(*targets, more=""):
    return (f'<Relationships xmlns="{PACKAGE}">' + "".join(
        f'<Relationship Id="rId{n}" Type="{LINKS}/worksheet" Target="{t}"/>'
        for n, t in enumerate(targets, 1)) + more + "</Relationships>")


def listed(count=1, state=""):
    return (f"<workbook {SPACES}><sheets>" + "".join(
        f'<sheet name="S{n}" sheetId="{n}" {state} r:id="rId{n}"/>' for n in range(1, count + 1))
        + "</sheets></workbook>")


def package(changes=None, rows=None, **around):
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
                               'content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{LINKS}'
                       '/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": listed(), "xl/_rels/workbook.xml.rels": links("worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": sheet(rows or "", **around), **(changes or {})}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, text in parts.items():
            new.writestr(name, text)
    return out.getvalue()


def inline(ref, text):
    return f'<c r="{ref}" t="inlineStr"><is><t>{text}</t></is></c>'


def styles(inside):
    return f"<styleSheet {SPACES}>{inside}</styleSheet>"


def entities():
    text = '<!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)) + "]>"
    return package({"xl/worksheets/sheet1.xml": text + sheet().replace("甲", "&a11;")})


def overlapping():
    """Many names for one part that unpacks to much."""
    inner = (b"<!--" + b" " * (40 << 20) + b"-->" + sheet().encode())
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packed.compress(inner) + packed.flush()
    names = [f"xl/worksheets/sheet{n}.xml" for n in range(1, 60)]
    base = package({"xl/workbook.xml": listed(59),
                    "xl/_rels/workbook.xml.rels": links(*(n[3:] for n in names))})
    out = io.BytesIO(base)
    with zipfile.ZipFile(out) as old:
        kept = {name: old.read(name) for name in old.namelist() if "sheet" not in name}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, text in kept.items():
            new.writestr(name, text)
        at = out.tell()
        out.write(struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 0, zlib.crc32(inner),
                              len(data), len(inner), len(names[0]), 0) + names[0].encode() + data)
        new.start_dir = out.tell()
        for name in names:
            info = zipfile.ZipInfo(name)
            info.compress_type, info.CRC, info.header_offset = 8, zlib.crc32(inner), at
            info.compress_size, info.file_size = len(data), len(inner)
            new.filelist.append(info)
            new.NameToInfo[name] = info
        new._didModify = True
    return out.getvalue()


def lying(size):
    """A part whose listed size is not its own."""
    data = bytearray(package(rows="".join(
        f'<row r="{n}">{inline(f"A{n}", n)}</row>' for n in range(3, 900))))
    at = data.rindex(b"xl/worksheets/sheet1.xml") - 46
    struct.pack_into("<I", data, at + 24, size)
    return bytes(data)


WIDE = "".join(inline(f"{a}{b}{c}1", f"h{a}{b}{c}") for a in "ABC" for b in "ABCDEFGHIJ"
               for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
CASES = {
    "padding": lambda: package({"xl/styles.xml": styles(" " * (300 << 20))}),
    "a sheet of padding": lambda: package({"xl/worksheets/sheet1.xml": sheet(
        below=" " * (300 << 20))}),
    "overlapping parts": overlapping,
    "a size that lies, too small": lambda: lying(1000),
    "a size that lies, too large": lambda: lying(1 << 30),
    "entities": entities,
    "entities in the list of sheets": lambda: package({
        "xl/workbook.xml": '<!DOCTYPE x [<!ENTITY a "b">]>' + listed()}),
    "a million headings": lambda: package({"xl/worksheets/sheet1.xml": sheet().replace(
        "</row>", "".join(f"<c t='inlineStr'><is><t>h{n}</t></is></c>"
                          for n in range(300_000)) + "</row>", 1)}),
    "headings beyond the last column": lambda: package(rows=inline("AAAAA3", "x").join(
        ('<row r="3">', "</row>"))),
    "a cell far out": lambda: package(rows=f'<row r="1048576">{inline("XFD1048576", "x")}</row>'),
    "a row far out": lambda: package(rows=f'<row r="1048576">{inline("A1048576", "x")}</row>'),
    "a row beyond all numbers": lambda: package(
        rows=f'<row r="99999999999999">{inline("A99999999999999", "x")}</row>'),
    "quotes and order of another kind": lambda: package(
        rows="<row r='1048576'><c t='n' r='XFD1048576'><v>1</v></c></row>"),
    "shared texts by the million": lambda: package({
        "xl/sharedStrings.xml": f"<sst {SPACES}>" + "<si><t>a</t></si>" * 3_000_000 + "</sst>"}),
    "rich shared texts by the million": lambda: package({
        "xl/sharedStrings.xml": f"<sst {SPACES}>" + "<si><r><t>a</t></r></si>" * 1_000_000
        + "</sst>"}),
    "a shared text that is not there": lambda: package(
        rows='<row r="3"><c r="A3" t="s"><v>99</v></c></row>'),
    "styles by the million": lambda: package({"xl/styles.xml": styles(
        "<cellXfs>" + '<xf numFmtId="0"/>' * 1_000_000 + "</cellXfs>")}),
    "formats by the million": lambda: package({"xl/styles.xml": styles("<numFmts>" + "".join(
        f'<numFmt numFmtId="{n}" formatCode="0"/>' for n in range(300_000)) + "</numFmts>")}),
    "a dimension that lies": lambda: package(above='<dimension ref="A1:XFD1048576"/>'),
    "a span that lies": lambda: package(rows='<row r="3" spans="1:99999999"></row>'),
    "columns that lie": lambda: package(above='<cols>' + (
        '<col min="1" max="16384" hidden="1"/>' * 100_000) + "</cols>"),
    "merged over the whole sheet": lambda: package(below="<mergeCells>" + (
        '<mergeCell ref="A1:XFD1048576"/>' * 150_000) + "</mergeCells>"),
    "merged down the whole sheet": lambda: package(
        rows=f'<row r="1048576">{inline("A1048576", "x")}</row>',
        below="<mergeCells>" + '<mergeCell ref="B2:B1048576"/>' * 150_000 + "</mergeCells>"),
    "merged by the million": lambda: package(below="<mergeCells>" + (
        '<mergeCell ref="A1:B1"/>' * 1_000_000) + "</mergeCells>"),
    "validations by the hundred thousand": lambda: package(below="<dataValidations>" + (
        '<dataValidation sqref="A1:XFD1048576"><formula1>1</formula1></dataValidation>' * 300_000)
        + "</dataValidations>"),
    "names by the million": lambda: package({"xl/workbook.xml": listed().replace(
        "</workbook>", "<definedNames>" + '<definedName name="a">S1!$A$1</definedName>' * 1_000_000
        + "</definedNames></workbook>")}),
    "comments": lambda: package({"xl/comments1.xml": "<comments>" + "<comment/>" * 1_000_000}),
    "a link out of the package": lambda: package({
        "xl/_rels/workbook.xml.rels": links("../../../../etc/passwd")}),
    "a link to elsewhere": lambda: package({"xl/_rels/workbook.xml.rels": links(
        ).replace("</R", f'<Relationship Id="rId1" Type="{LINKS}/worksheet" TargetMode="External"'
                  ' Target="http://127.0.0.1:9/x"/></R')}),
    "a link to itself": lambda: package({
        "xl/_rels/workbook.xml.rels": links("_rels/workbook.xml.rels")}),
    "the book as its own sheet": lambda: package({
        "xl/_rels/workbook.xml.rels": links("workbook.xml")}),
    "links by the hundred thousand": lambda: package({
        "xl/_rels/workbook.xml.rels": links(*["worksheets/sheet1.xml"] * 100_000)}),
    "a huge text": lambda: package(rows='<row r="3">' + inline("B3", "a" * (30 << 20)) + "</row>"),
    "a huge text of another form": lambda: package(
        rows="<row r='3'>" + inline("B3", "a" * (30 << 20)) + "</row>"),
    "a huge tag": lambda: package(rows=f'<row r="3" x="{"a" * (30 << 20)}"></row>'),
    "tags that never end": lambda: package(
        {"xl/worksheets/sheet1.xml": sheet()[:-20] + "<a " * 3_000_000}),
    "attributes by the million": lambda: package(rows="<row r='3' " + " ".join(
        f"a{n}='1'" for n in range(300_000)) + "></row>"),
    "depth": lambda: package(rows="<a>" * 1_000_000),
    "depth below": lambda: package(below="<a>" * 1_000_000),
    "hidden sheets by the thousand": lambda: package({
        "xl/workbook.xml": listed(5000, 'state="hidden"'),
        "xl/_rels/workbook.xml.rels": links(*["worksheets/sheet1.xml"] * 5000)}),
    "hidden sheets by the hundred": lambda: package({
        "xl/workbook.xml": listed(200, 'state="veryHidden"'),
        "xl/_rels/workbook.xml.rels": links(*["worksheets/sheet1.xml"] * 200)}),
    "one cell by the million": lambda: package(
        rows='<row r="3">' + '<c r="A3"><v>1</v></c>' * 2_000_000 + "</row>"),
    "rows in no order": lambda: package(rows="".join(
        f'<row r="{n}">{inline(f"A{n}", n)}</row>' for n in range(3000, 3, -1))),
    "cells without places by the million": lambda: package(rows=(
        "<row>" + "<c><v>1</v></c>" * 100 + "</row>") * 25_000),
    "shared formulas": lambda: package(rows="".join(
        f'<row r="{n}"><c r="A{n}"><f t="shared" si="{n}" ref="A1:XFD1048576">A1</f></c></row>'
        for n in range(3, 200_000))),
    "a pattern to hang on": lambda: package(above="<cols" + " " * 3_000_000 + "x"),
    "blanks between": lambda: package(rows='<row r="3" ' + " " * 3_000_000 + "></row>"),
    "a number beyond all numbers": lambda: package(
        {"xl/styles.xml": styles('<cellXfs><xf numFmtId="14"/></cellXfs>')},
        rows='<row r="3"><c r="A3" s="0"><v>1e400</v></c><c r="B3"><v>' + "9" * 100_000
        + "</v></c></row>"),
    "a style beyond all styles": lambda: package(
        rows='<row r="3"><c r="A3" s="99999999999999999999"><v>1</v></c></row>'),
    "no cells": lambda: package({"xl/worksheets/sheet1.xml": f"<worksheet {SPACES}/>"}),
    "half a character": lambda: package({"xl/worksheets/sheet1.xml": sheet().encode().replace(
        "甲".encode(), b"\xe7\x94")}),
    "no character at all": lambda: package({"xl/worksheets/sheet1.xml": sheet().replace(
        "甲", "\x01\ufffe")}),
    "a reference to no character": lambda: package({"xl/worksheets/sheet1.xml": sheet().replace(
        "甲", "&#0;&#xFFFFFF;")}),
    "parts by the ten thousand": lambda: package({f"x/{n}": "" for n in range(21_000)}),
    "two parts of one name": lambda: package({"XL/WORKBOOK.XML": "<x/>"}),
    "many headings": lambda: package({"xl/worksheets/sheet1.xml": sheet().replace(
        "</row>", WIDE + "</row>", 1)}),
}


ANSWERS = {
    "padding": "records.beyond.part_bytes",
    "a sheet of padding": "records.bomb",
    "overlapping parts": "records.beyond.xml_tag_bytes",
    "a size that lies, too small": "records.damaged",
    "a size that lies, too large": "records.bomb",
    "entities": "records.damaged",
    "entities in the list of sheets": "records.damaged",
    "a million headings": "records.too-many-columns",
    "headings beyond the last column": "records.too-many-columns",
    "a cell far out": "records.far-cell",
    "a row far out": 2,
    "a row beyond all numbers": "records.damaged",
    "quotes and order of another kind": "records.far-cell",
    "shared texts by the million": 1,
    "rich shared texts by the million": 1,
    "a shared text that is not there": "records.damaged",
    "styles by the million": "records.beyond.workbook_styles",
    "formats by the million": 1,
    "a dimension that lies": 1,
    "a span that lies": 1,
    "columns that lie": 1,
    "merged over the whole sheet": "records.same-field",
    "merged down the whole sheet": "records.far-cell",
    "merged by the million": "records.beyond.merged_ranges",
    "validations by the hundred thousand": 1,
    "names by the million": 1,
    "comments": 1,
    "a link out of the package": "records.damaged",
    "a link to elsewhere": "records.damaged",
    "a link to itself": "records.damaged",
    "the book as its own sheet": "records.damaged",
    "links by the hundred thousand": "records.beyond.package_parts",
    "a huge text": "records.beyond.cell_characters",
    "a huge text of another form": "records.beyond.cell_characters",
    "a huge tag": "records.beyond.xml_tag_bytes",
    "tags that never end": "records.damaged",
    "attributes by the million": 1,
    "depth": "records.beyond.xml_depth",
    "depth below": "records.beyond.xml_depth",
    "hidden sheets by the thousand": "records.beyond.workbook_sheets",
    "hidden sheets by the hundred": 200,
    "one cell by the million": "records.beyond.unusual_cells",
    "rows in no order": 2998,
    "cells without places by the million": "records.beyond.unusual_cells",
    "shared formulas": "records.beyond.workbook_styles",
    "a pattern to hang on": "records.damaged",
    "blanks between": 1,
    "a number beyond all numbers": 2,
    "a style beyond all styles": 2,
    "no cells": "records.no-cells",
    "half a character": "records.damaged",
    "no character at all": 1,
    "a reference to no character": "records.damaged",
    "parts by the ten thousand": "records.beyond.package_parts",
    "two parts of one name": "records.no-cells",
    "many headings": 1,
}
"""Records, or the message. Where there are records the rest of the file did no harm."""
SLOW = {"a million headings", "a row far out", "formats by the million", "hidden sheets by the hundred", "one cell by the million", "cells without places by the million", "shared formulas"}


@pytest.mark.parametrize("case", [
    slow(name) if name in SLOW else name for name in CASES])
def test_a_workbook_gets_an_answer_or_one_message(case, tmp_path):
    assert read(CASES[case](), "ledger.xlsx", tmp_path) == ANSWERS[case]
