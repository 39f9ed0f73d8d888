"""A ledger's own workbook with marks: what changes, what stays, marking it again."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from python_calamine import CalamineWorkbook
from support.office_books import SHEET, by_openpyxl, by_xlsxwriter, changed, parts

from zhuanjie.engine import Report, audit
from zhuanjie.engine.core.errors import OutputError, UsageError
from zhuanjie.report.workbook.styles import FILLS

DAY = date(2007, 12, 31)
MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
BOOKS: dict[str, Callable[[Path], Path]] = {"openpyxl": by_openpyxl, "xlsxwriter": by_xlsxwriter}
CHANGED = re.compile(
    r"\[Content_Types\]\.xml|xl/workbook\.xml|xl/_rels/workbook\.xml\.rels|xl/styles\.xml"
    r"|xl/worksheets/sheet1\.xml|xl/worksheets/_rels/sheet1\.xml\.rels"
    r"|xl/comments/?(comment)?1\.xml|xl/drawings/(commentsDrawing1|vmlDrawing1)\.vml"
    r"|xl/drawings/commentsDrawing1\.vml|xl/.*zhuanjie-.*")
"""The parts that marks on the first sheet may change."""


def audited(path: Path, **options: object) -> Report:
    return audit(path, "fujian-2007-80", as_of=DAY, lang="zh", only=["1.1c"],
                 **options)  # type: ignore[arg-type]  # passed on


def marked(path: Path, name: str = "marked.xlsx") -> Path:
    target = path.parent / name
    audited(path).save(target, force=True)
    assert complaints(target) == complaints(path)
    CalamineWorkbook.from_path(target)
    for part, data in parts(target).items():
        if part.endswith((".xml", ".rels", ".vml")):
            ElementTree.fromstring(data)
    return target


def marked_in(path: Path, folder: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same under the same name, in another folder."""
    monkeypatch.chdir(path.parent)
    target = path.parent / folder / path.name
    target.parent.mkdir()
    audited(Path(path.name)).save(target)
    return target


