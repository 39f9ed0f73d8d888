"""Findings of large ledgers through the real command: Parquet, folders, interruption."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import polars as pl
import pytest
from support.cli_command import AS_OF, COMMAND, LEDGER, record, run, write_ledger
from support.marks import few, slow


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return write_ledger(tmp_path / "l.csv", [*LEDGER, record(1)])


def test_a_table_holds_the_findings_of_the_report(ledger: Path, tmp_path: Path) -> None:
    out = tmp_path / "f.parquet"
    done = run("audit", ledger, *AS_OF, "--output", out)
    assert done.returncode == 1
    assert "total" in done.stdout
    table = pl.read_parquet(out)
    lines = [json.loads(line) for line in
             run("audit", ledger, *AS_OF, "--format", "jsonl").stdout.splitlines()]
    assert table.columns == ["record", "name", "group", "rule", "clause", "outcome", "severity",
                             "due", "days_late", "missing", "waiver", "file", "sheet", "row"]
    assert table.with_columns(pl.col("due").cast(pl.String)).rows(named=True) == [
        {n: line.get(n, line["location"].get(n)) for n in table.columns} for line in lines]


@pytest.mark.parametrize("ending", few(["csv", "jsonl", "json", "md"], "json"))
def test_the_ending_names_the_form(ledger: Path, tmp_path: Path, ending: str) -> None:
    form = {"md": "markdown"}.get(ending, ending)
    named, given = tmp_path / f"n.{ending}", tmp_path / "given"
    run("audit", ledger, *AS_OF, "--output", named)
    run("audit", ledger, *AS_OF, "--output", given, "--format", form)
    assert named.read_bytes() == given.read_bytes()


def test_a_folder_is_divided_by_columns(ledger: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run("audit", ledger, *AS_OF, "--output", out, "--partition-by", "clause,outcome")
    assert done.returncode == 1
    whole = tmp_path / "f.parquet"
    run("audit", ledger, *AS_OF, "--output", whole)
    parts = pl.scan_parquet(out / "**" / "*.parquet", hive_partitioning=True).collect()
    key = ["row", "rule"]
    assert parts.select(pl.read_parquet(whole).columns).sort(key).equals(
        pl.read_parquet(whole).sort(key))


@pytest.mark.parametrize(("more", "what"), [
    (("--format", "parquet"), "needs a file"),
    (("--partition-by", "clause"), "needs a folder"),
    slow(("--partition-by", "claus", "--output", "o"), "cannot be divided by `claus`"),
    slow(("--partition-by", "clause", "--output", "o", "--format", "csv"), "not `csv`"),
    slow(("--partition-by", "clause", "--output", "o", "--backend", "reference"), "`reference`"),
    (("--resume", "--output", "o"), "--partition-by"),
    slow(("--output", "no/f.parquet"), "its folder does not exist"),
])
def test_what_does_not_go_together(ledger: Path, tmp_path: Path, more: tuple[str, ...],
                                   what: str) -> None:
    done = run("audit", ledger, *AS_OF, *more, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert what in done.stderr
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("form", few(["f.parquet", "f.csv", "f.jsonl"], "f.parquet"))
def test_an_interruption_leaves_nothing_and_says_how_far_it_came(ledger: Path, tmp_path: Path,
                                                                 form: str) -> None:
    some = pl.concat([pl.read_csv(ledger, infer_schema=False)] * 1_000)
    pl.concat([some] * 150).write_parquet(tmp_path / "many.parquet")
    before = {p.name for p in tmp_path.iterdir()}
    audit = subprocess.Popen(
        [COMMAND, "audit", "many.parquet", *AS_OF, "--output", form, "--lang", "en"],
        cwd=tmp_path, stderr=subprocess.PIPE, encoding="utf-8")
    assert audit.stderr is not None
    said = audit.stderr.readline()  # the first line on how things stand comes after a second
    audit.send_signal(signal.SIGINT)
    said += audit.communicate(timeout=60)[1]
    assert audit.returncode == 130
    assert "interrupted after" in said
    assert "Traceback" not in said
    assert {p.name for p in tmp_path.iterdir()} == before
