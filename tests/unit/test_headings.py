"""Headings: which column is which field, and where the header stands."""

import json

import pytest
from support.party_transfer import (
    MAPPING,
    VOCABULARY,
    fields,
    find_field,
    load_columns,
    match_headings,
)

from zhuanjie.engine.core.errors import InputError
from zhuanjie.engine.core.location import column_letter
from zhuanjie.engine.ledger.header import DEEPEST, closest, find_header
from zhuanjie.engine.ledger.headings import GUESSED, HeadingMap
from zhuanjie.engine.ledger.meanings import HeadingMeanings


def names(headings, columns=None):
    return {i: f.name for i, f in match_headings(headings, columns).fields.items()}


@pytest.mark.parametrize("field", list(fields()), ids=lambda f: f.name)
def test_every_field_has_two_headings(field):
    assert find_field(field.name) is field
    assert find_field(field.heading) is field


def test_a_wide_grid_without_a_header_is_given_up_in_good_time(monkeypatch):
    monkeypatch.setattr("zhuanjie.engine.ledger.header.MOST", 600)
    rows = [[f"列{row}项{column}" for column in range(100)] for row in range(40)]
    asked = {"of": [], "nearest": []}
    for name, known in asked.items():
        real = getattr(HeadingMeanings, name)
        monkeypatch.setattr(HeadingMeanings, name, lambda self, text, *more, real=real,
                            known=known: known.append(text) or real(self, text, *more))
    assert find_header(rows, MAPPING) is None
    assert closest(rows, MAPPING) is None
    assert len(set(asked["of"])) <= DEEPEST * 600
    assert len(asked["nearest"]) <= GUESSED
    # A ledger of many columns, with a title above them, is found as any other is.
    wide = [["党员台账"], ["学号", "姓名", "转出时间", *rows[0]], *rows[1:]]
    header = find_header(wide, MAPPING)
    assert header is not None and header.last == 1


@pytest.mark.parametrize("heading", [
    " 转出时间 ", "转出\n时间", "转出时间*", "*转出时间", "转出时间：", "转出时间（年月日）",
    "转出时间(yyyy-mm-dd)*", "转出时间【必填】", "转 出 时 间", "\ufeff转出时间",
    "Letter.Issued_On",
    "ｌｅｔｔｅｒ．ｉｓｓｕｅｄ＿ｏｎ",
])
def test_a_heading_is_known_however_it_is_dressed(heading):
    field = find_field(heading)
    assert field is not None
    assert field.name == "letter.issued_on"


def test_unknown_headings_come_with_the_nearest():
    match = match_headings(["学号", "持证报到日", "letter.isued_on", "宿舍楼号", ""])
    assert set(match.fields) == {0}
    assert match.unknown == {
        1: ("持证报到日", "持证报到日期"), 2: ("letter.isued_on", "letter.issued_on"),
        3: ("宿舍楼号", None),
    }


def test_a_near_miss_is_not_a_field_the_table_already_has():
    assert match_headings(["持证报到日期", "持证报到日"]).unknown[1][1] != "持证报到日期"


def test_the_mapping_wins():
    columns = {"编 号": "letter.serial", "姓名": "介绍信姓名", "备注": ""}
    assert names(["编号", "姓名", "学号", "备注"], columns) == {
        0: "letter.serial", 1: "letter.name", 2: "member.id"}
    assert match_headings(["备注"], columns).unknown == {}


def test_two_headings_of_one_field_are_refused_in_a_single_record():
    with pytest.raises(InputError) as caught:
        MAPPING.match(["学号", "姓名", "member.id"], single=True)
    text = str(caught.value)
    assert "`学号` (column A)" in text
    assert "`member.id` (column C)" in text


@pytest.mark.parametrize("write", [
    json.dumps, lambda columns: "\n".join(f"{k}: {v}" for k, v in columns.items()),
], ids=["json", "yaml"])
def test_a_mapping_is_read_from_a_file(tmp_path, write):
    path = tmp_path / "columns"
    path.write_text(write({"编号": "member.id", "日期": "转出时间"}), encoding="utf-8")
    assert load_columns(path) == {"编号": "member.id", "日期": "letter.issued_on"}


def test_a_mapping_may_set_a_column_aside(tmp_path):
    path = tmp_path / "columns.yaml"
    path.write_text("备注:\n", encoding="utf-8")
    assert load_columns(path) == {"备注": ""}


def test_a_mapping_to_no_field_is_refused_with_every_mistake(tmp_path):
    path = tmp_path / "columns.yaml"
    path.write_text("甲: letter.isued_on\n乙: 宿舍楼号\n丙: 1\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_columns(path)
    assert [d.args["near"] for d in caught.value.diagnostics] == ["letter.issued_on", None, None]
    with pytest.raises(InputError):
        HeadingMap(VOCABULARY, {"甲": "letter.isued_on"})


def test_a_mapping_must_be_a_mapping(tmp_path):
    path = tmp_path / "columns.json"
    path.write_text("[1]", encoding="utf-8")
    with pytest.raises(InputError, match="should map headings"):
        load_columns(path)


@pytest.mark.parametrize(("position", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"),
                                                   (702, "AAA")])
def test_column_letters(position, letters):
    assert column_letter(position) == letters


def test_the_header_is_below_its_titles():
    rows = [["毕业生党员台账"], [], ["填报单位：甲"], ["序号", "学号", "姓名"], ["1", "06", "张"]]
    header = find_header(rows, MAPPING)
    assert header is not None
    assert (header.last, header.headings) == (3, ["序号", "学号", "姓名"])


@pytest.mark.parametrize("groups", [
    ["学号", "基本情况", "基本情况", "介绍信", "介绍信"],  # merged cells filled in
    ["学号", "基本情况", "", "介绍信", ""],  # as a .csv keeps them
])
def test_a_header_may_take_two_rows(groups):
    leaves = ["学号" if groups[2] else "", "姓名", "性别", "姓名", "编号"]
    header = find_header([["台账"], groups, leaves, ["06", "张", "男", "张", "7"]], MAPPING)
    assert header is not None
    assert header.last == 2
    assert names(header.headings) == {
        0: "member.id", 1: "member.name", 2: "member.sex", 3: "letter.name", 4: "letter.serial"}


@pytest.mark.parametrize("rows", [
    [], [[]], [["姓名"]], [["a", "b"], ["1", "2"]], [["x"]] * 30 + [["学号", "姓名"]],
])
def test_no_header(rows):
    assert find_header(rows, MAPPING) is None
