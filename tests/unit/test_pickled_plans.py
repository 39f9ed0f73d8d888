"""A plan goes to the processes of other machines, whether its policy was checked here or kept."""

from __future__ import annotations

import pickle
from datetime import date

import pytest

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.api.policies import plan_for
from zhuanjie.engine.backends.registry import record_backend_of
from zhuanjie.engine.policy import kept


@pytest.mark.parametrize("pack", ["fujian-2007-80", None])
def test_a_plan_judges_the_same_there(pack: str | None) -> None:
    day = date(2007, 12, 31)
    for _ in range(2):  # what was checked is kept, and read back the second time
        plan = plan_for(load_policy(pack) if pack else None, day)
        again = pickle.loads(pickle.dumps(plan))
        record = {"member.id": "1", "member.left_on": date(2007, 6, 1)}
        here, there = (record_backend_of("python").judge_record(p, record) for p in (plan, again))
        assert [(v.rule, v.outcome, v.due) for v in here] == [
            (v.rule, v.outcome, v.due) for v in there]
        assert here


def test_the_classes_of_kept_models_are_found_by_name() -> None:
    for name in ("Rule", "Text", "Manifest"):
        found = getattr(kept, name)
        assert pickle.loads(pickle.dumps(found)) is found
    with pytest.raises(AttributeError):
        getattr(kept, "Nobody")  # noqa: B009  # as pickle asks
