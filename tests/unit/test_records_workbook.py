"""Workbooks: where the table stands, merged cells, numbers that were texts, broken files."""

import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from support.party_transfer import open_ledger

from zhuanjie.engine.core.errors import InputError
from zhuanjie.engine.core.limits import Limits, using

HEAD = ["学号", "姓名", "转出时间"]


@pytest.fixture
def book(tmp_path):
    """Writes sheets given as lists of rows; `shape` may work on the workbook before it is saved."""
    def book(sheets, shape=lambda workbook: None, name="ledger.xlsx"):
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for title, rows in sheets.items():
            sheet = workbook.create_sheet(title)
            for row in rows:
                sheet.append(row)
        shape(workbook)
        path = tmp_path / name
        workbook.save(path)
        return path
    return book


def only(path, **kw):
    ledger = open_ledger([path], **kw)
    batch, = ledger.batches()
    return ledger, batch


def codes(notices):
    return [n.code for n in notices]


def refused(path):
    with pytest.raises(InputError) as caught:
        list(open_ledger([path]).batches())
    return caught.value.diagnostics[0]


def test_a_plain_sheet(book):
    path = book({"台账": [[*HEAD, "宿舍楼号"], ["06021", "张三", date(2007, 6, 20), "甲"],
                          ["06022", "李四", datetime(2007, 6, 21, 9), 7]]})
    ledger, batch = only(path)
    assert batch.frame.rows() == [
        ("06021", "张三", date(2007, 6, 20)), ("06022", "李四", date(2007, 6, 21))]
    assert batch.extra.to_dict(as_series=False) == {"宿舍楼号": ["甲", "7"]}
    assert (batch.sheet, batch.rows.to_list(), batch.start) == ("台账", [2, 3], 0)
    assert codes(ledger.notices) == ["records.unknown-heading"]
    assert ledger.size_hint == 2


def test_titles_blank_rows_and_an_offset(book):
    def shape(workbook):
        sheet = workbook["台账"]
        sheet["C2"] = "2007届毕业生党员台账"
        sheet.merge_cells("C2:E2")
        for column, heading in zip("CDE", HEAD, strict=True):
            sheet[f"{column}4"] = heading
        sheet["C6"], sheet["D6"], sheet["E6"] = "06021", "张三", "2007/6/20"
        sheet["C9"], sheet["E9"] = "06022", "2007-02-30"
        sheet["C11"] = "合计：2人"
        sheet.merge_cells("C11:E11")
    _, batch = only(book({"台账": []}, shape))
    assert batch.frame["member.id"].to_list() == ["06021", "06022"]
    assert batch.rows.to_list() == [6, 9]
    assert [(f.code, f.row, f.column, f.value, f.sheet) for f in batch.input] == [
        ("records.cell.date-none", 9, "转出时间", "2007-02-30", "台账"),
        ("records.sum-row", 11, None, "合计：2人", "台账"),
    ]


def test_merged_headers_of_two_rows(book):
    def shape(workbook):
        sheet = workbook["台账"]
        for merged in ("A1:E1", "A2:A3", "B2:C2", "D2:E2"):
            sheet.merge_cells(merged)
    path = book({"台账": [["台账"], ["学号", "基本情况", None, "介绍信", None],
                          [None, "姓名", "性别", "姓名", "编号"],
                          ["06021", "张三", "男", "张三", "0007"]]}, shape)
    _, batch = only(path)
    assert batch.frame.to_dicts() == [{
        "member.id": "06021", "member.name": "张三", "member.sex": "male",
        "letter.serial": "0007", "letter.name": "张三"}]
    assert batch.rows.to_list() == [4]


def test_a_value_goes_down_its_merged_cells(book):
    def shape(workbook):
        workbook["台账"].merge_cells("B2:B4")
    rows = [["学号", "所在基层党委"], ["1", "数学系"], ["2"], ["3"], ["4", "中文系"]]
    path = book({"台账": rows}, shape)
    for size in (1, 100):
        batches = open_ledger([path]).batches(size)
        branches = [v for b in batches for v in b.frame["member.school_branch"]]
        assert branches == ["数学系", "数学系", "数学系", "中文系"]


def test_every_ledger_sheet_is_read_and_the_others_are_said(book):
    def shape(workbook):
        workbook["旧"].sheet_state = "hidden"
    path = book({"数学": [HEAD, ["1"]], "说明": [["填表说明"]], "空": [], "旧": [HEAD, ["9"]],
                 "中文": [HEAD, ["2"], ["3"]]}, shape)
    ledger = open_ledger([path])
    batches = list(ledger.batches())
    assert [(b.sheet, b.start, b.frame["member.id"].to_list()) for b in batches] == [
        ("数学", 0, ["1"]), ("旧", 1, ["9"]), ("中文", 2, ["2", "3"])]
    assert [dict(t.marked) for t in ledger.tables] == [{}, {"hidden": 1}, {}]
    assert [(n.code, n.place.sheet) for n in ledger.notices] == [
        ("records.skipped-sheet", "说明"), ("records.skipped-sheet", "空"),
        ("records.hidden-sheet", "旧")]


def test_numbers_in_text_columns_are_read_whole_and_said_once(book):
    path = book({"台账": [["学号", "手机号码", "届别", "转出时间"],
                          [6021, 13800000000, 2007, 39253],
                          [6022.0, "13800000001", "2007届", 20070620]]})
    ledger, batch = only(path)
    assert batch.frame.rows() == [("6021", "13800000000", 2007, date(2007, 6, 20)),
                                  ("6022", "13800000001", 2007, date(2007, 6, 20))]
    assert [(n.code, n.place.column) for n in ledger.notices] == [
        ("records.number-as-text", "A"), ("records.number-as-text", "B")]


