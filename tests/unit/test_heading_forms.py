"""Headings as registers write them: what each is, and what it must not be taken for.

The table `headings.csv` says of each heading the field it means, `known` where it is known to carry
no rule, or `unknown` where an office has to be asked.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from support.party_transfer import MAPPING, VOCABULARY, open_ledger

from zhuanjie.engine.ledger.header import find_header
from zhuanjie.engine.ledger.headings import HeadingMap, nearest

TABLE = Path(__file__).parent / "headings.csv"


def rows() -> list[tuple[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [(row["heading"], row["means"]) for row in csv.DictReader(file)]


def what(heading: str, mapping: HeadingMap = MAPPING) -> str:
    meaning = mapping.read(heading)
    if meaning.field is not None:
        return meaning.field.name
    return "known" if meaning.known else "unknown"


def test_the_table_has_every_kind() -> None:
    means = [meant for _, meant in rows()]
    assert len(means) >= 150
    assert {"known", "unknown"} <= set(means)
    assert len({heading for heading, _ in rows()}) == len(means)


@pytest.mark.parametrize(("heading", "means"), rows())
def test_a_heading_of_a_register(heading: str, means: str) -> None:
    assert what(heading) == means


@pytest.mark.parametrize("heading", [heading for heading, means in rows() if means == "unknown"])
def test_what_is_not_known_is_no_slip_of_another_thing(heading: str) -> None:
    assert nearest(heading, VOCABULARY) is None


@pytest.mark.parametrize(("slip", "meant"), [
    ("介绍信编", "介绍信编号"), ("跟踪任责人", "跟踪责任人"), ("离校教育时", "离校教育时间"),
    ("letter.isued_on", "letter.issued_on"), ("Student numbr", "Student number"),
])
def test_a_slip_of_typing_is_told(slip: str, meant: str | None) -> None:
    assert nearest(slip, VOCABULARY) == meant


@pytest.mark.parametrize("heading", [
    "转入出时间", "未收到回执日期", "序号", "存根", "转入介绍信编号", "非接收日期",
    "否有回执", "应接收日期", "接收人日期",
])
def test_the_opposite_or_another_thing_is_no_suggestion(heading: str) -> None:
    assert nearest(heading, VOCABULARY) is None


@pytest.mark.parametrize(("rows", "means"), [
    ([["学号", "姓名", "家庭联系人", "", "备注"], ["", "", "姓名", "电话", ""]],
     ["member.id", "member.name", "known", "known", "known"]),
    ([["学号", "姓名", "家庭联系人", "家庭联系人", "备注"], ["学号", "姓名", "姓名", "电话", "备注"]],
     ["member.id", "member.name", "known", "known", "known"]),
    ([["基本情况", "", "", "转出信息", "", ""], ["学号", "姓名", "电话", "时间", "介绍信编号", "备注"]],
     ["member.id", "member.name", "member.phone", "letter.issued_on", "letter.serial", "known"]),
    ([["学号", "姓名", "介绍信", "", "", "回执", ""],
      ["", "", "编号", "日期", "有效期（天）", "编号", "收到日期"]],
     ["member.id", "member.name", "letter.serial", "letter.issued_on", "letter.valid_days",
      "letter.receipt_serial", "receipt.returned_on"]),
    ([["2007届毕业生", "", "", ""], ["党员基本情况", "", "父亲信息", ""],
      ["学号", "姓名", "姓名", "工作单位"]],
     ["member.id", "member.name", "known", "known"]),
    ([["党员信息", "", "", "", ""], ["本人", "", "", "接收单位", ""],
      ["学号", "姓名", "电话", "联系电话", "地址"]],
     ["member.id", "member.name", "member.phone", "known", "destination.address"]),
    ([["学号", "姓名", "入党", "转正", "党费"], ["", "", "时间", "时间", "缴至"]],
     ["member.id", "member.name", "member.admitted_on", "member.converted_on", "dues.paid_to"]),
    ([["某某大学毕业生党员名册"], ["學號", "姓名", "轉出時間", "是否有回執"]],
     ["member.id", "member.name", "letter.issued_on", "receipt.returned"]),
], ids=["blank-groups", "spread", "neutral", "papers", "three-rows", "bodies", "stems", "title"])
def test_groups_above_headings(rows: list[list[str]], means: list[str]) -> None:
    header = find_header([*rows, ["06001", "张三", *["x"] * (len(rows[-1]) - 2)]], MAPPING)
    assert header is not None
    assert header.last == len(rows) - 1
    assert [what(heading) for heading in header.headings] == means


def test_a_record_is_no_second_row_of_headings() -> None:
    header = find_header([["序号", "学号", "姓名", "性别"], ["1", "06001", "备注", "男"]], MAPPING)
    assert header is not None
    assert header.last == 0


def ledger_of(tmp_path: Path, text: str, **options: object) -> tuple[dict[str, str], list[str]]:
    path = tmp_path / "ledger.csv"
    path.write_text(text, encoding="utf-8")
    ledger = open_ledger([path], **options)
    table, = ledger.tables
    found = {table.headings[at]: field.name for at, field in table.match.fields.items()}
    ledger.close()
    return found, [notice.code for notice in ledger.notices]


@pytest.mark.parametrize(("text", "means", "said"), [
    ("学号,党员类别,正式或预备\n1,本科生,正式\n2,硕士研究生,预备\n",
     {"党员类别": "member.student_kind", "正式或预备": "member.category"},
     ["records.column-by-values"]),
    ("学号,党员类别\n1,正式\n2,预备党员\n", {"党员类别": "member.category"}, []),
    ("学号,转接类型\n1,网上\n2,纸质\n", {"转接类型": "transfer.medium"}, ["records.column-by-values"]),
    ("学号,转接类型\n1,省内\n2,省外\n", {"转接类型": "transfer.scope"}, []),
    ("学号,联系方式\n1,13800000001\n2,0595-22900000\n", {"联系方式": "member.phone"}, []),
    ("学号,联系方式\n1,13800000001\n2,a@b.cn\n", {}, ["records.unknown-heading"]),
    ("学号,政治面貌\n1,正式党员\n2,中共预备党员\n", {"政治面貌": "member.category"}, []),
    ("学号,政治面貌\n1,中共党员\n2,群众\n", {}, []),
    ("学号,去向\n1,保留在学校\n2,人才服务机构\n", {"去向": "destination.kind"}, []),
    ("学号,性别\n1,正式\n2,预备\n", {"性别": "member.sex"}, ["records.column-values"]),
])
def test_cells_decide_what_a_heading_means(tmp_path: Path, text: str, means: dict[str, str],
                                           said: list[str]) -> None:
    found, codes = ledger_of(tmp_path, text)
    assert found == {"学号": "member.id", **means}
    assert codes == said


@pytest.mark.parametrize(("text", "read"), [
    ("学号,手机,手机号码\n1,13800000001,13800000002\n", "手机号码"),  # the nearer heading
    ("学号,手机,电话\n1,,13800000002\n", "电话"),  # what is filled
    ("学号,手机,电话\n1,13800000001,13800000001\n", "手机"),  # what comes first
    ("学号,党籍状态,正式/预备\n1,本科,正式\n", "正式/预备"),  # what fits
])
def test_of_two_columns_of_one_field_one_is_read_and_said(tmp_path: Path, text: str,
                                                          read: str) -> None:
    found, codes = ledger_of(tmp_path, text)
    assert list(found) == ["学号", read]
    assert codes == ["records.column-again"]


def test_what_the_user_says_needs_no_cells(tmp_path: Path) -> None:
    found, codes = ledger_of(tmp_path, "学号,党员类别,手机,电话\n1,本科生,1,2\n",
                             columns={"电话": "member.phone", "党员类别": "member.category"})
    assert found == {"学号": "member.id", "党员类别": "member.category", "电话": "member.phone"}
    assert codes == []
