"""The vocabularies are whole: each field is explained in both languages, and headed in both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from support.party_transfer import VOCABULARY

from zhuanjie.engine.ledger.headings import HeadingMap, nearest
from zhuanjie.engine.vocabulary.fields import Field
from zhuanjie.engine.vocabulary.found import FIELDS, vocabulary_folders
from zhuanjie.engine.vocabulary.load import read_vocabulary

PERMITS = Path(__file__).resolve().parents[2] / "fixtures" / "permits"
FOLDERS = vocabulary_folders([PERMITS])
EVERY = [pytest.param(field, id=field.name)
         for folder in FOLDERS.values() for field in read_vocabulary(folder).fields]
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("field", EVERY)
def test_a_field_is_explained_and_headed_in_both_languages(field: Field) -> None:
    assert HAN.search(field.heading) and HAN.search(field.meaning["zh"])
    assert field.heading_en and not HAN.search(field.heading_en + field.meaning["en"])
    if field.type == "enum":
        assert set(field.values_en) == set(field.values)
        assert not any(map(HAN.search, field.values_en.values()))


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
def test_every_field_says_how_it_comes_to_change(folder: Path) -> None:
    listed = yaml.safe_load((folder / FIELDS).read_text(encoding="utf-8"))["fields"]
    assert {spec.get("changes") for spec in listed.values()} == {"act", "entry", "fact"}


def test_names_numbers_and_telephones_are_compared_as_an_office_does() -> None:
    ways = {f.name: f.compare for f in VOCABULARY.fields}
    assert {n for n, way in ways.items() if way == "id"} == {"member.id", "member.id_number"}
    assert {n for n, way in ways.items() if way == "serial"} == {
        "letter.stub_serial", "letter.serial", "letter.receipt_serial",
        "floating.certificate_no"}
    assert {n for n, way in ways.items() if way == "phone"} == {
        "member.phone", "letter.phone", "letter.origin_phone", "abroad.phone"}
    assert {"member.name", "letter.name", "letter.issuer"} <= {
        n for n, way in ways.items() if way == "name"}


def test_what_tells_a_person_apart_is_personal() -> None:
    personal = {f.name for f in VOCABULARY.fields if f.personal}
    assert {"member.id", "member.name", "member.id_number", "member.phone", "member.born_on",
            "letter.name", "letter.phone", "receipt.tracker"} <= personal
    assert not personal & {"letter.issuer", "destination.org", "letter.origin_phone",
                           "letter.issued_on", "destination.kind"}


@pytest.mark.parametrize(("heading", "name"), [
    ("学工号", "member.id"), ("学籍号", "member.id"), ("学生学号", "member.id"),
    ("公民身份号码", "member.id_number"), ("身份证", "member.id_number"),
    ("党员姓名", "member.name"), ("正式或预备", "member.category"), ("党籍状况", "member.category"),
    ("入党年月", "member.admitted_on"), ("离校日期", "member.left_on"),
    ("组织关系所在党组织名称", "member.school_branch"), ("目前所在党支部", "member.branch"),
    ("专业、班级", "member.major_class"), ("培养层次", "member.student_kind"),
    ("出生时间", "member.born_on"), ("转正年月", "member.converted_on"),
    ("所去单位", "employment.employer"), ("所往基层党委", "destination.org"),
    ("具体去处（基层党委/党支部）", "destination.branch"), ("类别", "transfer.scope"),
    ("转接类型", "transfer.scope"), ("京内/京外", "transfer.scope"), ("转出形式", "transfer.medium"),
    ("组织关系抬头称谓", "letter.addressee"), ("办理时间", "letter.issued_on"),
    ("介绍信号", "letter.serial"), ("介绍信有效天数", "letter.valid_days"),
    ("转出单位地址", "letter.origin_address"), ("转出单位联系电话", "letter.origin_phone"),
    ("历史党费缴至", "dues.paid_to"), ("是否收到回执", "receipt.returned"),
    ("回执接收时间", "receipt.returned_on"), ("未转出原因", "receipt.open_reason"),
    ("预计保留至", "retention.expected_until"), ("转入办理时间", "arrival.accepted_on"),
    ("Student number", "member.id"), ("issued on", "letter.issued_on"),
])
def test_headings_of_real_registers_are_known(heading: str, name: str) -> None:
    field = HeadingMap(VOCABULARY).find(heading)
    assert field is not None
    assert field.name == name


@pytest.mark.parametrize("heading", ["序号", "备注", "年龄", "籍贯", "政治面貌", "留学学校（院系）",
                                     "是否持有《中国共产党流动党员活动证》", "转出单位"])
def test_headings_that_no_rule_reads_are_passed_over_in_silence(heading: str) -> None:
    found = HeadingMap(VOCABULARY)
    assert found.find(heading) is None
    assert found.is_silent(heading)


@pytest.mark.parametrize("heading", ["转入党支部", "去往单位", "组织关系去向", "申请日期", "人员编号",
                                     "留学起始时间", "原所在党组织", "联系方式", "去向"])
def test_headings_that_may_mean_two_things_are_asked_about(heading: str) -> None:
    found = HeadingMap(VOCABULARY)
    assert found.find(heading) is None
    assert not found.is_silent(heading)
    assert nearest(heading, VOCABULARY) is None


@pytest.mark.parametrize(("written", "value"), [
    ("京外", "outside"), ("京内", "city"), ("院内", "school"), ("省内", "province"),
    ("市外", "outside"), ("within the city", "city"),
])
def test_the_reach_of_a_transfer_is_read_in_every_form(written: str, value: str) -> None:
    assert VOCABULARY.fields["transfer.scope"].choices[written.replace(" ", "")] == value


def test_a_slip_in_an_english_heading_is_told_in_english() -> None:
    assert nearest("Student numbr", VOCABULARY) == "Student number"
