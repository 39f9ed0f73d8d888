"""Columns that a ledger does not have: nobody is accused of them, and what they leave open is said.

Through the real command, on files, and with a pack that requires columns.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.cli_command import run

from zhuanjie.engine.api import audit, load_policy

AS_OF = "2007-12-31"
FULL = """学号,姓名,性别,党员类别,介绍信日期,介绍信姓名,介绍信性别,介绍信党员类别,跟踪责任人
06001,甲,男,正式,2007-06-20,甲,男,正式,丁
06002,乙,女,正式,2007-06-20,丙,女,正式,
06003,丙,男,正式,,,,,
"""
PACK = """id: office-2007
version: 1.0.0
title: {zh: 本单位台账, en: the office's ledger}
authority: {zh: 本单位, en: the office}
document: {number: 一号, title: {zh: 一号, en: one}, issued_on: 2007-01-01}
in_force: {from: 2007-01-01}
builds_on: fujian-2007-80
required_columns: [member.id, letter.name, letter.serial]
"""


def ledger(path: Path, without: Sequence[str] = (), text: str = FULL) -> Path:
    rows = [line.split(",") for line in text.splitlines()]
    kept = [i for i, heading in enumerate(rows[0]) if heading not in without]
    path.write_text("".join(",".join(row[i] for i in kept) + "\n" for row in rows),
                    encoding="utf-8")
    return path


def report(*args: str | Path) -> tuple[int, dict[str, Any]]:
    done = run("audit", *map(str, args), "--as-of", AS_OF, "--policy", "fujian-2007-80",
                    "--format", "json")
    return done.returncode, json.loads(done.stdout)


def found(data: dict[str, Any], clause: str) -> list[tuple[str, str]]:
    return [(f["record"], f["outcome"]) for f in data["findings"] if f["clause"] == clause]


def test_a_blank_cell_is_found_and_an_absent_column_is_not(tmp_path: Path) -> None:
    code, full = report(ledger(tmp_path / "a.csv"))
    assert code == 1
    assert found(full, "1.3a") == [("06002", "violation")]
    assert found(full, "1.6a") == [("06002", "violation")]

    _, less = report(ledger(tmp_path / "b.csv", ["介绍信姓名", "跟踪责任人"]))
    assert found(less, "1.3a") == found(less, "1.6a") == []
    clauses = less["summary"]["by_clause"]
    assert clauses["1.6a"] == {"not_judged": 2}  # the third has no letter: does not apply
    assert clauses["1.3a"] == {"not_judged": 2}
    kept = {k["field"]: k for k in less["ledger"]["not_kept"]}
    assert kept["letter.name"]["clauses"] == ["1.3a"]
    assert "letter.issued_on" not in kept


def test_what_is_there_may_settle_it_all_the_same(tmp_path: Path) -> None:
    """A sex that differs breaks the clause, whatever the name on the letter is."""
    path = ledger(tmp_path / "a.csv", ["介绍信姓名"], FULL.replace("丙,女,正式,\n", "丙,男,正式,\n"))
    _, data = report(path)
    assert found(data, "1.3a") == [("06002", "violation")]


def test_absent_columns_count_as_blank_where_an_office_wants_it(tmp_path: Path) -> None:
    path = ledger(tmp_path / "a.csv", ["跟踪责任人"])
    _, data = report(path, "--absent", "blank")
    assert found(data, "1.6a") == [("06001", "violation"), ("06002", "violation")]
    assert "not_judged" not in data["summary"]["by_clause"]["1.6a"]


def test_not_judged_is_listed_with_all_and_weighs_nothing(tmp_path: Path) -> None:
    text = "学号,姓名,介绍信日期\n06001,甲,2007-06-20\n"
    path = ledger(tmp_path / "a.csv", text=text)
    code, quiet = report(path, "--fail-on", "undetermined")
    assert (code, quiet["findings"]) == (0, [])
    assert quiet["summary"]["undetermined"] == 0
    code, data = report(path, "--fail-on", "undetermined", "--all")
    assert code == 0
    assert ("06001", "undetermined") in found(data, "1.6a")
    assert data["summary"]["undetermined"] == 0
    assert data["summary"]["by_clause"]["1.6a"] == {"not_judged": 1}
    strict = run("audit", str(path), "--as-of", AS_OF, "--strict")
    assert strict.returncode == 2


@pytest.mark.parametrize("form", ["table", "markdown", "csv", "jsonl"])
def test_every_format_says_it(form: str, tmp_path: Path) -> None:
    path = ledger(tmp_path / "a.csv", text="学号,姓名,介绍信日期\n06001,甲,2007-06-20\n")
    done = run("audit", str(path), "--as-of", AS_OF, "--format", form)
    assert "1.6a" in done.stdout
    assert "not judged" in done.stdout.lower() or "not_audited" in done.stdout


def test_several_tables_each_lack_their_own(tmp_path: Path) -> None:
    """A record is judged by what its own table keeps."""
    one = ledger(tmp_path / "one.csv", ["跟踪责任人"])
    text = FULL.replace("0600", "0700")
    two = ledger(tmp_path / "two.csv", ["介绍信姓名"], text)
    for bulk in (False, True):
        data = audit([one, two], load_policy("fujian-2007-80"), as_of=AS_OF, bulk=bulk)
        said = [(f.record, f.clause) for f in data.findings if f.clause in ("1.3a", "1.6a")]
        assert said == [("06002", "1.3a"), ("07002", "1.6a")]
        assert data.summary.not_judged["1.3a"] == data.summary.not_judged["1.6a"] == 2


def test_a_record_by_itself_has_no_columns() -> None:
    record = {"学号": "06001", "姓名": "甲", "介绍信日期": "2007-06-20"}
    findings = audit([record], load_policy("fujian-2007-80"), as_of=AS_OF).findings
    assert ("1.6a", "violation") in [(f.clause, f.outcome) for f in findings]


def test_nobody_is_missing_from_a_ledger_without_ids(tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("学号\n06001\n06009\n", encoding="utf-8")
    _, full = report(ledger(tmp_path / "a.csv"), "--roster", roster)
    assert found(full, "1.5a") == [("06009", "violation")]
    _, less = report(ledger(tmp_path / "b.csv", ["学号"]), "--roster", roster)
    assert found(less, "1.5a") == []
    assert less["summary"]["by_clause"]["1.5a"] == {"not_judged": 2}


def test_a_pack_may_require_columns(tmp_path: Path) -> None:
    pack = tmp_path / "packs" / "office-2007"
    pack.mkdir(parents=True)
    (pack / "pack.yaml").write_text(PACK, encoding="utf-8")
    path = ledger(tmp_path / "a.csv", ["介绍信姓名"])
    done = run("audit", str(path), "--policy", str(pack), "--as-of", AS_OF, "--format", "json")
    assert done.returncode == 1
    (lacking,) = [i for i in json.loads(done.stdout)["input"] if i["row"] is None]
    assert "letter.name" in lacking["message"]
    assert "letter.serial" in lacking["message"]
    assert "member.id" not in lacking["message"]


def test_a_roster_by_a_key_that_some_tables_lack_accuses_nobody(tmp_path: Path) -> None:
    """What is compared may be another key than the rule's own; not judged is not undetermined."""
    one, two, roster = (tmp_path / name for name in ("one.csv", "two.csv", "roster.csv"))
    one.write_text("学号,姓名\n06001,甲\n", encoding="utf-8")
    two.write_text("身份证号,姓名\n11010519491231002X,乙\n", encoding="utf-8")
    roster.write_text("身份证号,姓名\n11010519491231002X,乙\n440524188001010014,丙\n",
                      encoding="utf-8")
    _, data = report(one, two, "--roster", roster)
    assert found(data, "1.5a") == []
    assert data["summary"]["by_clause"]["1.5a"] == {"not_judged": 1}
