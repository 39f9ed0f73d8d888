"""`zhuanjie audit`, `deadlines`, `explain` and `destinations`, as a user calls them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import icalendar
import pytest
from support.cli_command import AS_OF, LEDGER, record, run, write_ledger
from support.marks import few, slow

from zhuanjie.engine.core.unicode import width


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ledger(tmp_path_factory.mktemp("ledger") / "台账.csv")


def test_json_holds_what_the_ledger_holds(ledger: Path) -> None:
    done = run("audit", ledger, *AS_OF, "--format", "json")
    assert done.returncode == 1
    data = json.loads(done.stdout)
    assert data["ledger"]["records"] == len(LEDGER)
    came = {(f["record"], f["clause"], f["outcome"]) for f in data["findings"]}
    assert {("06002", "1.6b", "violation"), ("06005", "1.6b", "pending"),
            ("06006", "1.1a", "violation")} <= came
    late = next(f for f in data["findings"] if f["record"] == "06002" and f["clause"] == "1.6b")
    assert (late["due"], late["days_late"]) == ("2007-10-28", 64)
    assert late["location"]["row"] == 3
    (bad,) = data["input"]
    assert (bad["record"], bad["row"], bad["column"], bad["value"]) == (
        "06004", 5, "转出时间", "2007-02-30")
    assert "06001" not in {f["record"] for f in data["findings"]}


def test_the_same_ledger_gives_the_same_bytes(ledger: Path) -> None:
    first, second = (run("audit", ledger, *AS_OF, "--format", "json").stdout for _ in range(2))
    assert first == second


@pytest.mark.slow
def test_every_format_holds_the_same_findings(ledger: Path) -> None:
    whole = json.loads(run("audit", ledger, *AS_OF, "--format", "json").stdout)["findings"]
    lines = run("audit", ledger, *AS_OF, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == whole
    rows = list(csv.DictReader(io.StringIO(run("audit", ledger, *AS_OF, "--format", "csv").stdout)))
    assert [(r["record"], r["rule"]) for r in rows] == [(f["record"], f["rule"]) for f in whole]
    for form in ("table", "markdown"):
        text = run("audit", ledger, *AS_OF, "--format", form).stdout
        assert all(f["record"] in text for f in whole)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_table_fits_80_columns_in_a_pipe(ledger: Path, lang: str) -> None:
    done = run("audit", ledger, *AS_OF, lang=lang)
    assert max(map(width, done.stdout.splitlines())) <= 80
    assert "\x1b" not in done.stdout + done.stderr


def test_the_language_comes_from_the_locale_or_the_option(ledger: Path) -> None:
    assert "按条款汇总" in run("audit", ledger, *AS_OF, lang="zh").stdout
    assert "按条款汇总" in run("audit", ledger, *AS_OF, "--lang", "zh").stdout
    assert "By clause" in run("audit", ledger, *AS_OF, "--lang", "en", lang="zh").stdout


def test_one_blank_is_one_cause_in_the_table_and_stays_whole_in_json(ledger: Path) -> None:
    data = json.loads(run("audit", ledger, *AS_OF, "--format", "json").stdout)
    behind = [f for f in data["findings"] if f["record"] == "06007"
              and f["outcome"] == "undetermined"]
    assert behind
    text = run("audit", ledger, *AS_OF).stdout
    assert text.count("employment.employed is missing") == 1


@pytest.mark.parametrize(("rows", "level", "code"), [
    ([record(1)], "undetermined", 0),
    ([record(2, 回执收到日期="")], "error", 1),
    slow([record(2, 回执收到日期="")], "never", 0),
    slow([record(6, 离校教育时间="2007-07-10")], "error", 0),
    ([record(6, 离校教育时间="2007-07-10")], "warning", 1),
    slow([record(7, 是否落实工作单位="")], "warning", 0),
    ([record(7, 是否落实工作单位="")], "undetermined", 1),
    slow([record(5, 转出时间="2007-11-30", 回执收到日期="")], "undetermined", 0),
])
@pytest.mark.parametrize("form", few(["table", "jsonl"], "table"))
def test_the_exit_code_follows_the_level(
    tmp_path: Path, rows: list[dict[str, str]], level: str, code: int, form: str,
) -> None:
    done = run("audit", write_ledger(tmp_path / "l.csv", rows), *AS_OF, "--fail-on", level,
               "--format", form)
    assert done.returncode == code, done.stdout + done.stderr


def test_a_parameter_set_for_the_run_moves_the_due_day(ledger: Path) -> None:
    done = run("audit", ledger, *AS_OF, "--set", "receipt_return_days=200", "--format", "json")
    pending = [f for f in json.loads(done.stdout)["findings"] if f["record"] == "06002"]
    assert ("1.6b", "pending") in {(f["clause"], f["outcome"]) for f in pending}


def test_all_adds_the_outcomes_that_are_no_findings(ledger: Path) -> None:
    plain = json.loads(run("audit", ledger, *AS_OF, "--format", "json").stdout)
    every = json.loads(run("audit", ledger, *AS_OF, "--format", "json", "--all").stdout)
    kinds = {f["outcome"] for f in every["findings"]}
    assert {"satisfied", "not_applicable"} <= kinds
    assert len(every["findings"]) > len(plain["findings"])
    assert "satisfied" in every["summary"]["by_clause"]["1.1a"]


def test_a_ledger_may_come_through_a_pipe(ledger: Path) -> None:
    done = run("audit", "-", *AS_OF, "--format", "json", input=ledger.read_text(encoding="utf-8"))
    assert json.loads(done.stdout)["ledger"]["records"] == len(LEDGER)


def test_headings_are_mapped_and_a_roster_is_held_against_the_ledger(tmp_path: Path) -> None:
    rows = [record(1)]
    ledger = write_ledger(tmp_path / "l.csv", rows)
    ledger.write_text(ledger.read_text("utf-8").replace("介绍信联系电话", "电话", 1), "utf-8")
    columns, roster = tmp_path / "columns.yaml", tmp_path / "roster.csv"
    columns.write_text("电话: letter.phone\n", "utf-8")
    roster.write_text("学号\n06001\n06999\n", "utf-8")
    done = run("audit", ledger, *AS_OF, "--columns", columns, "--roster", roster,
               "--format", "json")
    came = [(f["record"], f["clause"]) for f in json.loads(done.stdout)["findings"]]
    assert came == [("06999", "1.5a")]


def test_a_csv_file_opens_in_a_spreadsheet_and_bad_cells_are_said_beside(
    ledger: Path, tmp_path: Path,
) -> None:
    done = run("audit", ledger, *AS_OF, "--format", "csv", "--output", tmp_path / "o.csv")
    assert done.stdout == ""
    assert (tmp_path / "o.csv").read_bytes().startswith(b"\xef\xbb\xbfid,record,name,")
    assert "2007-02-30" in done.stderr


def test_deadlines_put_the_overdue_first(ledger: Path) -> None:
    done = run("deadlines", ledger, *AS_OF, "--format", "json")
    assert done.returncode == 1
    dues = [(f["outcome"], f["due"]) for f in json.loads(done.stdout)["findings"]]
    assert [d for _, d in dues] == sorted(d for _, d in dues)
    assert dues[0][0] == "violation"
    assert "pending" in {o for o, _ in dues}


def test_deadlines_within_keep_to_the_near_ones(ledger: Path) -> None:
    near = json.loads(run("deadlines", ledger, *AS_OF, "--within", "7", "--format", "json").stdout)
    assert all(f["due"] <= "2008-01-07" for f in near["findings"])


def test_deadlines_make_a_calendar(ledger: Path, tmp_path: Path) -> None:
    run("deadlines", ledger, *AS_OF, "--format", "ics", "-o", tmp_path / "d.ics", "--lang", "zh")
    calendar = icalendar.Calendar.from_ical((tmp_path / "d.ics").read_bytes())
    events = calendar.walk("VEVENT")
    assert events
    assert any("06005" in e["SUMMARY"] for e in events)
    assert len({e["UID"] for e in events}) == len(events)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_outcome_of_a_record_is_explained(ledger: Path, lang: str) -> None:
    done = run("explain", ledger, "06002", *AS_OF, lang=lang)
    assert done.returncode == 0, done.stderr
    assert "2007-10-28" in done.stdout
    assert max(map(width, done.stdout.splitlines())) <= 80
    data = json.loads(run("explain", ledger, "06002", "1.6b", *AS_OF, "--format", "json").stdout)
    (one,) = data["explanations"]
    assert (one["outcome"], one["due"]) == ("violation", "2007-10-28")
    assert {c["label"] for c in one["conditions"]} == {"when", "due", "done"}
    assert one["conditions"][0]["value"] is True


@pytest.mark.parametrize("lang", few(["zh", "en"], "zh"))
def test_what_would_mend_a_record(tmp_path: Path, lang: str) -> None:
    spoilt = write_ledger(tmp_path / "l.csv", [
        record(1, 去向类型="父母居住地街道乡镇", 介绍信姓名="张山", 离校教育时间="2007-07-10")])
    done = run("explain", spoilt, "06001", *AS_OF, "--fix", lang=lang)
    assert done.returncode == 0, done.stderr
    assert max(map(width, done.stdout.splitlines())) <= 80
    assert ("介绍信姓名" if lang == "zh" else "letter.name") in done.stdout
    assert ("已无法补正：1项" if lang == "zh" else "Cannot be made good: 1") in done.stdout
    data = json.loads(run("explain", spoilt, "06001", *AS_OF, "--fix", "-f", "json").stdout)
    (fix,) = data["fixes"]
    (way,) = fix["alternatives"]
    assert [(c["field"], c["now"], c["to"], c["kind"]) for c in way["changes"]] == [
        ("destination.kind", "parents_township", "employer_org", "act"),
        ("letter.name", "张山", "张三", "entry")]
    assert [(b["clause"], b["reason"]) for b in fix["beyond"]] == [("1.1a", "late")]
    assert [r["clause"] for r in fix["rows"] if r["opens"]] == ["1.2c"]
    assert "fixes" not in json.loads(
        run("explain", spoilt, "06001", *AS_OF, "-f", "json").stdout)
    markdown = run("explain", spoilt, "06001", "1.2", *AS_OF, "--fix", "-f", "markdown").stdout
    assert "destination.kind" in markdown
    assert "letter.name |" not in markdown


def test_a_record_that_is_not_there_is_said_with_the_nearest(ledger: Path) -> None:
    done = run("explain", ledger, "6002", *AS_OF)
    assert done.returncode == 2
    assert "06002" in done.stderr


@pytest.mark.parametrize(("employer", "allowed"), [
    ("是", {"employer_org", "retained"}),
    ("否", {"workplace_township", "residence_township", "retained"}),
])
def test_destinations_follow_the_employment(
    tmp_path: Path, employer: str, allowed: set[str],
) -> None:
    (tmp_path / "r.json").write_text(json.dumps(
        {"学号": "06001", "是否落实工作单位": "是", "单位是否建立党组织": employer}))
    done = run("destinations", tmp_path / "r.json", *AS_OF, "--format", "json")
    answers = json.loads(done.stdout)["destinations"]
    assert {a["kind"] for a in answers if a["outcome"] == "satisfied"} == allowed
    table = run("destinations", tmp_path / "r.json", *AS_OF, "--lang", "zh")
    assert "单位党组织" in table.stdout
    assert done.returncode == table.returncode == 0
