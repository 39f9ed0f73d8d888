"""Tables of Delta and Iceberg. In: the same records as files and as tables. Out: the same findings.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.cli_command import AS_OF, LEDGER, record, run, write_ledger

from zhuanjie.engine import InputError, UsageError, audit
from zhuanjie.engine.core.results import Report

ROWS = pl.DataFrame(LEDGER)
LATER = pl.DataFrame([record(8, 回执收到日期="")])
DAY = {"as_of": date(2007, 12, 31)}


@pytest.fixture
def delta(tmp_path: Path) -> str:
    """A Delta table of two versions."""
    from deltalake import write_deltalake

    write_deltalake(tmp_path / "d", ROWS)
    write_deltalake(tmp_path / "d", LATER, mode="append")
    return f"delta:{tmp_path / 'd'}"


@pytest.fixture
def iceberg(tmp_path: Path) -> tuple[str, list[int]]:
    """An Iceberg table of two snapshots, and their numbers."""
    from pyiceberg.catalog.sql import SqlCatalog

    catalogue = SqlCatalog("c", uri=f"sqlite:///{tmp_path}/c.db", warehouse=f"file://{tmp_path}/w")
    catalogue.create_namespace("n")
    table = catalogue.create_table("n.t", schema=ROWS.to_arrow().schema)
    for part in (ROWS, LATER):
        table.append(part.to_arrow())
    return (f"iceberg:{tmp_path}/w/n/t",
            [snapshot.snapshot_id for snapshot in table.metadata.snapshots])


def findings(report: Report) -> set[tuple[Any, ...]]:
    """What is found, wherever it stands: a table's files are in no order of ours."""
    return {(f.record, f.rule, f.outcome, f.due, f.days_late) for f in report.findings}


def of_file(folder: Path, *frames: pl.DataFrame) -> Report:
    """The audit of the same records as a file."""
    path = write_ledger(folder / "l.csv", pl.concat(frames).to_dicts())
    return audit(path, "fujian-2007-80", **DAY)  # type: ignore[arg-type]


def test_a_delta_table_is_audited_as_a_file_of_its_records_is(tmp_path: Path, delta: str) -> None:
    for version, frames in ((None, (ROWS, LATER)), (0, (ROWS,)), ("1", (ROWS, LATER))):
        found = audit(delta, "fujian-2007-80", table_version=version, **DAY)  # type: ignore[arg-type]
        assert findings(found) == findings(of_file(tmp_path, *frames))
        assert len(findings(found)) > 4


def test_an_iceberg_table_is_audited_as_a_file_of_its_records_is(
        tmp_path: Path, iceberg: tuple[str, list[int]]) -> None:
    address, (first, last) = iceberg
    for version, frames in ((None, (ROWS, LATER)), (first, (ROWS,)), (str(last), (ROWS, LATER))):
        found = audit(address, "fujian-2007-80", table_version=version, **DAY)  # type: ignore[arg-type]
        assert findings(found) == findings(of_file(tmp_path, *frames))


def test_a_table_is_read_as_it_stood_at_a_moment(delta: str, iceberg: tuple[str, list[int]]) -> None:
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for address in (delta, iceberg[0]):
        assert audit(address, "fujian-2007-80", table_version=soon, **DAY).ledger.records == 8  # type: ignore[arg-type]
        with pytest.raises(InputError, match="2001-01-01"):
            audit(address, "fujian-2007-80", table_version="2001-01-01", **DAY)  # type: ignore[arg-type]


def test_a_report_names_the_version_and_its_name_is_an_address(delta: str) -> None:
    report = audit(delta, "fujian-2007-80", **DAY)  # type: ignore[arg-type]
    [name] = [table.table.file for table in report.ledger.tables]
    assert name == f"{delta}@1"
    again = audit(name, "fujian-2007-80", **DAY)  # type: ignore[arg-type]
    assert findings(again) == findings(report)
    assert again.ledger.sha256 == report.ledger.sha256 != audit(
        f"{delta}@0", "fujian-2007-80", **DAY).ledger.sha256  # type: ignore[arg-type]


@pytest.mark.parametrize(("call", "says"), [
    (("delta:nowhere",), "nowhere"),
    (("delta:",), "where the table is"),
    (("iceberg:nowhere",), "nowhere"),
    (("delta:DELTA", "--table-version", "2"), "0–1"),
    (("delta:DELTA", "--table-version", "soon"), "`soon` is no version"),
    (("l.csv", "--table-version", "1"), "none is named"),
])
def test_what_cannot_be_read_is_said(tmp_path: Path, delta: str, call: tuple[str, ...],
                                     says: str) -> None:
    write_ledger(tmp_path / "l.csv")
    done = run("audit", *(a.replace("delta:DELTA", delta) for a in call), *AS_OF, "-q",
               cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert done.stderr.startswith("error: ")


def test_findings_are_a_delta_table(tmp_path: Path, delta: str) -> None:
    wanted = json.loads(run("audit", delta, *AS_OF, "-q", "-f", "json").stdout)
    for keys in (["--partition-by", "clause,outcome"], []):
        folder = tmp_path / f"out{len(keys)}"
        done = run("audit", delta, *AS_OF, "-q", "-o", f"delta:{folder}", *keys)
        assert done.returncode == 1, done.stderr
        found = pl.scan_delta(str(folder)).collect()
        assert set(found.select("record", "rule").iter_rows()) >= {
            (f["record"], f["rule"]) for f in wanted["findings"]}
        journal = folder / "_audit.jsonl"  # as after a crash in the very last step
        journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:-1]))
        again = run("audit", delta, *AS_OF, "-q", "-o", f"delta:{folder}", "--resume", *keys)
        assert (again.stdout, again.stderr) == (done.stdout, done.stderr)
        assert pl.scan_delta(str(folder)).collect().height == found.height


def test_findings_that_there_are_not_are_a_table_too(tmp_path: Path) -> None:
    write_ledger(tmp_path / "l.csv", [record(1)])
    done = run("audit", "l.csv", *AS_OF, "-q", "-o", "delta:out", "--partition-by", "clause",
               "--fail-on", "never", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "clause" in pl.scan_delta(str(tmp_path / "out")).collect_schema()


def test_a_delta_table_is_not_written_in_another_form(tmp_path: Path) -> None:
    write_ledger(tmp_path / "l.csv")
    for more in (["-f", "json"], ["--summary"], ["--backend", "spark"]):
        done = run("audit", "l.csv", *AS_OF, "-o", "delta:out", *more, cwd=tmp_path)
        assert done.returncode == 2
        assert not (tmp_path / "out").exists()


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch, delta: str) -> None:
    from zhuanjie.engine.core import extras

    monkeypatch.setattr(extras, "can_import", lambda _library: False)
    with pytest.raises(UsageError, match="zhuanjie\\[lakehouse\\]"):
        audit(delta, "fujian-2007-80", **DAY)  # type: ignore[arg-type]
