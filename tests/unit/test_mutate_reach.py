"""Mutants are put to what they touch alone, and it comes out as if to everything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.author_packs import MANIFEST, policy

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.authoring.mutation import survivors
from zhuanjie.engine.authoring.mutation.bench import MutationRunner
from zhuanjie.engine.authoring.mutation.faults import Mutant
from zhuanjie.engine.authoring.mutation.mutate import mutate
from zhuanjie.engine.authoring.testing.case_runner import differences, is_asked
from zhuanjie.engine.authoring.testing.prepared_cases import came_weighed, scenes
from zhuanjie.engine.core.kept_files import keep_in
from zhuanjie.engine.core.results import REPORTED
from zhuanjie.engine.policy.found import pack_folders
from zhuanjie.engine.policy.policy import Policy

GALLERY = Path(__file__).parents[2] / "fixtures" / "packs"
PACKS = [*pack_folders(), *sorted(str(p) for p in GALLERY.iterdir() if p.is_dir())]


@pytest.mark.parametrize("pack", [pytest.param(
    p, marks=pytest.mark.slow if p == "fujian-2007-80" else ()) for p in PACKS])
def test_what_a_mutant_touches_is_found(pack: str) -> None:
    bench = MutationRunner(load_policy(pack))
    for mutant in bench.mutants():
        whole = mutant.apply(bench.policy)
        touched = bench.reach.of(mutant)
        assert touched.pairs == tuple(
            (rule, other) for rule, other in zip(bench.policy.rules, whole.rules, strict=True)
            if mutant.touches(rule))
        assert touched.policy.scope == whole.scope
        assert touched.policy.clauses == whole.clauses
        assert touched.policy.parameters == whole.parameters


def _killed(tried: Policy, bench: MutationRunner, mutant: Mutant) -> bool:
    """The same, every rule put to every case."""
    changed = mutant.apply(tried)
    for scene in scenes(tried, bench.tasks):
        setting, task = scene.setting, scene.task
        values = {**changed.values(task.day), **task.case.numbers}
        for rule in changed.rules:
            asked = rule.id in task.expect or (not task.open and is_asked(rule, task))
            if not asked or task.by_date:
                continue
            found = came_weighed(rule, type(setting)(
                setting.vocabulary, setting.ledger, setting.today, values, setting.roster,
                setting.before), changed)
            spoke = rule.id in task.expect or found.outcome in REPORTED
            if spoke and any(differences(task, {rule.id: found})):
                return True
    return False


SPEAKS_OF_ALL = """\
as_of: 2007-12-31
record: {member.id: s1}
cases:
  - {name: a slip, record: {letter.issued_on: 2007-06-01, receipt.returned_on: 2007-06-02},
     expect: {slip-back: satisfied}}
  - {name: no way, record: {letter.issued_on: 2007-12-30}, expect: {slip-back: pending}}
  - {name: nothing, expect: {where-to: not_applicable}}
  - {name: a way, record: {destination.kind: employer_org, employment.employed: true},
     expect: {where-to: satisfied}}
  - {name: the same way, record: {destination.kind: employer_org, employment.employed: true},
     unnamed: none}
  - {name: no matter, unnamed: any, record: {destination.kind: retained},
     expect: {slip-back: not_applicable}}
  - {name: other days, params: {grace: 400}, record: {letter.issued_on: 2007-06-01},
     expect: {slip-back: pending}}
"""


@pytest.mark.parametrize("opened", [False, True])
def test_cases_kill_as_if_all_rules_were_put_to_each(tmp_path: Path, opened: bool) -> None:
    cases = SPEAKS_OF_ALL.replace("record:", "unnamed: any\nrecord:", 1) if opened else SPEAKS_OF_ALL
    tried = policy(tmp_path, cases=cases)
    bench = MutationRunner(tried)
    every = [m for m in bench.mutants() if m.fault != "dated-by"]
    killed = [bench.is_killed_by_cases(m) for m in every]
    assert killed == [_killed(tried, bench, m) for m in every]
    assert {True, False} == set(killed)


def test_mutants_that_speak_where_none_may_are_killed(tmp_path: Path) -> None:
    sound = "{name: nothing, unnamed: none}"
    cases = f"as_of: 2007-12-31\nrecord: {{member.id: s1}}\ncases:\n  - {sound}\n"
    bench = MutationRunner(policy(tmp_path, cases=cases))
    killed = {(m.rule, m.fault) for m in bench.mutants() if bench.is_killed_by_cases(m)}
    assert ("slip-back", "unconditional") in killed


def test_what_told_mutants_apart_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weak = ("as_of: 2007-12-31\nrecord: {member.id: s1}\ncases:\n"
            "  - {name: a slip, record: {letter.issued_on: 2007-06-01, "
            "receipt.returned_on: 2007-06-02},\n"
            "     expect: {slip-back: satisfied, where-to: not_applicable}}\n")
    keep_in(tmp_path / "cache")
    try:
        tried = policy(tmp_path / "pack", cases=weak)
        first = mutate(tried)
        asked: list[str] = []
        compare = survivors.compare_rules

        def counted(old, new, *args, **named):
            asked.append(old.id)
            return compare(old, new, *args, **named)

        monkeypatch.setattr(survivors, "compare_rules", counted)
        assert mutate(tried) == first
        assert not asked
        moved = MANIFEST.replace("value: 30,", "value: 31,")
        mutate(policy(tmp_path / "pack", cases=weak, manifest=moved))
        assert set(asked) == {"slip-back"}  # the other reads no number
        assert len(first.survivors) > len(asked)
    finally:
        keep_in(None)


KEYS = """
import sys
from zhuanjie.engine.api import load_policy
from zhuanjie.engine.authoring.diff.counterexample import Side
from zhuanjie.engine.authoring.mutation.faults import mutants
from zhuanjie.engine.authoring.mutation.kept_witnesses import KeptWitnesses
from zhuanjie.engine.authoring.mutation.reach import FaultReach
from zhuanjie.engine.authoring.verification.kept_answers import KeptAnswers
policy = load_policy(sys.argv[1])
kept, reach = KeptWitnesses(policy), FaultReach(policy)
answers = KeptAnswers(policy)
for rule in policy.rules:
    answers.note("asked", None, (rule.id,), "none")
keys = [*answers.new]
for mutant in mutants(policy):
    touched = reach.of(mutant)
    keys += [kept.key(Side(a, policy), Side(b, touched.policy)) for a, b in touched.pairs]
print(*keys)
"""


def test_another_process_asks_under_the_same_names() -> None:
    pack = str(GALLERY / "binhu-2019-12")
    first, second = (subprocess.run(
        [sys.executable, "-c", KEYS, pack], env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True, encoding="utf-8", check=True).stdout for seed in ("1", "2"))
    assert first == second and len(first.split()) > 100
