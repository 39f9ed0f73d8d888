"""Rows that are no records: what each is told to be, on every way through a ledger."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font
from support.party_transfer import open_ledger
from support.values import replace

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.engine.core.limits import DEFAULT, Limits, using
from zhuanjie.engine.core.results import Report
from zhuanjie.engine.ledger.rows import AT, TypedTable
from zhuanjie.engine.vocabulary.load import default_vocabulary

HEAD = ("序号", "学号", "姓名", "性别", "民族", "转出时间", "介绍信编号", "宿舍楼号")
PERSON = ("1", "06001", "甲", "男", "汉族", "2007-06-20", "0001", "一号楼")
TINY = Limits(reported_rows=7, hashed_rows=5, beat_rows=3, slice_rows=6, text_rows=4, typed_rows=6,
              sample_rows=4, chunk_rows=6, line_block=4, kept_part=9)

ROWS: Mapping[str, Sequence[Sequence[str]]] = {
    "sum": (
        ("合计",), ("合 计", "", "", "", "", "", "", "5人"), ("", "小计：", "5人"), ("", "", "总计 5人"),
        ("合计", "10"), ("", "", "", "", "", "5人"), ("", "", "", "", "", "", "12", "5"),
        ("总人数：5",), ("数学系", "", "小 计", "5"), ("", "", "共5人"), ("", "TOTAL", "5"),
    ),
    "note": (
        ("填 表 人：赵六", "", "审核人：钱七"), ("经办人：赵六",), ("", "", "单位（盖章）"), ("", "2007年6月20日"),
        ("", "", "", "", "", "二〇〇七年六月二十日"), ("第1页，共1页",), ("", "第 1 页 共 3 页"), ("", "注：省外另附表"),
        ("", "必填", "", "必填", "", "必填"), ("", "必填，与证件一致", "必填", "男或女", "", "日期格式"),
        ("", "", "", "请各学院于六月底前上报，逾期不再受理。",), ("", "以下空白"), ("", "", "审核人：钱七", "", "2007年7月1日"),
        ("", "（公章）"), ("", "", "联系电话：0591-12345678"),
    ),
    "heading": (
        HEAD, ("", "学 号", "姓  名", "性 别"), ("一、省内转出",), ("", "数学学院"), ("", "（二）保留组织关系"),
        ("", "", "学生第一支部", "", "", "", "", "5人"), ("", "数学与计算机科学学院"),
        ("1", "2", "3", "4", "5", "6", "7", "8"),
    ),
    "example": (
        ("例", "06000", "张三", "男", "汉族", "2007-06-20", "0000", "二号楼"), ("例：", "06000", "张三"),
        ("", "示例", "张三", "男"), ("", "06000", "张三（例）", "男"), ("样例", "06000", "张三", "男"),
        ("（示例）", "06000", "李四"), ("", "例：06000", "张三", "女"),
    ),
    "blank": (("5",), ("12",)),
    "record": (
        ("", "06002"), ("", "", "乙"), ("", "", "乙", "男"), ("", "06002", "", "", "", "2007-06-20"),
        ("2", "", "乙", "女", "汉族", "2007-06-20", "0002", ""), ("", "060-02", "例某", "男"),
        ("", "06002", "计某", "男", "汉族", "", "", "合计见附表"), ("", "", "乙", "", "", "", "", "备注：合并"),
        ("", "A2007001", "乙"), ("", "", "", "男", "汉族", "2007-06-20", "0002", ""),
        ("3", "06 002", "乙", "男"), ("", "１３８", "乙"), ("", "第06002号", "乙", "男"),
    ),
}
"""Rows below the header and behind a record, by what they are."""


def padded(row: Sequence[str], width: int = len(HEAD)) -> list[str]:
    return [*row, *[""] * (width - len(row))]


def said(path: Path, *, stream: bool = False, lang: Any = "zh") -> Report:
    held = replace(TINY, stream_from=0, text_part=64, lines_kept_from=0) if stream else DEFAULT
    with using(held):
        return audit(path, load_policy("fujian-2007-80"), as_of=date(2007, 12, 31), lang=lang)


def write(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    return path


def counted(report: Report) -> tuple[int, dict[str, int]]:
    table, = report.ledger.tables
    assert report.ledger.records == table.records
    return table.records, dict(table.rows)


def roles(path: Path, *, stream: bool) -> tuple[dict[int, str], list[int]]:
    """The rows that are no records with what they are, and the rows of records."""
    kept_from = 0 if stream else 10**9
    others: dict[int, str] = {}
    records: list[int] = []
    with using(replace(TINY, text_part=64, lines_kept_from=kept_from)):
        ledger = open_ledger([path])
        if not stream:
            for batch in ledger.batches():
                others |= {row: str(role) for row, role in batch.others.items()}
                records += batch.rows.to_list()
            return others, records
        for table in ledger.tables:
            typed = TypedTable(table)
            for rows in typed.rows([table.match.key], [pl.col(table.match.key)], size=5, findings=True):
                others |= {at + typed.first: str(role) for at, role in rows.others.items()}
                records += [at + typed.first for at in rows.frame[AT]]
    return others, records


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
@pytest.mark.parametrize("role", [r for r in ROWS if r != "example"])
def test_a_row_is_told_to_be_what_it_is(role: str, name: str, tmp_path: Path) -> None:
    people = [("", f"0610{n:02}", "丙", "女", "汉族", "2007-06-20", f"01{n:02}", "") for n in range(20)]
    tried = [padded(row) for row in ROWS[role] if row[0] != "1"]
    rows: list[Sequence[str]] = [HEAD, *people]
    for row in tried:
        rows += [row, PERSON]
    path = write(tmp_path / name, rows)
    numbers = range(22, 22 + 2 * len(tried), 2)
    expected = {} if role == "record" else dict.fromkeys(numbers, role)
    for stream in (False, True):
        others, records = roles(path, stream=stream)
        assert others == expected
        assert records == [n for n in range(2, len(rows) + 1) if n not in expected]


@pytest.mark.parametrize("role", ROWS)
def test_a_row_right_below_the_header(role: str, tmp_path: Path) -> None:
    for row in ROWS[role]:
        path = write(tmp_path / "a.csv", [HEAD, padded(row), PERSON])
        for stream in (False, True):
            expected = ({}, [2, 3]) if role == "record" else ({2: role}, [3])
            assert roles(path, stream=stream) == expected, row


@pytest.mark.parametrize("name", ["a.parquet", "a.jsonl", "a.json"])
def test_rows_that_a_program_wrote(name: str, tmp_path: Path) -> None:
    rows = [PERSON, padded(("合计", "5人")), padded(("", "", "填表人：赵六")), padded(("", "数学学院")),
            padded(("", "", "", "", "", "", "", "甲"))]
    frame = pl.DataFrame(rows, schema=HEAD, orient="row")
    path = tmp_path / name
    getattr(frame, {"parquet": "write_parquet", "jsonl": "write_ndjson",
                    "json": "write_json"}[path.suffix[1:]])(path)
    for stream in (False, True):
        # A program lays out no headings: what has an id is a record.
        assert counted(said(path, stream=stream)) == (2, {"note": 2, "sum": 1})


def test_a_row_with_unknown_columns_alone_is_a_record(tmp_path: Path) -> None:
    rows = [("宿舍楼号", "床位", "转出时间", "回执收到日期"),
            *((f"{n}号楼", "2", "2007-06-25" if n < 4 else "", "") for n in range(9))]
    path = write(tmp_path / "a.csv", rows)
    for stream in (False, True):
        assert counted(said(path, stream=stream)) == (9, {})


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_a_second_table_has_its_own_headings(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, list(map(padded, [
        ("毕业生名单",), ("学号", "姓名", "性别", "转出时间"), ("06001", "甲", "男", "2007-06-20"),
        ("合计", "1人"), (), ("二、保留名单",), ("序号", "姓名", "学号", "性别"),
        ("1", "乙", "06002", "女"), ("2",), ("填表人：某",), ("序号", "姓名", "学号", "性别"),
        ("3", "丙", "06003", "女"), ("学号", "姓名", "入党时间"), ("06004", "丁", "2005-06-01")])))
    for stream in (False, True):
        report = said(path, stream=stream)
        assert [(t.table.header_row, t.records, dict(t.rows)) for t in report.ledger.tables] == [
            (2, 1, {"heading": 1, "sum": 1}), (7, 2, {"note": 1, "heading": 1, "blank": 1}),
            (13, 1, {})]
        assert report.ledger.records == 4
        assert roles(path, stream=stream)[1] == [3, 8, 12, 14]


def test_a_note_in_merged_cells_is_no_person(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", [HEAD, PERSON, [], padded(("", "", "注意事项：\n1、勿删")),
                                       *[[""] * 8] * 5])
    book = openpyxl.load_workbook(path)
    book.active.merge_cells("C4:F9")
    book.active.merge_cells("C11:D12")
    book.save(path)
    assert counted(said(path)) == (1, {"note": 1})


def test_rows_out_of_sight_are_read_and_said(tmp_path: Path) -> None:
    people = [("", f"0600{n}", "丙", "女", "汉族", "", "", "") for n in range(5)]
    path = write(tmp_path / "a.xlsx", [HEAD, *people, padded(("合计", "", "5人"))])
    book = openpyxl.load_workbook(path)
    sheet = book.active
    for row in (3, 7):
        sheet.row_dimensions[row].hidden = True
    for cell in sheet[5]:
        cell.font = Font(strike=True)
    book.save(path)
    report = said(path)
    assert counted(report) == (5, {"sum": 1})
    assert dict(report.ledger.tables[0].marked) == {"hidden": 1, "struck": 1}


def test_words_mean_whole_cells_whatever_their_width_and_blanks() -> None:
    rows = load_policy("fujian-2007-80").vocabulary.rows
    sums, notes, dates = (rows.of(rows.forms(kind)) for kind in ("sums", "notes", "dates"))
    assert all(re.search(sums, t) for t in ("合计", " 合　计 ", "合計"[:1] + "计：5人", "ＴＯＴＡＬ"))
    assert not any(re.search(sums, text) for text in ("计", "集合", "合"))
    assert re.search(rows.counts, "共 １２ 人") and not re.search(rows.counts, "12人等")
    texts = pl.Series(["合 计", "第３页", "集合", "填 表 人：某", "2007年6月20日"])
    for pattern in (sums, notes, dates, rows.any):
        assert texts.str.contains(pattern).to_list() == [
            re.search(pattern, text) is not None for text in texts]


@pytest.mark.parametrize("kind", ["sums", "counts", "notes", "dates", "sections", "examples",
                                  "instructions", "any"])
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_text_is_told_without_a_pattern_as_the_pattern_tells_it(
        kind: str, data: st.DataObject) -> None:
    rows = default_vocabulary().rows
    gaps = ("", " ", "\u3000 ", "\n", "\u200b", "\ufeff\t", "\x1f")
    pieces = [*"*#: 1９一人月\t\u200b\n", "Ａ", "a", "12", "合", "共", "1 2", ""]
    form = data.draw(st.sampled_from(rows.forms(kind)))
    written = "".join(
        data.draw(st.sampled_from(gaps)) + (
            data.draw(st.sampled_from(pieces)) if c in "*#" else
            data.draw(st.sampled_from((c, c, c, c.upper(), *pieces))))
        for c in form)
    wording, pattern = rows.wording(kind), rows.of(rows.forms(kind))
    for text in (form, written, written.translate(_WIDE)):
        assert wording(text) is bool(re.search(pattern, text)), text


_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
