"""Rules on the whole ledger where it lies: a server's table, in place and fetched, and Spark."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from support import engines
from support.tables import load
from support.values import replace
from support.verify_pack import policy, rule

from zhuanjie.engine.api import audit, audit_on_spark
from zhuanjie.engine.core.results import Finding, Report
from zhuanjie.engine.policy.policy import Policy

DAY = date(2007, 12, 31)
WHEN = "letter.issued_on <= as_of"
ASK = "receipt.returned_on <= letter.issued_on + days(30)"
GROUPS = (None, "member.school_branch", "letter.issuer", "arrival.attends", "arrival.accepted_on",
          "letter.valid_days", "member.category")


def pack(folder: Path, scope: str | None = "member.cohort == 2007") -> Policy:
    """A share of every kind of group, and two rules that count keys."""
    shares = [rule(f"share-{n}", {"share": {"ask": ASK, "at_least": at_least, **(
        {"by": by} if by else {})}}, when)
        for n, (by, at_least, when) in enumerate(
            (by, n, when) for by, n in zip(GROUPS, (40, 30, 60, 50, 100, 1, 80), strict=True)
            for when in (WHEN, None))]
    return policy(folder, [
        *shares,
        rule("few", {"at_most": {"field": "receipt.tracker", "count": 3}}, WHEN),
        rule("few-within", {"at_most": {"field": "receipt.tracker", "count": 2,
                                        "within": "letter.issuer"}}, WHEN)], scope=scope)


def ledger(seed: int, size: int) -> pl.DataFrame:
    random = Random(seed)

    def some(*cells: Any) -> list[Any]:
        return random.choices(cells, k=size)

    return pl.DataFrame({
        "member.id": [f"{n:04}" for n in range(size)],
        "member.cohort": some(2006, 2007, 2007, None),
        "member.school_branch": some("数学系", "中文系", "外语系", "", None, 'a"b\'c\\'),
        "letter.issuer": some("某校", "某 校", "别校", None),
        "arrival.attends": some(True, False, None),
        "arrival.accepted_on": some(date(2007, 11, 1), date(2007, 11, 2), None),
        "letter.valid_days": some(30, 60, None),
        "member.category": some("full", "probationary", None),
        "receipt.tracker": [random.choice((f"甲{random.randrange(size // 4)}", None))
                            for _ in range(size)],
        "letter.issued_on": some(date(2007, 11, 1), date(2007, 10, 1), date(2008, 1, 5), None),
        "receipt.returned_on": some(date(2007, 11, 10), date(2007, 12, 20), None),
    }, schema_overrides={"member.cohort": pl.Int64})


def placeless(report: Report) -> list[Finding]:
    return [replace(f, location=replace(f.location, file=None)) for f in report.findings]


@pytest.mark.engine("postgresql")
@pytest.mark.parametrize("gone", [(), ("receipt.returned_on",), ("member.school_branch", "letter.issuer")],
                         ids=str)
def test_a_server_counts_as_it_is_counted_here(gone: tuple[str, ...], tmp_path: Path) -> None:
    server = engines.server()
    given, frame = pack(tmp_path / "pack"), ledger(1, 300).drop(gone)
    load("whole", frame.with_columns(pl.int_range(pl.len()).alias("at")))
    for every in (False, True):
        here = audit(frame, given, as_of=DAY, backend="reference", all_outcomes=every)
        assert len(here.findings) > 10
        for backend in ("postgresql", None):
            there = audit(server.url("whole", "&order=at"), given, as_of=DAY, backend=backend,
                          all_outcomes=every)
            assert placeless(there) == placeless(here)
            assert there.summary == here.summary


@pytest.mark.engine("spark")
def test_spark_adds_up_what_its_workers_count(tmp_path: Path) -> None:
    given, frame = pack(tmp_path / "pack"), ledger(2, 500)
    path, out = tmp_path / "ledger.parquet", tmp_path / "findings.parquet"
    frame.write_parquet(path, row_group_size=90)
    done = audit_on_spark([str(path)], given, out, "parquet", as_of=DAY)
    here = audit(path, given, as_of=DAY, backend="reference")
    found = pl.concat([pl.read_parquet(p) for p in sorted(out.glob("part-*.parquet"))])

    def told(f: Finding) -> tuple[Any, ...]:
        figures = f.share
        return (f.record, f.rule, str(f.outcome), f.group, *(
            (figures.asked, figures.met, figures.unknown, f"{figures.lowest:.1f}",
             f"{figures.highest:.1f}") if figures else [None] * 5))

    columns = ["record", "rule", "outcome", "group", "share_asked", "share_met", "share_unknown",
               "share_lowest", "share_highest"]
    assert sorted(found.select(columns).rows(), key=str) == sorted(map(told, here.findings), key=str)
    assert done.report.summary == here.summary
