"""`policy mutate` on small packs kept as data: what it shows of a survivor kills it.

A pack starts with one case that says next to nothing, so that nearly every fault survives. With the
cases that are shown pasted in, none may: each was really told apart, and what was counted as without
effect stays so.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.verify_pack import from_short

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.authoring.mutation.mutate import mutate
from zhuanjie.engine.authoring.testing.prepared_cases import EvaluationContext, came
from zhuanjie.engine.authoring.testing.report import run_tests
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.policy.policy import Policy

PACKS = Path(__file__).parents[2] / "fixtures" / "verify"
DAY = date(2008, 3, 1)


def _packs() -> list[Any]:
    return [
        pytest.param(entry, id=f"{name}: {entry['name']}",
                     marks=pytest.mark.slow if name != "dead" else ())
        for name in ("sound", "violated", "dead")
        for entry in yaml.safe_load((PACKS / f"{name}.yaml").read_text(encoding="utf-8"))
        if not entry["expect"]
    ]


def _blank(policy: Policy) -> str:
    """A file of cases whose only record is blank."""
    setting = EvaluationContext(policy.vocabulary, ({"member.id": "s1"},), to_day(DAY), policy.values(DAY))
    expect = {r.id: str(came(r, setting, policy.scope).outcome) for r in policy.rules}
    return (f"as_of: {DAY}\nrecord: {{member.id: s1}}\nunnamed: any\ncases:\n"
            f"- name: nothing is known\n  expect: {json.dumps(expect)}\n")


@pytest.mark.parametrize("entry", _packs())
def test_pasted_cases_leave_no_survivor(tmp_path: Path, entry: dict[str, Any]) -> None:
    folder = tmp_path / "pack"
    text = _blank(from_short(folder, entry))
    (folder / "cases").mkdir()
    cases = folder / "cases" / "all.yaml"
    cases.write_text(text, encoding="utf-8")
    before = mutate(load_policy(folder))
    assert before.survivors
    shown = [s.witness for s in before.survivors]
    assert all(w is not None for w in shown)
    cases.write_text(text + "".join(w.case for w in shown if w), encoding="utf-8")
    policy = load_policy(folder)
    assert not run_tests(policy, ["reference", "polars"]).failed
    after = mutate(policy)
    assert not [(s.mutant.rule, s.mutant.fault, s.mutant.now) for s in after.survivors]
    assert (after.mutants, after.equivalent) == (before.mutants, before.equivalent)
