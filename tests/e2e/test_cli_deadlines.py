"""`zhuanjie deadlines` of large ledgers and in files, as a user calls it."""

from __future__ import annotations

import csv
import json
import re
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from support.cli_command import AS_OF, record, run, write_ledger

from zhuanjie.synthetic.ledger import generate


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deadlines") / "ledger.csv"
    generate(records=4000, seed=3, output=path, lang="en")
    return path


def found(ledger: Path, *more: str) -> list[dict[str, object]]:
    done = run("deadlines", ledger, *AS_OF, *more, "--format", "json")
    data = json.loads(done.stdout)
    findings: list[dict[str, object]] = data["findings"]
    for outcome in ("violation", "pending", "waived"):
        assert data["summary"][outcome] == sum(f["outcome"] == outcome for f in findings)
    return findings


def test_every_form_lists_the_same(large: Path, tmp_path: Path) -> None:
    wanted = found(large)
    assert len(wanted) > 2000
    lines = run("deadlines", large, *AS_OF, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == wanted
    run("deadlines", large, *AS_OF, "-o", tmp_path / "d.csv")
    with (tmp_path / "d.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == [f["id"] for f in wanted]
    assert run("deadlines", large, *AS_OF, "-o", tmp_path / "d.xlsx").returncode == 1
    sheet = openpyxl.load_workbook(tmp_path / "d.xlsx").worksheets[0]
    head, *rows = sheet.iter_rows(values_only=True)
    at = {name: number for number, name in enumerate(head)}
    assert [(row[at["record"]], row[at["clause"]], row[at["due"]]) for row in rows] == [
        (f["record"], f["clause"], datetime.fromisoformat(str(f["due"]))) for f in wanted]
    assert [row[at["what to do"]] or "" for row in rows] == [f["remedy"] for f in wanted]
    day = date(2007, 12, 31)
    for row in rows:
        days = (row[at["due"]].date() - day).days
        assert (row[at["days late"]], row[at["days left"]]) == (
            (-days, None) if days < 0 else (None, days))
    assert "state" in at and sheet.auto_filter.ref and sheet.freeze_panes == "A2"


def test_a_long_list_begins_with_what_it_comes_to(large: Path) -> None:
    wanted = found(large)
    overdue = [f for f in wanted if f["outcome"] == "violation"]
    coming = [f for f in wanted if f["outcome"] != "violation"]
    assert len(coming) > 500
    text = run("deadlines", large, *AS_OF).stdout
    assert text.index("Due by clause") < text.index("Due by time") < text.index("Overdue:")
    assert f"Overdue: {len(overdue)}" in text
    assert f"To come: {len(coming)}" in text
    assert text.count("The 500 due first are listed") == 1 + (len(overdue) > 500)
    rows = re.findall(r"^(\d{4}-\d\d-\d\d) +(\d+) +(\S+) +(\d+) ", text, re.MULTILINE)
    shown = [*overdue[:500], *coming[:500]]
    assert [(due, clause, who) for due, _, clause, who in rows] == [
        (f["due"], f["clause"], f["record"]) for f in shown]
    weeks = re.findall(r"^(?:due|overdue by) .*?  (\d+)$", text, re.MULTILINE)
    assert sum(map(int, weeks)) == len(wanted)


def test_a_page_lists_all_of_it(large: Path, tmp_path: Path) -> None:
    run("deadlines", large, *AS_OF, "-o", tmp_path / "d.html")
    page = (tmp_path / "d.html").read_text("utf-8")
    assert all(str(f["record"]) in page for f in found(large))


def test_ids_are_text_and_nothing_is_a_formula(tmp_path: Path) -> None:
    ledger = write_ledger(tmp_path / "l.csv", [
        record(1, 学号="00123", 姓名="=1+1", 回执收到日期=""), record(2, 回执收到日期="")])
    done = run("deadlines", ledger, *AS_OF, "-o", tmp_path / "d.xlsx", lang="zh")
    assert done.returncode == 1 and done.stdout == ""
    book = openpyxl.load_workbook(tmp_path / "d.xlsx")
    cells = {cell.value: cell for row in book.worksheets[0].iter_rows() for cell in row}
    assert cells["00123"].data_type == cells["=1+1"].data_type == "s"
    again = run("deadlines", ledger, *AS_OF, "-o", tmp_path / "d.xlsx")
    assert again.returncode == 1, "it is written over, being ours"


def test_a_workbook_needs_a_file(large: Path) -> None:
    done = run("deadlines", large, *AS_OF, "--format", "xlsx")
    assert done.returncode == 2
    assert done.stderr.count("error: ") == 1 and "--output" in done.stderr


def test_what_was_not_judged_is_said(tmp_path: Path) -> None:
    ledger = write_ledger(tmp_path / "l.csv", [record(1), record(2)])
    rows = list(csv.reader(ledger.open(encoding="utf-8")))
    at = rows[0].index("回执收到日期")
    ledger.write_text("".join(",".join(r[:at] + r[at + 1:]) + "\n" for r in rows), "utf-8")
    assert "1.6b" in run("deadlines", ledger, *AS_OF, "-q").stdout
    data = json.loads(run("deadlines", ledger, *AS_OF, "-f", "json").stdout)
    assert data["summary"]["by_clause"]["1.6b"]["not_judged"] == 2
    assert set(data["summary"]["by_clause"]) & {"1.3a", "1.2"} == set()
    last = json.loads(run("deadlines", ledger, *AS_OF, "-f", "jsonl").stdout.splitlines()[-1])
    assert last["outcome"] == "not_audited"
