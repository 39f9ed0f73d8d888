"""Baselines through the real command: they change the exit code, never the counts, and shrink."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.cli_command import AS_OF, record, run, write_ledger

OLD = [record(1), record(2, 回执收到日期=""), record(3, 离校时间="")]
NEW = [*OLD, record(4, 回执收到日期="")]


def baseline(folder: Path, rows: list[dict[str, str]]) -> tuple[Path, Path]:
    ledger, file = write_ledger(folder / "ledger.csv", rows), folder / "baseline.jsonl"
    done = run("baseline", "create", ledger, "-o", file, *AS_OF)
    assert done.returncode == 0, done.stderr
    return ledger, file


def ids(file: Path) -> list[str]:
    return [json.loads(line)["id"] for line in file.read_text("utf-8").splitlines()[1:]]


def test_what_is_known_is_counted_and_fails_nothing(tmp_path: Path) -> None:
    ledger, file = baseline(tmp_path, OLD)
    plain = json.loads(run("audit", ledger, *AS_OF, "-f", "json", "-q").stdout)
    done = run("audit", ledger, *AS_OF, "-f", "json", "--baseline", file,
               "--fail-on", "undetermined")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert found["summary"] == plain["summary"]
    assert found["baseline"] == {"as_of": "2007-12-31", "age_days": 0,
                                 "known": len(ids(file)), "stale": []}
    known = [f for f in found["findings"] if f["outcome"] in ("violation", "undetermined")]
    assert {f["known_since"] for f in known} == {"2007-12-31"}
    assert [f["id"] for f in known] == ids(file)
    assert "0 days old" in done.stderr


def test_the_file_has_the_keys_that_are_documented(tmp_path: Path) -> None:
    _, file = baseline(tmp_path, OLD)
    head, *lines = map(json.loads, file.read_text("utf-8").splitlines())
    assert list(head) == ["zhuanjie", "baseline", "policy", "as_of"]
    violations = [line for line in lines if "outcome" not in line]
    assert violations
    for line in violations:
        assert list(line) == ["id", "rule", "record", "due", "first_seen"]
    assert file.stat().st_mode & 0o077 == 0  # it names records


def test_what_is_new_fails(tmp_path: Path) -> None:
    _, file = baseline(tmp_path, OLD)
    ledger = write_ledger(tmp_path / "ledger.csv", NEW)
    for more in ((), ("--all",), ("-o", tmp_path / "f.parquet"), ("-f", "jsonl"),
                 ("--partition-by", "clause", "-o", tmp_path / "folder")):
        assert run("audit", ledger, *AS_OF, "--baseline", file, *more).returncode == 1, more


def test_evidence_that_was_missing_and_is_now_a_violation_is_new(tmp_path: Path) -> None:
    """The two have one id: of one rule, one record and no due day."""
    ledger, file = baseline(tmp_path, [record(1, 介绍信联系电话="1")])
    known = [json.loads(line) for line in file.read_text("utf-8").splitlines()[1:]]
    assert known
    entries = [dict(e, outcome="undetermined") for e in known]
    head = file.read_text("utf-8").splitlines()[0]
    file.write_text("\n".join([head, *map(json.dumps, entries)]) + "\n", encoding="utf-8")
    found = json.loads(run("audit", ledger, *AS_OF, "--baseline", file, "-f", "json").stdout)
    assert found["baseline"]["stale"] == []
    assert all("known_since" not in f for f in found["findings"] if f["outcome"] == "violation")
    assert run("audit", ledger, *AS_OF, "--baseline", file).returncode == 1


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_tables_say_since_when(form: str, tmp_path: Path) -> None:
    _, file = baseline(tmp_path, OLD)
    ledger, out = write_ledger(tmp_path / "ledger.csv", NEW), tmp_path / f"out.{form}"
    run("audit", ledger, *AS_OF, "--only", "1.6b", "--baseline", file, "-o", out)
    if form == "csv":
        rows: list[Any] = list(csv.DictReader(out.open(encoding="utf-8-sig")))
    elif form == "jsonl":
        rows = list(map(json.loads, out.read_text("utf-8").splitlines()))
    else:
        rows = pl.read_parquet(out).to_dicts()
    since = {r["record"]: str(r.get("known_since") or "") for r in rows
             if r["outcome"] == "violation"}
    assert since == {"06002": "2007-12-31", "06004": ""}


def test_a_baseline_only_shrinks(tmp_path: Path) -> None:
    _, file = baseline(tmp_path, NEW)
    before = ids(file)
    mended = write_ledger(tmp_path / "ledger.csv",
                          [record(1), record(2), OLD[2], NEW[3], record(5, 回执收到日期="")])
    stale = json.loads(run("audit", mended, *AS_OF, "--baseline", file, "-f", "json",
                           "-q").stdout)["baseline"]["stale"]
    assert {e["record"] for e in stale} == {"06002"}
    done = run("baseline", "update", file, mended, *AS_OF)
    assert done.returncode == 0
    after = ids(file)
    assert set(after) < set(before)
    assert "06005" not in file.read_text("utf-8")
    assert run("audit", mended, *AS_OF, "--baseline", file).returncode == 1
    # It grows where somebody says why, and says so ever after.
    assert run("baseline", "update", file, mended, *AS_OF, "--grow").returncode == 2
    assert run("baseline", "update", file, mended, *AS_OF, "--reason", "x").returncode == 2
    run("baseline", "update", file, mended, "--policy", "fujian-2007-80", "--as-of", "2008-01-05",
        "--grow", "--reason", "并入新学院")
    assert "06005" in file.read_text("utf-8")
    shown = json.loads(run("baseline", "show", file, mended, *AS_OF, "-f", "json").stdout)
    assert [g["reason"] for g in shown["grown"]] == ["并入新学院"]
    assert {e["first_seen"] for e in shown["entries"]} >= {"2007-12-31", "2008-01-05"}


def test_what_was_not_asked_about_is_not_stale(tmp_path: Path) -> None:
    ledger, file = baseline(tmp_path, OLD)
    found = json.loads(run("audit", ledger, *AS_OF, "--only", "1.1a", "--baseline", file, "-f",
                           "json").stdout)
    assert found["baseline"]["stale"] == []
    narrow = tmp_path / "narrow.csv"
    narrow.write_text("学号,姓名\n06002,张三\n", encoding="utf-8")
    found = json.loads(run("audit", narrow, *AS_OF, "--baseline", file, "-f", "json").stdout)
    assert found["baseline"]["stale"] == []


@pytest.mark.parametrize("text", ["", "{}", '{"baseline": 2}', "学号,姓名\n",
                                  '{"zhuanjie": "1", "baseline": 1, "policy": {}, "as_of": "x"}'])
def test_what_is_no_baseline_is_refused(text: str, tmp_path: Path) -> None:
    ledger, file = write_ledger(tmp_path / "ledger.csv"), tmp_path / "b.jsonl"
    file.write_text(text, encoding="utf-8")
    for call in (("audit", ledger, "--baseline", file), ("baseline", "show", file),
                 ("baseline", "update", file, ledger)):
        done = run(*call)
        assert done.returncode == 2, call
        assert "b.jsonl" in done.stderr
    assert file.read_text("utf-8") == text


def test_a_damaged_line_is_named_and_nothing_written_over(tmp_path: Path) -> None:
    ledger, file = baseline(tmp_path, OLD)
    whole = file.read_text("utf-8")
    file.write_text(whole[:-20], encoding="utf-8")
    done = run("audit", ledger, *AS_OF, "--baseline", file)
    assert done.returncode == 2
    assert f"baseline.jsonl:{len(whole.splitlines())}" in done.stderr
    assert run("baseline", "create", ledger, "-o", file, *AS_OF).returncode == 2
    assert file.read_text("utf-8") == whole[:-20]


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_people_are_told_what_is_known(form: str, tmp_path: Path) -> None:
    """What is new must be found among what is old."""
    _, file = baseline(tmp_path, OLD)
    ledger = write_ledger(tmp_path / "ledger.csv", NEW)
    call = ("audit", ledger, *AS_OF, "--only", "1.6b", "--baseline", file)
    said = run(*call, "-f", form, env={"COLUMNS": "400"}).stdout
    old, new = (next(line for line in said.splitlines() if name in line)
                for name in ("06002", "06004"))
    assert "(known since 2007-12-31)" in old
    assert "known since" not in new
    page = tmp_path / "report.html"
    assert run(*call, "-o", page).returncode == 1
    assert "known since 2007-12-31" in page.read_text("utf-8")


@pytest.mark.parametrize("form", ["sarif", "junit", "github", "gitlab"])
def test_machines_are_told_what_is_known(form: str, tmp_path: Path) -> None:
    """They pass for the exit code alone; whoever reads them sees which findings are old."""
    _, file = baseline(tmp_path, OLD)
    ledger = write_ledger(tmp_path / "ledger.csv", NEW)
    call = ("audit", ledger, *AS_OF, "--only", "1.6b", "-f", form)
    said = run(*call, "--baseline", file).stdout
    old, new = ([line for line in said.splitlines() if f"row {row}" in line] for row in (3, 5))
    assert old
    assert new
    assert all("(known since 2007-12-31)" in line for line in old)
    assert not any("known since" in line for line in new)
    assert "2007-12-31 起已知" in run(*call, "--baseline", file, lang="zh").stdout
    assert "known since" not in run(*call).stdout


def test_what_is_known_fails_no_build(tmp_path: Path) -> None:
    ledger, file = baseline(tmp_path, OLD)
    for more, failure in (((), True), (("--baseline", file), False)):
        junit = run("audit", ledger, *AS_OF, "--only", "1.6b", "-f", "junit", *more).stdout
        assert ("<failure" in junit) is failure
        said = run("audit", ledger, *AS_OF, "--only", "1.6b", "-f", "github", *more).stdout
        assert ("::error" in said) is failure
        assert "06002" not in said
