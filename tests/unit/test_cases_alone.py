"""Cases judged by some rules at a time come out as by all rules, one record after the other."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.auditing.uniqueness import singleton_frame
from zhuanjie.engine.authoring.testing import alone
from zhuanjie.engine.authoring.testing.alone import Asked, judge_alone, names_of
from zhuanjie.engine.authoring.testing.report import own_tasks
from zhuanjie.engine.backends.base import Backend
from zhuanjie.engine.backends.registry import backend
from zhuanjie.engine.core.results import REPORTED
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.ledger import read_record
from zhuanjie.engine.lowering.plan import Plan, make_plan
from zhuanjie.engine.policy.found import pack_folders

Told = dict[tuple[int, str], Any]


def _one_by_one(plan: Plan, engine: Backend, asked: list[Asked]) -> Told:
    """What each record comes to by all rules of the plan, alone in its frame."""
    out: Told = {}
    scope = plan.policy.scope
    for row, one in enumerate(asked):
        frame = singleton_frame(plan, [{**dict.fromkeys(plan.assumed, plan.as_of), **one.record}])
        if scope is not None and engine.truth(plan, scope, frame)[0] is False:
            continue
        for v in engine.judge(plan, frame, all_outcomes=True):
            rule = plan.rules[v.rule]
            named = not names_of(rule).isdisjoint(one.rules)
            if named or (not one.open and v.outcome in REPORTED):
                out[row, rule.id] = (v.outcome, v.clause, v.due, v.late, v.missing)
    return out


@pytest.mark.parametrize("engine", ["reference", "polars", "python"])
@pytest.mark.parametrize("pack", list(pack_folders()))
def test_the_same_as_by_all_rules(pack: str, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    policy, random, judges = load_policy(pack), Random(7), backend(engine)
    mapping = HeadingMap(policy.vocabulary)
    ids = [r.id for r in policy.rules]
    tasks = random.sample(own := own_tasks(policy), min(60, len(own)))
    asked = [Asked(read_record(t.record, mapping)[0], frozenset(
        {*t.expect, *random.sample(ids, min(2, len(ids)))}), random.random() < 0.5) for t in tasks]
    day = Counter(t.day for t in tasks).most_common(1)[0][0]
    for before in (None, *list(policy.moments)[:1]):
        plan = make_plan(policy, day, before)
        wanted = _one_by_one(plan, judges, asked)
        for most in (0, 40, 10 ** 9):
            monkeypatch.setattr(alone, "TOGETHER", most)
            found = {(row, plan.rules[n].id): (v.outcome, v.clause, v.due, v.late, v.missing)
                     for row, n, v in judge_alone(plan, judges, asked)}
            assert found == wanted
        assert before or {key[1] for key in wanted} & set(ids)


def test_rules_and_cases_are_not_multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = load_policy("fujian-2007-80")
    plan, judges, sizes = make_plan(policy, policy.start), backend("reference"), []
    judge = judges.judge

    def counted(plan: Plan, frame: Any, all_outcomes: bool = False) -> Any:
        sizes.append(len(plan.rules) * len(frame))
        return judge(plan, frame, all_outcomes)

    monkeypatch.setattr(judges, "judge", counted)
    monkeypatch.setattr(alone, "TOGETHER", 0)
    record = read_record({"letter.phone": "12345678901"}, HeadingMap(policy.vocabulary))[0]
    ids = [r.id for r in plan.rules]
    asked = [Asked(record, frozenset({rule}), True) for rule in ids] * 3
    assert len({(row, n) for row, n, _ in judge_alone(plan, judges, asked)}) == len(asked)
    # Records that are the same to a rule are judged once by it, and by no rule that is not named.
    assert sum(sizes) == len(ids)