def complaints(path: Path) -> set[str]:
    """What openpyxl has to complain of."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        openpyxl.load_workbook(path)
    return {str(warning.message) for warning in said}


def look(cell: Any) -> list[str]:
    """The format of a cell but for its fill."""
    return [repr(part) for part in (cell.font, cell.border, cell.number_format, cell.alignment)]


@pytest.mark.parametrize("maker", BOOKS)
def test_only_what_marks_need_changes(maker: str, tmp_path: Path) -> None:
    source = BOOKS[maker](tmp_path / "a.xlsx")
    before, after = parts(source), parts(marked(source))
    assert set(before) <= set(after)
    differ = {name for name in after if after[name] != before.get(name)}
    assert {name for name in differ if not CHANGED.fullmatch(name)} == set()
    # What the first sheet says of anything but its cells and comments stays to the letter.
    for tag in (b"conditionalFormatting", b"dataValidations", b"extLst", b"tableParts", b"drawing",
                b"legacyDrawingHF", b"autoFilter", b"cols"):
        found = re.compile(b"<" + tag + rb"[ >/].*?(?:</" + tag + rb">|/>)", re.DOTALL)
        assert found.findall(before[SHEET]) == found.findall(after[SHEET])


@pytest.mark.parametrize("maker", BOOKS)
def test_marked_cells_keep_all_but_their_fill(maker: str, tmp_path: Path) -> None:
    source = BOOKS[maker](tmp_path / "a.xlsx")
    was, now = openpyxl.load_workbook(source).worksheets[0], openpyxl.load_workbook(
        marked(source)).worksheets[0]
    assert {c.coordinate for row in now.iter_rows() for c in row
            if c.fill.fgColor.rgb == FILLS["error"]} == {"C2", "D2", "C4", "D4"}
    for row in was.iter_rows():
        for cell in row:
            other = now[cell.coordinate]
            assert other.value == cell.value
            assert look(other) == look(cell)
            if other.coordinate not in ("C2", "D2", "C4", "D4"):
                assert repr(other.fill) == repr(cell.fill)
    assert now["C2"].comment.text.startswith("---- zhuanjie ----\n1.1c 违反（错误）\n")
    assert "怎样办：" in now["C2"].comment.text


@pytest.mark.parametrize("maker", BOOKS)
def test_comments_of_others_stay_and_ours_stand_behind_them(maker: str, tmp_path: Path) -> None:
    source = BOOKS[maker](tmp_path / "a.xlsx")
    was, now = openpyxl.load_workbook(source), openpyxl.load_workbook(marked(source))
    for sheet in was:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.comment:
                    other = now[sheet.title][cell.coordinate].comment
                    assert other.author == cell.comment.author
                    assert other.text.startswith(cell.comment.text)
    both = now.worksheets[0]["D4" if maker == "openpyxl" else "D2"].comment.text
    assert "\n---- zhuanjie ----\n1.1c 违反" in both


@pytest.mark.parametrize("maker", BOOKS)
def test_marking_again_is_marking_once(
    maker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    once = marked_in(BOOKS[maker](tmp_path / "a.xlsx"), "once", monkeypatch)
    twice = marked_in(once, "twice", monkeypatch)
    assert parts(twice) == parts(once)
    same = audited(once)
    assert [f.id for f in same.findings] == [f.id for f in audited(tmp_path / "a.xlsx").findings]
    assert {part.sheet for part in same.ledger.skipped} == {"其他"}


@pytest.mark.parametrize("maker", BOOKS)
def test_former_marks_go_where_nothing_is_wrong_any_more(maker: str, tmp_path: Path) -> None:
    source = BOOKS[maker](tmp_path / "a.xlsx")
    once = marked(source)
    report = audited(once)
    report.findings = []
    clean = tmp_path / "clean.xlsx"
    report.save(clean)
    was, now = (openpyxl.load_workbook(p).worksheets[0] for p in (source, clean))
    for row in was.iter_rows():
        for cell in row:
            other = now[cell.coordinate]
            assert (repr(other.fill), look(other)) == (repr(cell.fill), look(cell))
            assert (other.comment and other.comment.text) == (cell.comment and cell.comment.text)
    assert parts(clean)["xl/styles.xml"].count(b"<xf ") <= (
        parts(source)["xl/styles.xml"].count(b"<xf ") + 9)  # those of the sheets of ours


@pytest.mark.parametrize("maker", BOOKS)
def test_marks_go_though_another_program_saved_the_workbook(maker: str, tmp_path: Path) -> None:
    source = BOOKS[maker](tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(marked(source))
    book.save(tmp_path / "saved.xlsx")  # which numbers all formats and parts anew
    report = audited(tmp_path / "saved.xlsx")
    assert {t.table.sheet for t in report.ledger.tables} == {book.worksheets[0].title}
    report.findings = [f for f in report.findings if f.record == "06001"]
    report.save(tmp_path / "clean.xlsx")
    now = openpyxl.load_workbook(tmp_path / "clean.xlsx")
    assert now.sheetnames == book.sheetnames
    sheet, was = now.worksheets[0], openpyxl.load_workbook(source).worksheets[0]
    assert sheet["D2"].fill.fgColor.rgb == FILLS["error"]
    # What no other cell has in its format the saving program forgot; a plain colour is known.
    assert sheet["D4"].fill.fgColor.rgb == was["D4"].fill.fgColor.rgb
    assert "zhuanjie" not in (sheet["D4"].comment.text if sheet["D4"].comment else "")
    assert sheet["C4"].comment is None


def test_the_findings_lead_to_their_cells(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(marked(by_openpyxl(tmp_path / "a.xlsx")))
    assert book.sheetnames == ["台账'甲", "其他", "核对结果", "核对汇总"]
    sheet = book["核对结果"]
    heads = [cell.value for cell in sheet[3]]
    cells = heads.index("单元格") + 1
    assert sheet.auto_filter.ref == f"A3:{sheet.cell(3, len(heads)).column_letter}5"
    assert sheet.freeze_panes == "A4"
    assert [sheet.cell(row, cells).value for row in (4, 5)] == ["C2 D2", "C4 D4"]
    assert sheet.cell(4, cells).hyperlink.location == "'台账''甲'!C2"
    assert [sheet.cell(row, heads.index("学号") + 1).value for row in (4, 5)] == ["06001", "06003"]


def test_threads_of_comments_are_left_alone(tmp_path: Path) -> None:
    def threaded(data: bytes) -> bytes:
        text = data.replace("张".encode(), b"tc={0F0E}").replace(
            "请核对".encode(), b"[Threaded comment]")
        assert text != data
        return text

    name = next(n for n in parts(by_openpyxl(tmp_path / "plain.xlsx")) if "comment1" in n)
    thread = b'<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/' \
             b'threadedcomments"><threadedComment ref="D4" id="{0F0E}"><text>?</text>' \
             b"</threadedComment></ThreadedComments>"
    source = changed(tmp_path / "plain.xlsx", tmp_path / "a.xlsx", {name: threaded},
                     {"xl/threadedComments/threadedComment1.xml": thread})
    target = marked(source)
    assert parts(target)["xl/threadedComments/threadedComment1.xml"] == thread
    sheet = openpyxl.load_workbook(target).worksheets[0]
    assert sheet["D4"].comment.text == "[Threaded comment]"
    assert sheet["D4"].fill.fgColor.rgb == FILLS["error"]


def prefixed(data: bytes) -> bytes:
    text = data.replace(b'xmlns="' + MAIN, b'xmlns:x="' + MAIN)
    return re.sub(rb"<(/?)([A-Za-z]\w*)(?=[\s/>])", rb"<\1x:\2", text)


def without_references(data: bytes) -> bytes:
    return re.sub(rb'(<(?:c|row)\b[^>]*?) r="[A-Z]*[0-9]+"', rb"\1", data)


def other_quotes(data: bytes) -> bytes:
    return re.sub(rb'="([^"\'<>]*)"', rb"  =\n '\1'", data)


def commented(data: bytes) -> bytes:
    return re.sub(rb"(<row )", rb"<!-- <row r='1'><c r='A1' s='9'/></row> --><?pi <row?>\1", data)


def wide(data: bytes) -> bytes:
    return data.decode().replace("UTF-8", "UTF-16").encode("utf-16")


def strict(data: bytes) -> bytes:
    return data.replace(MAIN, b"http://purl.oclc.org/ooxml/spreadsheetml/main").replace(
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        b"http://purl.oclc.org/ooxml/officeDocument/relationships")


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "prefixed": prefixed, "without references": without_references, "other quotes": other_quotes,
    "commented": commented, "UTF-16": wide}


@pytest.mark.parametrize("form", FORMS)
def test_a_sheet_may_be_written_in_any_form(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = tmp_path / "plain.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "台账"
    for row in (["学号", "姓名", "书面告知时间", "告知形式"], ["06001", "甲", "2007-06-02", "口头"],
                ["06002", "乙", "2007-06-02", "书面"], ["06003", "丙", "2007-06-02", "口头"]):
        sheet.append(row)
    book.save(plain)
    source = changed(plain, tmp_path / "a.xlsx", {SHEET: FORMS[form]})
    target = marked_in(source, "once", monkeypatch)
    now = openpyxl.load_workbook(target).worksheets[0]
    assert [[c.value for c in row] for row in now] == [[c.value for c in row] for row in sheet]
    assert {c.coordinate for row in now.iter_rows() for c in row
            if c.fill.fgColor.rgb == FILLS["error"]} == {"C2", "D2", "C4", "D4"}
    assert parts(marked_in(target, "twice", monkeypatch)) == parts(target)


def test_a_workbook_in_the_strict_form_stays_so(tmp_path: Path) -> None:
    plain = by_openpyxl(tmp_path / "plain.xlsx")
    names = [n for n in parts(plain) if n.endswith((".xml", ".rels")) and "Content" not in n]
    source = changed(plain, tmp_path / "a.xlsx", dict.fromkeys(names, strict))
    target = tmp_path / "m.xlsx"
    audited(source).save(target)
    for name, data in parts(target).items():
        if name.endswith((".xml", ".rels")):
            ElementTree.fromstring(data)
            assert MAIN not in data
            if not name.startswith("docProps"):
                assert b"schemas.openxmlformats.org/officeDocument/2006" not in data
    assert CalamineWorkbook.from_path(target).sheet_names[-2:] == ["核对结果", "核对汇总"]


def test_cells_and_rows_that_are_not_there_are_put_in_in_order(tmp_path: Path) -> None:
    plain = tmp_path / "plain.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["学号", "书面告知时间", "姓名", "告知形式", "备注"],
                ["06001", "2007-06-02", "甲", None, "x"], ["06002", "2007-06-02", "乙"]):
        sheet.append(row)
    book.save(plain)
    target = marked(plain)
    text = parts(target)[SHEET].decode()
    refs = re.findall(r'<c [^>]*?r="([A-Z]+)([0-9]+)"', text)
    places = [(int(row), column) for column, row in refs]
    assert places == sorted(places)
    assert {"D2", "D3"} <= {column + row for column, row in refs}
    assert openpyxl.load_workbook(target).worksheets[0]["D2"].comment is not None


def test_a_mark_on_merged_cells_stands_where_they_are_shown(tmp_path: Path) -> None:
    plain = tmp_path / "plain.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["学号", "姓名", "书面告知时间", "告知形式"], ["06001", "甲", "2007-06-02", "口头"],
                ["06002", "乙", None, "口头"], ["06003", "丙", None, "口头"]):
        sheet.append(row)
    sheet.merge_cells("C2:C4")
    book.save(plain)
    now = openpyxl.load_workbook(marked(plain)).worksheets[0]
    assert now["C2"].comment.text.count("1.1c") == 1  # what is said alike is said once
    assert {c for c in ("D2", "D3", "D4") if now[c].comment} == {"D2", "D3", "D4"}


def test_a_cell_that_could_not_be_read_is_marked(tmp_path: Path) -> None:
    plain = tmp_path / "plain.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["学号", "姓名", "书面告知时间"], ["06001", "甲", "2007-02-30"]):
        sheet.append(row)
    book.save(plain)
    now = openpyxl.load_workbook(marked(plain)).worksheets[0]
    assert now["C2"].fill.fgColor.rgb == FILLS["input"]
    assert "2007-02-30" in now["C2"].comment.text


def test_an_identity_number_is_told_no_further_than_by_the_findings(tmp_path: Path) -> None:
    plain = tmp_path / "plain.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["身份证号", "姓名", "书面告知时间", "告知形式"],
                ["350102199001011239", "甲", "2007-06-02", "口头"]):
        sheet.append(row)
    book.save(plain)
    target = marked(plain)
    for name, data in parts(target).items():
        if "zhuanjie" in name:
            assert b"350102199001011239" not in data
    found = [c.value for c in openpyxl.load_workbook(target)["核对结果"][4]]
    assert "350102**********39" in found


def test_what_cannot_be_marked_is_refused(tmp_path: Path) -> None:
    plain = by_openpyxl(tmp_path / "a.xlsx")
    report = audited(plain)
    signed = changed(plain, tmp_path / "signed.xlsx", {}, {"_xmlsignatures/sig1.xml": b"<a/>"})
    with pytest.raises(OutputError, match="digital signature"):
        audited(signed).save(tmp_path / "m.xlsx")
    with pytest.raises(UsageError, match="has to end in"):
        report.save(tmp_path / "m.xlsm")
    plain.write_bytes(by_xlsxwriter(tmp_path / "b.xlsx").read_bytes())
    with pytest.raises(UsageError, match="changed since"):
        report.save(tmp_path / "m.xlsx")
    assert not list(tmp_path.glob("m.*"))
