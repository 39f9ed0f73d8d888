"""The engines against the reading by hand, on records that sit on every edge."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from random import Random

import pytest
from support.amounts import amount
from support.edge_records import PACK, chinese, record
from support.marks import few
from support.oracle import Judged, judge_ledger
from support.party_transfer import fields

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.engine.backends.registry import NAMES
from zhuanjie.engine.core.results import Finding

RECORDS = amount(700)
SHARE = {"durable": 7}
"""Of how many records an engine takes one: matching single records is slow."""
DAYS = (date(2007, 12, 31), date(2008, 2, 29), date(2007, 8, 31))
WRITTEN = tuple(zip(DAYS, ("own", "Chinese", "own"), strict=True))
TIGHT = {"receipt_return_days": 10, "letter_validity_days": 0, "probation_months": 6,
         "extension_min_months": 1, "extension_max_months": 1, "contact_interval_days": 1}


def outcomes(found: Iterable[Finding], rules: Mapping[str, str]) -> dict[str, dict[str, Judged]]:
    """Findings as the reading by hand puts them, by record and rule."""
    out: dict[str, dict[str, Judged]] = {}
    for f in found:
        out.setdefault(f.record or "", {})[rules[f.rule]] = Judged(
            f.outcome.value, f.due, f.days_late, frozenset(f.missing), f.clause)
    return out


# Spark's own way through a ledger is tried in tests/e2e/test_spark.py.
@pytest.mark.parametrize("backend", [n for n in NAMES if n != "spark"])
@pytest.mark.parametrize("params", few([{}, TIGHT], {}), ids=["default", "tight"])
@pytest.mark.parametrize(("as_of", "headings"), few(WRITTEN, WRITTEN[1]), ids=str)
def test_engines_read_the_notice_as_we_do(backend: str, params: dict[str, int], as_of: date,
                                          headings: str) -> None:
    first = DAYS.index(as_of) * RECORDS
    records = [record(first + i, as_of) for i in range(0, RECORDS, SHARE.get(backend, 1))]
    policy = load_policy(PACK, params=params)
    rules = {r.id: r.clause for r in policy.rules}
    given = records if headings == "own" else [chinese(r) for r in records]
    report = audit(given, policy, as_of=as_of, backend=backend, all_outcomes=True)
    assert not report.input
    said = outcomes(report.findings, rules)
    for mine, expected in zip(records, judge_ledger(records, as_of, params), strict=True):
        assert said[mine["member.id"]] == expected, mine


def test_a_file_reads_like_records(tmp_path: Path) -> None:
    as_of = DAYS[0]
    records = [record(i, as_of) for i in range(300)]
    file = tmp_path / "ledger.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, [f.heading for f in fields()])
        writer.writeheader()
        writer.writerows(chinese(r) for r in records)
    policy = load_policy(PACK)
    report = audit(file, policy, as_of=as_of, all_outcomes=True)
    said = outcomes(report.findings, {r.id: r.clause for r in policy.rules})
    assert list(said.values()) == judge_ledger(records, as_of)


@pytest.mark.parametrize("backend", [n for n in NAMES if n not in ("spark", "postgresql")])
@pytest.mark.parametrize("seed", few(range(4), 0))
@pytest.mark.parametrize("count", few((1, 2, 5, 12, 30), 12))
def test_ledgers_that_lack_columns(backend: str, seed: int, count: int, tmp_path: Path) -> None:
    """Of what a table does not keep nothing is known; `--absent blank` takes it for blank."""
    rng, as_of = Random(f"{seed} {count}"), DAYS[seed % len(DAYS)]
    read = [n for n in sorted(load_policy(PACK).fields) if n != "member.id"]
    policy = load_policy(PACK)
    rules = {r.id: r.clause for r in policy.rules}
    size = RECORDS // (20 if backend == "durable" else 4)
    absent = frozenset(rng.sample(read, count))
    records = [{n: v for n, v in record(rng.randrange(10_000), as_of).items()
                if n not in absent} | {"member.id": f"{i:06}"} for i in range(size)]
    file = tmp_path / f"{count}.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        kept = [f.heading for f in fields()
                if f.name in {"member.id", *read} and f.name not in absent]
        writer = csv.DictWriter(out, kept, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(chinese(r) for r in records)
    for way, gone in (("unknown", absent), ("blank", frozenset[str]())):
        report = audit(file, policy, as_of=as_of, backend=backend, all_outcomes=True,
                       absent=way)
        assert not report.input
        said = outcomes(report.findings, rules)
        expected = judge_ledger(records, as_of, absent=gone)
        for mine, wanted in zip(records, expected, strict=True):
            assert said[mine["member.id"]] == wanted, (way, sorted(absent), mine)
        dark = Counter(clause for found in expected for clause, judged in found.items()
                       if judged.missing and judged.missing <= gone)
        told: Counter[str] = Counter()
        for clause, times in report.summary.not_judged.items():
            told["1.2" if clause in ("1.2a", "1.2b", "1.2c") else clause] += times
        assert told == dark
    if backend == "polars":
        whole = audit(file, policy, as_of=as_of)
        parts = audit(file, policy, as_of=as_of, bulk=True)
        assert parts.findings == whole.findings
        assert parts.summary == whole.summary


@pytest.mark.slow
def test_records_reach_every_outcome() -> None:
    """Every clause comes out every way it can, or the comparison above would prove little."""
    reached: dict[str, set[str]] = {}
    for as_of in DAYS:
        for found in judge_ledger([record(i, as_of) for i in range(3 * RECORDS)], as_of):
            for clause, judged in found.items():
                reached.setdefault(clause, set()).add(judged.outcome)
    always = {"1.1a", "1.1b", "1.3b", "1.3c", "1.3d", "1.3e", "1.5b", "1.6a", "1.6b", "1.6c",
              "1.6d", "2.1a", "2.1b", "2.1c", "2.2a", "2.3a", "2.3b", "2.5d"}
    deadlines = {"1.1a", "1.1b", "1.4a", "1.4b", "1.6b", "1.6c", "2.1b", "2.1c", "2.2a", "2.3a",
                 "2.3b", "2.4a", "2.5b"}
    for clause, outcome in reached.items():
        wanted = {"not_applicable", "satisfied", "violation"}
        wanted |= {"pending"} if clause in deadlines else set()
        wanted |= set() if clause in always else {"undetermined"}
        assert outcome == wanted, clause