def test_zeros_that_a_number_format_shows_are_kept(book):
    def shape(workbook):
        for row in (2, 3):
            workbook["台账"].cell(row, 1).number_format = "00000"
    ledger, batch = only(book({"台账": [HEAD, [6021], [123456]]}, shape))
    assert batch.frame["member.id"].to_list() == ["06021", "123456"]
    assert ledger.notices == []


def test_a_workbook_that_counts_from_1904(book):
    def shape(workbook):
        workbook.epoch = CALENDAR_MAC_1904
    path = book({"台账": [HEAD, ["1", "张", (date(2007, 6, 20) - date(1904, 1, 1)).days]]}, shape)
    _, batch = only(path)
    assert batch.frame["letter.issued_on"].to_list() == [date(2007, 6, 20)]


def test_spreadsheet_errors_are_findings_and_formulas_without_results_are_said(book):
    def shape(workbook):
        cell = workbook["台账"]["B2"]
        cell.value, cell.data_type = "#N/A", "e"
    ledger, batch = only(book({"台账": [HEAD, ["1", None, "=TODAY()"]]}, shape))
    assert batch.frame.rows() == [("1", None, None)]
    assert [(f.code, f.field, f.row, f.value) for f in batch.input] == [
        ("records.cell.error", "member.name", 2, "#N/A")]
    assert [(n.code, n.args) for n in ledger.notices] == [("records.uncomputed", {"count": 1})]


def test_two_columns_of_one_field(book):
    diagnostic = refused(book({"台账": [["学号", "姓名", "学号*"], ["1", "a", "2"]]}))
    assert diagnostic.code == "records.same-field"
    assert diagnostic.place.sheet == "台账"
    ledger, batch = only(book({"台账": [["学号", "姓名", "学号*"], ["1", "a", "1"]]}))
    assert batch.frame.rows() == [("1", "a")]
    assert codes(ledger.notices) == ["records.column-again"]


@pytest.mark.parametrize(("sheets", "code"), [
    ({"空": []}, "records.no-cells"), ({"台账": [["a", "b"], [1, 2]]}, "records.no-header"),
    ({"台账": [["转出日期", "党员类型"], [1, 2]]}, "records.no-header-near"),
    ({"台账": [HEAD]}, "records.no-records"), ({"台账": [HEAD, [None, " "]]}, "records.no-records"),
])
def test_no_ledger(book, sheets, code):
    assert refused(book(sheets)).code == code


@pytest.mark.parametrize(("content", "name", "code"), [
    (b"", "a.xlsx", "records.empty-file"),
    ("学号,姓名\n1,张\n".encode(), "a.xlsx", "records.really-text"),
    (b"<html><table><tr><td>1", "a.xls", "records.no-header"),
    (b"<html><table><tr><td>1", "a.xlsx", "records.really-html"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.xlsx", "records.really-ole"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.xls", "records.damaged"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le"),
     "a.xlsx", "records.password"),
    (b"PK\x03\x04" + b"garbage" * 50, "a.xlsx", "records.damaged"),
    (b"PK\x05\x06" + bytes(18), "a.xlsx", "records.damaged"),
    (b'[{"member.id": "1"}]', "a.xlsx", "records.really-json"),
    (b"PAR1", "a.xlsx", "records.really-parquet"),
])
def test_files_that_are_no_workbook(tmp_path, content, name, code):
    path = tmp_path / name
    path.write_bytes(content)
    assert refused(path).code == code


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_workbook(book, share):
    path = book({"台账": [HEAD, *([str(i), "张", date(2007, 6, 1)] for i in range(200))]})
    data = path.read_bytes()
    path.write_bytes(data[:int(len(data) * share)])
    assert refused(path).code == "records.damaged"


def test_a_damaged_sheet_inside_a_sound_archive(book, tmp_path):
    path = book({"台账": [HEAD, ["1", "张", "2007-06-20"]]})
    broken = tmp_path / "broken.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data[:len(data) // 2] if "sheet1.xml" in name else data)
    assert refused(broken).code == "records.damaged"


def test_an_archive_that_is_no_workbook(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "x")
    assert refused(path).code == "records.damaged"


def rewritten(path, part, change):
    """The workbook with one part of its archive changed."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(name, change(data) if name == part else data)
    return path


def test_a_stray_cell_in_the_last_corner(book):
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    path = rewritten(book({"台账": [HEAD, ["1", "张", "2007-06-20"]]}), "xl/worksheets/sheet1.xml",
                     lambda data: data.replace(b"</sheetData>", far))
    found = refused(path)
    assert found.code == "records.far-cell"
    assert (found.args["rows"], found.args["columns"]) == (1048576, 16384)


@pytest.mark.parametrize("ref", ["A1048576", "CR40", "ZZ3", "AAA2"])
def test_a_stray_cell_not_so_far(book, ref):
    row = ref.lstrip("ABCRZ")
    far = f'<row r="{row}"><c r="{ref}"><v>1</v></c></row></sheetData>'.encode()
    path = rewritten(book({"台账": [HEAD]}), "xl/worksheets/sheet1.xml",
                     lambda data: data.replace(b"</sheetData>", far))
    assert open_ledger([path]).size_hint == int(row) - 1


def test_a_part_that_unpacks_to_nothing_but_padding(book):
    path = book({"台账": [HEAD, ["1", "张", "2007-06-20"]]})
    with using(Limits(unpacked_bytes=1 << 20)):
        assert codes(open_ledger([path]).notices) == []
        found = refused(rewritten(path, "xl/styles.xml", lambda data: data + b" " * (3 << 20)))
    assert found.code == "records.bomb"
