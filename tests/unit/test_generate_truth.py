"""What the generator says it planted is what the reading by hand and every engine find."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.marks import few, slow
from support.oracle import absent_from, judge_ledger
from support.party_transfer import fields

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.synthetic import generate, ledger, plantable

FINDINGS = ("violation", "undetermined", "pending")
DAYS = (date(2007, 12, 31), date(2008, 8, 1), date(2008, 7, 31), date(2008, 2, 29),
        date(2026, 10, 9))
SHARES: Mapping[str, dict[str, Any]] = {
    "usual": {}, "clean": {"clean": True},
    "dense": {"rates": dict.fromkeys(plantable(), 0.03)},
    "crowded": {"rates": dict.fromkeys(plantable(), 0.5)},
}

Triple = tuple[str, str, str]


def made(folder: Path, as_of: date, records: int, **options: Any) -> set[Triple]:
    """Make a ledger and a roster in `folder`; what is planted in them."""
    truth = folder / "planted.csv"
    generate(records=records, output=folder / "ledger.jsonl", as_of=as_of, planted=truth,
             roster=folder / "roster.csv", **options)
    with truth.open(encoding="utf-8", newline="") as file:
        planted = [(r["record"], r["clause"], r["outcome"]) for r in csv.DictReader(file)]
    assert len(planted) == len(set(planted))
    return set(planted)


def typed(line: str) -> dict[str, Any]:
    dated = {f.name for f in fields() if f.type == "date"}
    return {n: date.fromisoformat(v) if n in dated else v for n, v in json.loads(line).items()}


@pytest.mark.parametrize("shares", SHARES)
@pytest.mark.parametrize("as_of", few(DAYS, DAYS[0]), ids=str)
def test_planted_is_what_the_reading_by_hand_finds(as_of: date, shares: str,
                                                   tmp_path: Path) -> None:
    planted = made(tmp_path, as_of, 1000, seed=DAYS.index(as_of), **SHARES[shares])
    records = [typed(line) for line in (tmp_path / "ledger.jsonl").open(encoding="utf-8")]
    found = {
        (record["member.id"], judged.clause, judged.outcome)
        for record, rules in zip(records, judge_ledger(records, as_of), strict=True)
        for judged in rules.values() if judged.outcome in FINDINGS
    }
    with (tmp_path / "roster.csv").open(encoding="utf-8", newline="") as file:
        roster = [row["学号"] for row in csv.DictReader(file)]
    found |= {(i, "1.5a", "violation") for i in absent_from(records, roster)}
    assert planted == found


@pytest.mark.parametrize("backend", ["polars", "reference"])
@pytest.mark.parametrize("as_of", few(DAYS[:2], DAYS[0]), ids=str)
def test_planted_is_what_an_audit_finds(as_of: date, backend: str, tmp_path: Path) -> None:
    planted = made(tmp_path, as_of, 1000, seed=9, **SHARES["dense"])
    report = audit(tmp_path / "ledger.jsonl", load_policy("fujian-2007-80"), as_of=as_of,
                   backend=backend, roster=tmp_path / "roster.csv")
    assert not report.input
    assert {(f.record, f.clause, f.outcome.value) for f in report.findings} == planted


@pytest.mark.parametrize(("seed", "records", "options"), [
    (21, 1, SHARES["crowded"]), (22, 2, SHARES["crowded"]), slow(23, 30_000, {}),
    slow(24, 20_000, SHARES["dense"]), slow(25, 5_000, SHARES["crowded"]),
    (26, 5_000, {"rates": {"1.3e": 1.0, "1.6b": 0.3}}), (27, 3_000, {"rates": {"1.5b": 1.0}}),
])
def test_planted_is_what_an_audit_finds_at_any_size(
    seed: int, records: int, options: dict[str, Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledger, "CHUNK", 1009)
    as_of = DAYS[seed % len(DAYS)]
    truth, table = tmp_path / "planted.parquet", tmp_path / "ledger.parquet"
    generate(records=records, output=table, as_of=as_of, planted=truth, seed=seed,
             roster=tmp_path / "roster.csv", **options)
    report = audit(table, load_policy("fujian-2007-80"), as_of=as_of,
                   roster=tmp_path / "roster.csv")
    found = {(f.record, f.clause, f.outcome.value) for f in report.findings}
    planted = pl.read_parquet(truth).rows()
    assert len(planted) == len(set(planted))
    assert set(planted) == found


ANY = [date(2007, 12, 31 - n) for n in range(0, 31, 5)] + [date(2008, m, 28) for m in range(1, 13)]


@pytest.mark.parametrize("day", few(ANY, *ANY[::5]), ids=str)
def test_planted_holds_on_any_day(day: date, tmp_path: Path) -> None:
    planted = made(tmp_path, day, 400, seed=3, **SHARES["crowded"])
    records = [typed(line) for line in (tmp_path / "ledger.jsonl").open(encoding="utf-8")]
    found = {
        (record["member.id"], judged.clause, judged.outcome)
        for record, rules in zip(records, judge_ledger(records, day), strict=True)
        for judged in rules.values() if judged.outcome in FINDINGS
    }
    assert {p for p in planted if p[1] != "1.5a"} == found
