"""The engines against the reading by hand of the later documents, on records of every time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from support.marks import few
from support.oracle import Judged
from support.oracle_later import judge_2015, judge_2019
from support.records_over_time import RECORDS, record

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.engine.backends.registry import NAMES

Reading = Callable[..., dict[str, Judged]]
READINGS: dict[str, Reading] = {
    "central-2015-33": judge_2015, "central-2019-regulations": judge_2019}
DAYS = (date(2016, 2, 29), date(2019, 5, 6), date(2020, 8, 31))
TIGHT = {"reissue_months": 1, "filing_days": 1, "branch_assign_days": 400,
         "contact_interval_days": 500, "letter_validity_days": 400}
SHARE = {"durable": 8, "reference": 2}


@pytest.mark.parametrize("backend", NAMES)
@pytest.mark.parametrize("params", few([{}, TIGHT], {}), ids=["default", "tight"])
@pytest.mark.parametrize("as_of", few(DAYS, DAYS[-1]), ids=str)
@pytest.mark.parametrize("pack", READINGS)
def test_engines_read_the_documents_as_we_do(pack: str, as_of: date, params: dict[str, int],
                                             backend: str) -> None:
    records = [record(s) for s in range(0, RECORDS, SHARE.get(backend, 1))]
    policy = load_policy(pack, params=params)
    clauses = {r.id: r.clause for r in policy.rules}
    said: dict[str, dict[str, Judged]] = {}
    for f in audit(records, policy, as_of=as_of, backend=backend, all_outcomes=True).findings:
        if clauses[f.rule] != "1.3e":  # which looks at more than one record
            said.setdefault(f.record or "", {})[clauses[f.rule]] = Judged(
                f.outcome.value, f.due, f.days_late, frozenset(f.missing), f.clause)
    for one in records:
        assert said[one["member.id"]] == READINGS[pack](one, as_of, params), one


@pytest.mark.slow
def test_records_reach_every_outcome_of_what_is_new() -> None:
    reached: dict[str, set[str]] = {}
    for as_of in DAYS:
        for seed in range(8 * RECORDS):
            found: dict[str, Any] = judge_2019(record(seed), as_of)
            for clause, judged in found.items():
                reached.setdefault(clause, set()).add(judged.outcome)
    usual = {"not_applicable", "satisfied", "violation", "undetermined"}
    for clause in ("33", "33.1c", "33.2c", "33.2d", "33.3b", "33.3c", "33.3e", "A25", "A34b"):
        assert reached[clause] == usual, clause
    for clause in ("33.2b", "33.3d", "A34a"):
        assert reached[clause] == usual | {"pending"}, clause
