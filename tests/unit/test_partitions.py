"""Findings in a folder of Parquet: the same as in one file, also when the audit was stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.marks import few

from zhuanjie.engine.api import AuditRun, audit_to_file, audit_to_folder, load_policy, stream
from zhuanjie.engine.auditing.stages.base import StageContext
from zhuanjie.engine.auditing.stages.registry import STAGES
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.auditing.writers.partitions import JOURNAL
from zhuanjie.engine.core.errors import InputError, UsageError
from zhuanjie.engine.core.limits import Limits, using
from zhuanjie.engine.core.results import Report
from zhuanjie.synthetic.ledger import generate

KEYS = ("clause", "outcome")


@pytest.fixture(autouse=True)
def tiny_slices() -> Iterator[None]:
    with using(Limits(slice_rows=50, reported_rows=20, beat_rows=10)):
        yield


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Two hundred records, some out of place, in two files."""
    paths = []
    for part in (0, 1):
        paths.append(tmp_path / "ledger" / f"{part}.csv")
        paths[-1].parent.mkdir(exist_ok=True)
        generate(records=120, seed=part, output=paths[-1], lang="en")
        frame = pl.read_csv(paths[-1], infer_schema=False)
        spoilt = pl.int_range(pl.len()) % 40 == 7
        frame.with_columns(letter=pl.when(spoilt).then(pl.lit("2007-02-30")).otherwise(
            pl.col("letter.issued_on"))).drop("letter.issued_on").rename(
                {"letter": "letter.issued_on"}).write_csv(paths[-1])
    return paths[0].parent


def begun(ledger: Path, **more: Any) -> AuditRun:
    return stream(ledger, load_policy("fujian-2007-80"), as_of=date(2007, 12, 31), bulk=True,
                  roster=None, **more)


def written(ledger: Path, folder: Path, *, resume: bool = False, **more: Any) -> Report:
    return audit_to_folder(folder, begun(ledger, **more), KEYS, [str(ledger)], resume=resume)


def rows(folder: Path) -> list[tuple[Any, ...]]:
    """All findings of a folder, by file, row and rule."""
    frame = pl.scan_parquet(folder / "**" / "*.parquet", hive_partitioning=True).collect()
    names = sorted(frame.columns)
    return sorted(frame.select(names).rows(), key=repr)


def test_the_parts_are_the_whole(ledger: Path, tmp_path: Path) -> None:
    report = written(ledger, tmp_path / "out")
    whole = tmp_path / "whole.parquet"
    same = audit_to_file(whole, begun(ledger))
    frame = pl.read_parquet(whole)
    assert len(frame) > 50
    assert rows(tmp_path / "out") == sorted(
        frame.select(sorted(frame.columns)).rows(), key=repr)
    assert (report.ledger, report.summary, report.input) == (
        same.ledger, same.summary, same.input)
    assert report.ledger.records == 240
    parts = {p.stem for p in (tmp_path / "out").rglob("part-*.parquet")}
    assert parts == {f"part-000{t}-0000{s}" for t in (0, 1) for s in (0, 1, 2)}


@pytest.mark.parametrize("finished", few(range(7), 3))
def test_an_audit_that_was_stopped_goes_on(ledger: Path, tmp_path: Path, finished: int) -> None:
    """Stopped when the slice after so many begins; the last of these is not known to be whole."""
    expected = written(ledger, tmp_path / "whole")
    seen = list[Any]()

    def stopping(batches: Iterator[VerdictBatch], _: StageContext) -> Iterator[VerdictBatch]:
        for batch in batches:
            if batch.slice is not None and batch.slice not in seen:
                seen.append(batch.slice)
            if len(seen) > finished:
                raise KeyboardInterrupt
            yield batch
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written(ledger, tmp_path / "out", stages=(*STAGES, stopping))
    journal = tmp_path / "out" / JOURNAL
    noted = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    assert len([line for line in noted if "slice" in line]) == max(finished - 1, 0)
    with journal.open("a", encoding="utf-8") as file:
        file.write('{"slice": [9')  # cut off while it was written
    report = written(ledger, tmp_path / "out", resume=True)
    assert rows(tmp_path / "out") == rows(tmp_path / "whole")
    assert (report.ledger, report.summary, report.input) == (
        expected.ledger, expected.summary, expected.input)


def test_a_file_that_cannot_be_written_is_an_error_of_the_place(
        ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: pl.DataFrame, path: Path) -> None:
        path.write_bytes(b"half")
        raise pl.exceptions.ComputeError("No space left on device (os error 28)")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(OSError, match="os error 28"):
        written(ledger, tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").rglob("*") if p.is_file()] == [JOURNAL]


def test_only_the_same_audit_goes_on(ledger: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(UsageError, match="holds no audit"):
        written(ledger, out, resume=True)
    written(ledger, out)
    with pytest.raises(UsageError, match="is in use"):
        written(ledger, out)
    with pytest.raises(UsageError, match="is finished"):
        written(ledger, out, resume=True)
    with (ledger / "1.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(UsageError, match="another audit"):
        written(ledger, out, resume=True)


@pytest.mark.parametrize("held", few(["my notes", "{", '{"ledger": "mine"}'], "{"))
def test_a_journal_that_is_none_of_an_audit_is_left_as_it_is(
        ledger: Path, tmp_path: Path, held: str) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / JOURNAL).write_text(held)
    if held == "{":  # as a crash in the first line leaves it
        written(ledger, folder, resume=True)
        assert rows(folder)
        return
    with pytest.raises(InputError):
        written(ledger, folder, resume=True)
    assert (folder / JOURNAL).read_text() == held


def test_what_holds_cells_is_its_owners_alone(ledger: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    written(ledger, folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 2
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
