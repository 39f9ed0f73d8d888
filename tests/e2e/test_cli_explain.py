"""`explain` as an office uses it: what is wrong first, by id or by row, in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.cli_command import run

HEAD = ("学号,姓名,离校时间,书面告知时间,告知形式,转出时间,介绍信式样,介绍信有效期天数,"
        "接收日期,回执收到日期\n")
CALL = ("--as-of", "2007-12-31", "-q", "--policy", "fujian-2007-80")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "l.csv"
    path.write_text(
        HEAD
        + "06001,甲,2007-06-20,2007-06-01,口头,2007-06-20,三联,,,2007-12-01\n"
        + ",乙,2007-06-20,2007-06-01,书面,,,,,\n"
        + "06003,丙,2007-06-20,2007-06-01,书面,2007-12-20,三联,,,\n"
        + "06003,丙,2007-06-20,2007-06-01,书面,,,,,\n", "utf-8")
    return path


def test_without_a_clause_what_is_wrong_or_open_comes_first_and_the_rest_in_a_line(
        ledger: Path) -> None:
    said = run("explain", ledger, "06001", *CALL, "--lang", "zh").stdout
    full, _, rest = said.partition("其余 ")
    assert "06001 甲" in full.splitlines()[0] and "第 2 行" in full.splitlines()[0]
    assert "1.1c 告知采用书面形式：违反" in full and "1.6b 按期收回回执：违反" in full
    assert "1.1b" not in full
    [line] = [line for line in rest.splitlines() if line.startswith("1.1b ")]
    assert "符合" in line
    assert "本台账无从判断" in rest and "：无法判定" not in full


def test_a_clause_is_shown_in_full_whatever_it_came_to(ledger: Path) -> None:
    said = run("explain", ledger, "06001", "1.1b", *CALL, "--lang", "zh").stdout
    assert "1.1b 离校前已告知转移办法：符合" in said and "其余" not in said
    assert "完成日期：书面告知时间，2007-06-01" in said


@pytest.mark.parametrize(("lang", "words"), [
    ("zh", ["已记转出时间（转出时间 2007-06-20）：成立", "以下各项并非全部成立：成立",
            "介绍信式样为“两联”（介绍信式样 三联）：不成立",
            "期限：回执期限（（介绍信起算日后90天（介绍信有效期））后30天（回执寄回期限））（转出时间2007-06-20），2007-10-18",
            "介绍信有效期届满日（介绍信起算日后90天（介绍信有效期））：2007-09-18",
            "已记接收日期（接收日期 空白）：不成立", "完成日期：回执收到日期，2007-12-01"]),
    ("en", ["letter.issued_on is on record (letter.issued_on 2007-06-20): holds",
            "not all of these hold: holds",
            "letter.form is “two_part” (letter.form three_part): does not hold",
            "90 day(s) (validity of a letter) after the day from which the letter counts",
            "arrival.accepted_on is on record (arrival.accepted_on blank): does not hold",
            "done: receipt.returned_on, 2007-12-01"]),
])
def test_conditions_are_in_words(ledger: Path, lang: str, words: list[str]) -> None:
    said = run("explain", ledger, "06001", "1.6b", *CALL, "--lang", lang).stdout
    flat = " ".join(line.strip() for line in said.splitlines()).replace(" ", "")
    for part in words:
        assert part.replace(" ", "") in flat
    assert "has(" not in said and "&&" not in said and "params." not in said


def test_the_expressions_are_there_for_whoever_asks(ledger: Path) -> None:
    said = run("explain", ledger, "06001", "1.1c", "--verbose", *CALL).stdout
    assert "education.notice_form == 'written' = no" in said
    data = json.loads(run("explain", ledger, "06001", "1.1c", *CALL, "-f", "json").stdout)
    [when, ask] = data["explanations"][0]["conditions"]
    assert when["text"] == "has(education.notice_on)" and ask["value"] is False
    assert ask["words"] == "education.notice_form is “written”"


def test_a_pattern_is_not_shown_to_a_clerk(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text("学号,转出时间,介绍信联系电话\n1,2007-06-20,12\n", "utf-8")
    said = run("explain", path, "1", "1.3b", *CALL, "--lang", "zh").stdout
    assert "介绍信联系电话符合规定的写法（介绍信联系电话 12）：不成立" in said.replace("\n", "")
    assert "[0-9]" not in said
    assert "[0-9]" in run("explain", path, "1", "1.3b", "-v", *CALL, "--lang", "zh").stdout


def test_a_record_without_an_id_goes_by_its_row(ledger: Path) -> None:
    said = run("explain", ledger, "--row", "3", *CALL, "--lang", "zh")
    assert said.returncode == 0
    assert said.stdout.startswith("未填标识的记录 乙（")
    said = run("explain", ledger, "--row", "3", "1.1b", *CALL, "--lang", "zh")
    assert "1.1b" in said.stdout and "1.1c" not in said.stdout
    assert run("explain", ledger, "06001", "1.1b", "--row", "2", *CALL).returncode == 0


def test_a_person_in_several_rows_is_said_to_be(ledger: Path) -> None:
    said = run("explain", ledger, "06003", *CALL, "--lang", "zh").stdout.replace("\n", "")
    assert "台账中有 2 条这一标识的记录" in said and "第 4 行" in said and "第 5 行" in said
    one = run("explain", ledger, "06003", "--row", "5", *CALL, "--lang", "zh").stdout
    assert "第 5 行" in one and "第 4 行" not in one


@pytest.mark.parametrize(("call", "said"), [
    (["--row", "1"], "第 1 行没有记录"), (["--row", "99"], "记录在第 2 行至第 5 行之间"),
    (["06001", "--row", "3"], "第 3 行的记录不是 `06001`"), ([], "缺少 `ID`"),
    (["06010"], "没有记录 `06010`"), (["060011"], "是否应为 `06001`"),
    (["--row", "2", "--sheet", "x"], "没有名为 `x` 的工作表或文件"),
    (["06001", "9.9"], "没有条款 `9.9`"),
])
def test_what_is_not_there_is_said(ledger: Path, call: list[str], said: str) -> None:
    done = run("explain", ledger, *call, *CALL, "--lang", "zh")
    assert done.returncode == 2 and not done.stdout
    assert said in done.stderr and "Traceback" not in done.stderr


def test_a_row_of_several_tables_asks_which(tmp_path: Path) -> None:
    for name, who in (("a.csv", "1"), ("b.csv", "2")):
        (tmp_path / name).write_text(f"学号,离校时间\n{who},2007-06-20\n", "utf-8")
    done = run("explain", tmp_path, "--row", "2", *CALL)
    assert done.returncode == 2
    assert "--file" in done.stderr and "a.csv" in done.stderr and "b.csv" in done.stderr
    one = run("explain", tmp_path, "--row", "2", "--file", "b.csv", *CALL)
    assert one.returncode == 0 and one.stdout.startswith("2 (")


def test_an_id_is_found_however_wide_it_is_typed(ledger: Path) -> None:
    assert run("explain", ledger, "０６００１", *CALL).stdout.startswith("06001 甲")


def test_a_record_beyond_the_scope_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text("学号,届别,离校时间\n1,2005,2005-06-20\n2,2007,2007-06-20\n", "utf-8")
    done = run("explain", path, "1", "--as-of", "2007-12-31", "-q", "--policy",
               "quanzhou-normal-2007-23", "--lang", "zh")
    assert done.returncode == 2 and "适用范围" in done.stderr
