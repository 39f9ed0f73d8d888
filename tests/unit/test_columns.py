"""`zhuanjie columns`: what each column is taken for, a mapping to correct, what is remembered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zhuanjie.cli.main import main
from zhuanjie.engine.api import column_mapping, column_uses, columns_wanted, load_policy
from zhuanjie.engine.core.errors import InputError

POLICY = load_policy("fujian-2007-80")
LEDGER = ("学号,姓名,手机号码（家长）,letter.issued_on,介绍信号,序号,宿舍楼号,持证报到日,民族,党员类别\n"
          "06001,甲,1,2007-06-20,1,1,x,2007-06-20,汉,本科生\n06002,乙,1,2007-06-20,2,2,y,,汉,硕士\n")


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.csv"
    path.write_text(LEDGER, encoding="utf-8")
    return path


def test_each_column_is_told_in_the_shape_of_the_contract(
        ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["columns", "a.csv", "--format", "json", "--policy", "fujian-2007-80"]) == 0
    table, = json.loads(capsys.readouterr().out)["tables"]
    assert {k: v for k, v in table.items() if k != "columns"} == {
        "file": "a.csv", "sheet": None, "header_row": 1, "records": 2}
    assert [list(c) for c in table["columns"]] == [
        ["column", "heading", "field", "how", "state", "suggestions"]] * 10
    assert [(c["column"], c["field"], c["how"], c["state"]) for c in table["columns"]] == [
        ("A", "member.id", "heading", "audited"), ("B", "member.name", "heading", "audited"),
        ("C", None, None, "known"), ("D", "letter.issued_on", "name", "audited"),
        ("E", "letter.serial", "synonym", "audited"), ("F", None, None, "known"),
        ("G", None, None, "unknown"), ("H", None, None, "unknown"),
        ("I", "member.ethnicity", "heading", "known"),
        ("J", "member.student_kind", "values", "known")]
    assert table["columns"][7]["suggestions"] == ["持证报到日期"]


def test_a_mapping_is_written_corrected_and_taken_back(
        ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["columns", "a.csv", "--output", "map.yaml"]) == 0
    text = Path("map.yaml").read_text(encoding="utf-8")
    assert '# "宿舍楼号":\n' in text and '"介绍信号": letter.serial\n' in text
    before = column_mapping(column_uses(["a.csv"], POLICY)[0])
    again = columns_wanted(POLICY, "map.yaml")
    assert again == before
    corrected = text.replace('# "宿舍楼号":', '"宿舍楼号": 就业单位').replace(
        '"介绍信号": letter.serial', '"介绍信号":')
    Path("map.yaml").write_text(corrected, encoding="utf-8")
    tables, _ = column_uses(["a.csv"], POLICY, columns_wanted(POLICY, "map.yaml"))
    told = {use.heading: (use.field and use.field.name, use.how) for use in tables[0].columns}
    assert told["宿舍楼号"] == ("employment.employer", "mapped")
    assert told["介绍信号"] == (None, "null")
    # What is ours may be written over, and nothing else.
    assert main(["columns", "a.csv", "--output", "map.yaml"]) == 0
    Path("map.yaml").write_text("学号: member.id\n", encoding="utf-8")
    assert main(["columns", "a.csv", "--output", "map.yaml"]) == 2
    capsys.readouterr()


def test_single_columns_come_before_the_file_and_the_settings(ledger: Path) -> None:
    Path("zhuanjie.toml").write_text('packs = []\n[columns]\n"甲" = "姓名"\n"乙" = "学号"\n',
                                     encoding="utf-8")
    Path("map.yaml").write_text("甲: 性别\n丙: 民族\n", encoding="utf-8")
    assert columns_wanted(POLICY, "map.yaml", [("丙", "")]) == {
        "甲": "member.sex", "乙": "member.id", "丙": ""}
    with pytest.raises(InputError):
        columns_wanted(POLICY, None, [("甲", "没有这个")])


def test_what_was_said_is_remembered(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("zhuanjie.toml").write_text('[columns]\n"旧" = "member.name"\n\n# end\n', encoding="utf-8")
    said = ["--column", "宿舍楼号=就业单位", "--column", "序号="]
    assert main(["columns", "a.csv", *said, "--remember", "--lang", "en"]) == 0
    assert "zhuanjie.toml" in capsys.readouterr().err
    assert columns_wanted(POLICY) == {"旧": "member.name", "宿舍楼号": "employment.employer",
                                      "序号": "", "党员类别": "member.student_kind"}
    assert main(["columns", "a.csv", "--format", "json", "--lang", "en"]) == 0
    captured = capsys.readouterr()
    table, = json.loads(captured.out)["tables"]
    assert [c["how"] for c in table["columns"]][5:7] == ["null", "mapped"]
    assert "旧" not in captured.err  # that this ledger lacks it is nothing to speak of


@pytest.mark.parametrize("command", ["audit", "deadlines", "columns"])
def test_a_column_that_no_ledger_has_is_said(ledger: Path, command: str,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    main([command, "a.csv", "--column", "没有=学号", "--lang", "en"])
    assert "没有" in capsys.readouterr().err


@pytest.mark.parametrize("given", ["学号", "=学号"])
def test_a_malformed_column_is_refused(ledger: Path, given: str,
                                       capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["columns", "a.csv", "--column", given, "--lang", "en"]) == 2
    assert "--column" in capsys.readouterr().err
