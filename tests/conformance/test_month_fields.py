"""The cases of a notice whose rules count by months, on every engine."""

from __future__ import annotations

from collections import Counter

import pytest
from support.marks import few
from support.month_ledgers import PACK

from zhuanjie.engine import load_policy
from zhuanjie.engine.authoring.testing.case_runner import CaseRunner, case_instances
from zhuanjie.engine.backends.registry import NAMES, backend
from zhuanjie.engine.policy.pack_files import load_cases


@pytest.mark.parametrize("engine", few(NAMES, "reference", "polars", "python", "durable"))
def test_cases_come_out_as_written(engine: str) -> None:
    policy = load_policy(PACK)
    chosen = case_instances(load_cases(PACK), policy.vocabulary.key)
    if engine == "spark":  # a second or two for each day: the most usual ones do
        days = Counter(t.day for t in chosen).most_common(3)
        usual = {day for day, _ in days}
        chosen = [t for t in chosen if t.day in usual and not t.case.others]
    results = CaseRunner(policy, backend(engine)).run_tasks(chosen)
    assert len(results) >= 25
    wrong = [f"{r.file}:{r.line} {r.name}: {m.rule} {m.aspect} is {m.actual}, not {m.expected}"
             for r in results for m in r.mismatches]
    assert not wrong, "\n".join(wrong)
