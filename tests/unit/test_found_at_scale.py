"""Faults that random ledgers and rules showed, each by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
import yaml
from support.author_packs import write

from zhuanjie.engine import PolicyError, audit, load_policy

DAY = date(2024, 6, 30)
PERMITS = Path(__file__).parents[2] / "fixtures" / "permits" / "harbour-2024-6"


@pytest.mark.parametrize("bulk", [False, True])
def test_a_waiver_whose_condition_reads_no_column_that_is_here(bulk: bool, tmp_path: Path) -> None:
    """What is absent is not known: it covers nothing, and says so instead of failing."""
    ledger = pl.DataFrame({"permit.number": ["1", "2", "3"], "permit.kind": ["stall"] * 3,
                           "permit.issued_on": ["2024-05-02"] * 3, "permit.serial": ["7", "7", "8"]})
    plain = audit(ledger, PERMITS, as_of=DAY, bulk=bulk)
    about = next(f for f in plain.findings if f.outcome == "violation")
    path = tmp_path / "waivers.yaml"
    path.write_text(yaml.safe_dump({"waivers": [
        {"id": f"W-{n}", "rule": about.rule, "where": where, "at_most": 2, "reason": "-",
         "requested_by": "a", "approved_by": "b", "granted_on": DAY, "expires": DAY}
        for n, where in enumerate(("has(fee.paid_on)", "permit.posted", "fee.amount == 3"))]}),
        encoding="utf-8")
    report = audit(ledger, PERMITS, as_of=DAY, waivers=[path], bulk=bulk)
    assert [f.id for f in report.findings] == [f.id for f in plain.findings]
    assert not [f for f in report.findings if f.outcome == "waived"]
    assert [use.findings for use in report.waivers] == [0, 0, 0]


def test_duckdb_draws_no_bar_into_a_report() -> None:
    """What takes seconds would else be drawn on stdout."""
    pytest.importorskip("duckdb")
    from zhuanjie.engine.backends.sql.duckdb import ENGINE

    with ENGINE._connection() as connection:
        assert connection.execute(
            "SELECT current_setting('enable_progress_bar')").fetchall() == [(False,)]


def test_a_duty_that_could_leave_the_calendar_is_refused(tmp_path: Path) -> None:
    """Its next day is proved to be one, as every sum of days is."""
    rule = """topic: {zh: a, en: a}
rules:
  - id: again
    clause: "1"
    title: {zh: a, en: a}
    recurring: {start: letter.issued_on, last: member.left_on, every: %s}
    message: {zh: a, en: a}
    remedy: {zh: a, en: a}
"""
    assert load_policy(write(tmp_path / "near", rule % "member.cohort * 100", cases=None))
    with pytest.raises(PolicyError) as caught:
        load_policy(write(tmp_path / "far", rule % "member.cohort * 10000", cases=None))
    (said,) = caught.value.diagnostics
    assert said.place.path == "rules[0].recurring.every"
