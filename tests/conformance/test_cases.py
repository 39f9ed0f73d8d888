"""Every pack's cases on every engine, and no rule or clause without any."""

from __future__ import annotations

from collections import Counter

import pytest
from support.marks import few

from zhuanjie.engine import load_policy
from zhuanjie.engine.authoring.testing.case_runner import CaseRunner, case_instances
from zhuanjie.engine.backends.registry import NAMES, backend
from zhuanjie.engine.policy.found import pack_folders
from zhuanjie.engine.policy.pack_files import load_cases

PACKS = tuple(pack_folders())
QUICK = "quanzhou-normal-2007-23"
"""The pack whose cases are tried on every engine in no time; the reference tries all packs'."""
PAIRS = [(pack, engine) for pack in PACKS for engine in NAMES]


@pytest.mark.parametrize(("pack", "engine"), few(
    PAIRS, *(pair for pair in PAIRS if pair[0] == QUICK or pair[1] == "reference")))
def test_cases_come_out_as_written(pack: str, engine: str) -> None:
    policy = load_policy(pack)
    chosen = case_instances(load_cases(policy.chain[-1].folder), policy.vocabulary.key)
    if engine == "spark":  # a job for each day and set of parameters: the most usual one does
        days = Counter((t.day, tuple(t.case.params.items())) for t in chosen).most_common(1)
        usual = {day for day, _ in days}
        chosen = [t for t in chosen if (t.day, tuple(t.case.params.items())) in usual
                  and not t.case.others and t.case.roster is None]
    results = CaseRunner(policy, backend(engine)).run_tasks(chosen)
    assert results
    wrong = [f"{r.file}:{r.line} {r.name}: {m.rule} {m.aspect} is {m.actual}, not {m.expected}"
             for r in results for m in r.mismatches]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("pack", PACKS)
def test_every_rule_has_cases_of_every_outcome_it_can_have(pack: str) -> None:
    policy = load_policy(pack)
    tried: dict[str, set[str]] = {r.id: set() for r in policy.rules}
    order = [loaded.manifest.id for loaded in policy.chain]
    writer = {r.id: order.index(r.pack) for r in policy.rules}
    for at, loaded in enumerate(policy.chain):
        for file in load_cases(loaded.folder):
            for case in (c for written in file.cases.cases for c in written.unfold()):
                for rule, expected in case.expect.items():
                    outcome = expected if isinstance(expected, str) else expected.outcome
                    # What a base tried of a rule that was replaced or withdrawn counts no more.
                    if at >= writer.get(rule, len(order)):
                        tried[rule].add(outcome)
    lacking = {rule.id: need - tried[rule.id] for rule in policy.rules
               if (need := _needed(rule)) - tried[rule.id]}
    assert not lacking


def _needed(rule) -> set[str]:
    need = {"satisfied", "violation"}
    if rule.when is not None:
        need.add("not_applicable")
    if rule.shape == "deadline":
        need.add("pending")
    return need


@pytest.mark.parametrize("pack", PACKS)
def test_every_clause_has_a_rule(pack: str) -> None:
    policy = load_policy(pack)
    ruled = {c for r in policy.rules for c in r.clauses}
    assert set(policy.clauses) == ruled
