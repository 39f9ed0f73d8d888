"""Small ledgers are judged record by record where no engine is asked for, with the same outcome."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from support.party_transfer import open_ledger
from support.values import replace

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.engine.auditing.run import begin
from zhuanjie.engine.core.limits import DEFAULT, using
from zhuanjie.engine.lowering.plan import make_plan

LEDGER = Path(__file__).parents[2] / "fixtures" / "ledgers" / "school-b.csv"
DAY = date(2007, 12, 31)


@pytest.mark.parametrize("all_outcomes", [False, True])
def test_an_engine_suits_a_ledger_by_its_size(all_outcomes: bool) -> None:
    policy = load_policy("fujian-2007-80")
    told, engines = [], []
    for most in (10_000, 1):
        with using(replace(DEFAULT, judged_singly_to=most)):
            run = begin(open_ledger(LEDGER), make_plan(policy, DAY), lang="en")
            engines.append(run.backend.name)
            run.close()
            told.append(audit(LEDGER, policy, as_of=DAY, all_outcomes=all_outcomes))
    assert engines == ["python", "polars"]
    assert told[0].findings and told[0] == told[1]
