"""`policy diff` on two versions of small packs kept as data: the verdict, the witness, the text."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.verify_pack import from_short

from zhuanjie.engine.api import check
from zhuanjie.engine.authoring.diff.diff import diff
from zhuanjie.engine.authoring.diff.meaning import Meaning
from zhuanjie.engine.policy.policy import Policy

PAIRS = Path(__file__).parents[2] / "fixtures" / "diff" / "pairs.yaml"
WORST = ("violation", "undetermined", "pending", "satisfied", "not_applicable")


def _pairs() -> list[Any]:
    return [pytest.param(e, id=e["name"])
            for e in yaml.safe_load(PAIRS.read_text(encoding="utf-8"))]


def _outcome(policy: Policy, clause: str, found: Meaning) -> str:
    """The worst outcome of a clause's rules for the witness, as `check` has it."""
    assert found.witness is not None and found.as_of is not None
    rules = {r.id for r in policy.rules if clause in r.clauses}
    came = [f.outcome.value for f in check(
        dict(found.witness), policy, as_of=found.as_of, all_outcomes=True) if f.rule in rules]
    return min(came, key=WORST.index, default="not_applicable")


@pytest.mark.parametrize("entry", _pairs())
def test_two_versions_compare_as_said(tmp_path: Path, entry: dict[str, Any]) -> None:
    shared = entry.get("parameters", {})
    old = from_short(tmp_path / "was", {"rules": entry["was"], "parameters": shared})
    new = from_short(tmp_path / "now", {
        "rules": entry["now"], "parameters": entry.get("now-parameters", shared)})
    found = diff(old, new)
    assert {c: m.verdict for c, m in found.meaning.items()} == entry["expect"]
    if "text" in entry:
        told = [[e.kind, e.name, e.change, e.key] for e in found.text]
        assert sorted(told) == sorted(entry["text"])
    for clause, here in found.meaning.items():
        if here.verdict == "equal":
            continue
        assert here.witness is not None and here.as_of is not None
        if here.others or all(clause != r.clause for r in (*old.rules, *new.rules)):
            continue  # a row alone is no rule that could be asked
        if "cells" in entry:
            assert len(here.witness) == entry["cells"]
        was, now = _outcome(old, clause, here), _outcome(new, clause, here)
        assert (was, now) == (here.was, here.now) and was != now
        assert here.as_of >= date(2007, 11, 1)
        if here.verdict == "stricter":
            assert now == "violation"
        if here.verdict == "laxer":
            assert was == "violation"
