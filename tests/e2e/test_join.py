"""A register in several sheets or files, through the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openpyxl import Workbook
from support.cli_command import run

CARD = "11010519491231002X"
SHEETS: dict[str, list[list[Any]]] = {
    "省内": [["学号", "姓名", "介绍信式样", "转出时间", "接收日期"],
             ["06001", "张三", "三联", "2007-06-30", "2007-07-10"],
             ["06002", "李四", "三联", "2007-06-30", "2007-07-10"]],
    "回执": [["学号", "姓名", "身份证号", "回执收到日期"],
             ["06002", "李 四", "", ""], ["06001", "张三", CARD, "2007-09-30"]],
    "补登": [["身份证号", "回执收到日期", "跟踪责任人"], [CARD, "2007-08-01", "赵六"]],
}


@pytest.fixture(params=["xlsx", "csv"])
def register(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "register"
    folder.mkdir()
    book = Workbook()
    for name, rows in SHEETS.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if request.param == "csv":  # files of a folder go by their names
            number = list(SHEETS).index(name)
            pl.DataFrame(rows[1:], schema=dict.fromkeys(rows[0], pl.String), orient="row").write_csv(
                folder / f"{number}-{name}.csv")
    if request.param == "xlsx":
        del book["Sheet"]
        book.save(folder / "register.xlsx")
    return folder


ASKED = ("--join", "--policy", "fujian-2007-80", "--as-of", "2007-12-31")


def test_an_audit_of_a_register_in_parts(register: Path) -> None:
    done = run("audit", register, *ASKED, "--format", "json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["ledger"]["records"] == 2
    assert [part["records"] for part in report["ledger"]["files"]] == [2, 2, 1]
    assert "3 tables were put together by their keys: 5 rows became 2 records" in done.stderr
    [wrong] = report["input"]
    assert (wrong["record"], wrong["field"], wrong["value"], wrong["row"]) == (
        "06001", "receipt.returned_on", "2007-08-01", 2)
    assert "`2007-08-01` contradicts `2007-09-30`" in wrong["message"]
    assert "row 3, column 回执收到日期" in wrong["message"]
    outcomes = {(f["record"], f["clause"]): f["outcome"] for f in report["findings"]}
    assert outcomes["06001", "1.6b"] == "undetermined"
    assert outcomes["06002", "1.6b"] == "violation"
    assert ("06001", "1.6a") not in outcomes  # the third table names who tracks it
    place = next(f["location"] for f in report["findings"] if f["record"] == "06002")
    assert place["row"] == 3
    again = run("audit", register, *ASKED, "--format", "json")
    assert again.stdout == done.stdout


def test_other_commands_on_a_register_in_parts(register: Path) -> None:
    done = run("explain", register, "06001", "1.6a", *ASKED)
    assert done.returncode == 0
    assert "赵六" in done.stdout
    done = run("explain", register, "06001", "1.6b", *ASKED)
    assert "in doubt: tables contradict each other" in done.stdout
    assert "`2007-08-01` contradicts `2007-09-30`" in done.stderr
    done = run("deadlines", register, *ASKED, "--format", "json")
    assert {f["record"] for f in json.loads(done.stdout)["findings"]} == {"06002"}


def test_without_joining_the_option_is_named(register: Path) -> None:
    done = run("audit", register, "--policy", "fujian-2007-80", "--as-of", "2007-12-31")
    assert "2 ids stand in several tables with different columns" in done.stderr
    assert "--join" in done.stderr


def test_a_folder_of_findings(register: Path, tmp_path: Path) -> None:
    folder = tmp_path / "findings"
    done = run("audit", register, *ASKED, "--partition-by", "clause", "--output", folder)
    assert done.returncode == 1, done.stderr
    found = pl.scan_parquet(folder / "**/*.parquet").collect()
    assert {("06002", 3)} == set(found.filter(record="06002").select("record", "row").rows())


def test_a_table_of_spark_is_refused() -> None:
    done = run("audit", "spark:members", "--join", "-o", "out.parquet")
    assert done.returncode == 2
    assert "--join" in done.stderr
