"""What the number formats of .xls and .ods show."""

import struct
import zipfile
from datetime import date

import pytest
from support.old_workbooks import label, number, record, workbook
from support.party_transfer import open_ledger

from zhuanjie.engine.ledger.readers.sheetxml import inspect

DAY = (date(2007, 6, 25) - date(1899, 12, 30)).days
HEADS = [label(0, at, 0, text) for at, text in enumerate(["学号", "姓名", "转出时间"])]
FORMATS = ["00000", 'yyyy"年"m"月"', "yyyy-mm-dd"]
CELLS = [
    *HEADS, number(1, 0, 1, 6018), label(1, 1, 0, "甲"), number(1, 2, 3, DAY),
    record(0x27E, struct.pack("<HHHI", 2, 0, 1, 6019 << 2 | 2)), label(2, 1, 0, "乙"),
    number(2, 2, 2, DAY), record(0x208, struct.pack("<HHHHHHI", 3, 0, 3, 0, 0, 0, 0x20)),
    record(0xBD, struct.pack("<HHHIH", 3, 0, 1, 602000 << 2 | 3, 0)),
    record(0x205, struct.pack("<HHHBB", 3, 1, 0, 0x2A, 1)),
    label(4, 0, 4, "06021"), label(4, 1, 4, "丁"),
]


@pytest.mark.parametrize("small", [False, True])
def test_an_xls(tmp_path, small):
    path = tmp_path / "a.xls"
    path.write_bytes(workbook(CELLS, FORMATS, small=small))
    facts = inspect(path, 0)
    assert facts.cells == {(1, 0): "06018", (2, 0): "06019", (2, 2): "2007-06", (3, 0): "06020",
                           (3, 1): "#N/A"}
    assert (facts.rows, facts.columns, facts.hidden_rows, facts.struck_rows) == (5, 3, {4}, {5})
    ledger = open_ledger([path])
    batch, = ledger.batches()
    assert batch.frame["member.id"].to_list() == ["06018", "06019", "06020", "06021"]
    assert batch.frame["letter.issued_on"].to_list() == [date(2007, 6, 25), None, None, None]
    assert [(f.field, f.row) for f in batch.input][:2] == [
        ("letter.issued_on", 3), ("member.name", 4)]
    assert [n.code for n in ledger.notices if "number" in n.code] == []


def test_an_xls_that_counts_from_1904(tmp_path):
    path = tmp_path / "a.xls"
    path.write_bytes(workbook([*HEADS, number(1, 0, 2, 0)], FORMATS, late=True))
    assert inspect(path, 0).cells == {(1, 0): "1904-01"}


@pytest.mark.parametrize("cut", [40, 600, 1100, 2000])
def test_what_breaks_off_is_not_read_on(tmp_path, cut):
    path = tmp_path / "a.xls"
    path.write_bytes(workbook(CELLS, FORMATS)[:cut])
    assert inspect(path, 0).unread


def test_sectors_that_go_round(tmp_path):
    data = bytearray(workbook(CELLS, FORMATS))
    struct.pack_into("<I", data, 512 + 4 * 4, 3)
    path = tmp_path / "a.xls"
    path.write_bytes(data)
    assert inspect(path, 0).unread


def test_an_ods(tmp_path):
    path = tmp_path / "a.ods"
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{value}:1.0"' for
                      name, value in (("office", "office"), ("style", "style"), ("text", "text"),
                                      ("table", "table"), ("number", "datastyle")))

    def cell(value="", **given):
        named = " ".join(f'{k.replace("_", ":", 1).replace("_", "-")}="{v}"'
                         for k, v in given.items())
        return f"<table:table-cell {named}><text:p>{value}</text:p></table:table-cell>"

    def texts(*values, **given):
        return "".join(cell(v, office_value_type="string", **given) for v in values)

    def row(cells, more=""):
        return f"<table:table-row{more}>{cells}</table:table-row>"

    def amount(shown, value, style):
        return cell(shown, office_value_type="float", office_value=value, table_style_name=style)

    def day(shown, style):
        return cell(shown, office_value_type="date", office_date_value="2007-06-25",
                    table_style_name=style)

    content = f"""<?xml version="1.0"?><office:document-content {spaces}
      xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">
    <office:automatic-styles>
     <number:number-style style:name="N1"><number:number number:min-integer-digits="5"
       number:decimal-places="0"/></number:number-style>
     <number:date-style style:name="N2"><number:year/><number:text>年</number:text><number:month/>
       </number:date-style>
     <style:style style:name="c1" style:family="table-cell" style:data-style-name="N1"/>
     <style:style style:name="c2" style:family="table-cell" style:data-style-name="N2"/>
     <style:style style:name="c3" style:family="table-cell">
      <style:text-properties style:text-line-through-style="solid"/></style:style>
    </office:automatic-styles><office:body><office:spreadsheet>
     <table:table table:name="说明">{row(texts("x"))}</table:table>
     <table:table table:name="台账"><table:table-column table:number-columns-repeated="9"/>
     {row(texts("学号", "姓名", "转出时间"))}
     {row(amount("06018", "6018", "c1") + texts("甲") + day("2007年6月", "c2"))}
     {row(amount("06019", "6019", "c1") + texts("乙") + day("2007-06-25", "Default"),
          ' table:visibility="filter"')}
     {row(texts("06020", "丙", table_style_name="c3"))}
     {row("<table:table-cell table:number-columns-repeated='1024'/>",
          ' table:number-rows-repeated="1048000"')}
     </table:table></office:spreadsheet></office:body></office:document-content>"""
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", "<manifest/>")
        book.writestr("content.xml", content)
    facts = inspect(path, 1)
    assert facts.cells == {(1, 0): "06018", (1, 2): "2007-06", (2, 0): "06019"}
    assert (facts.rows, facts.columns, facts.hidden_rows, facts.struck_rows, facts.filtered) == (
        4, 3, {3}, {4}, True)
    batch, = open_ledger([path]).batches()
    assert batch.frame["member.id"].to_list() == ["06018", "06019", "06020"]
