"""Faults: which there are, that cases notice them, and that what is shown is a case that would."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.author_packs import CASES, MANIFEST, RULES, WEIGHED, policy

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.authoring.mutation.faults import mutants
from zhuanjie.engine.authoring.mutation.mutate import mutate
from zhuanjie.engine.authoring.mutation.weights import WEIGHTS
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.policy.found import pack_folders


def faults(folder: Path, ask: str, manifest: str = MANIFEST) -> set[tuple[str, str]]:
    """The faults of a rule that requires `ask`, as text."""
    rules = RULES.split("  - id: where-to")[0].replace(
        "    deadline:\n      due: letter.issued_on + days(params.grace)\n"
        "      done: receipt.returned_on\n", f"    require:\n      ask: {ask}\n")
    found = mutants(policy(folder, rules=rules, cases=None, manifest=manifest))
    return {(m.fault, m.now) for m in found if m.role == "ask"}


@pytest.mark.parametrize(("ask", "fault", "now"), [
    ("as_of <= member.left_on", "strictness", "as_of < member.left_on"),
    ("as_of <= member.left_on", "boundary", "as_of <= member.left_on + days(1)"),
    ("as_of > member.left_on", "boundary", "as_of > member.left_on + days(1)"),
    ("member.cohort < 2007", "boundary", "member.cohort < 2006"),
    ("has(member.name) && has(member.sex)", "dropped", "has(member.sex)"),
    ("has(member.name) && has(member.sex)", "junction", "has(member.name) || has(member.sex)"),
    ("has(member.name) && has(member.sex)", "negation", "!has(member.name) && has(member.sex)"),
    ("has(member.name)", "field", "has(member.phone)"),
    ("member.sex == 'male'", "value", "member.sex == 'female'"),
    ("member.cohort in [2006, 2007]", "listed", "member.cohort in [2006]"),
    ("member.cohort in [2006, 2007]", "listed", "member.cohort in [2006, 2007, 2008]"),
    ("destination.file_moved_with", "field", "destination.talent_is_public"),
    ("destination.file_moved_with", "negation", "!destination.file_moved_with"),
    ("member.left_on == as_of - months(2)", "sign", "member.left_on == as_of + months(2)"),
    ("member.left_on == as_of - months(2)", "unit", "member.left_on == as_of - days(2)"),
    ("member.left_on == as_of - months(2)", "number", "member.left_on == as_of - months(3)"),
    ("member.sex == 'male' ? as_of == as_of : has(member.name)", "branch", "has(member.name)"),
    ("member.name.matches('^a$')", "text", "member.name.matches('^a')"),
    ("member.name.startsWith('a')", "text", "member.name.endsWith('a')"),
])
def test_every_slip_is_tried(tmp_path: Path, ask: str, fault: str, now: str) -> None:
    quoted = '"' + ask + '"'
    assert (fault, now) in faults(tmp_path, quoted)


def test_faults_of_shapes_tables_and_parameters(tmp_path: Path) -> None:
    found = {(m.rule, m.fault, m.role, m.now) for m in mutants(policy(tmp_path))}
    assert ("slip-back", "boundary", "due",
            "letter.issued_on + days(params.grace) - days(1); done: receipt.returned_on") in found
    assert ("slip-back", "swapped", "due",
            "receipt.returned_on + days(params.grace); done: letter.issued_on") in found
    assert ("slip-back", "unconditional", "when", "") in found
    assert ("where-to", "row", "row 2a", "") in found
    assert ("where-to", "listed", "row 2b",
            "!employment.employed → [residence_township]") in found
    assert ("params.grace", "parameter", "value", "31") in found


def test_no_mutant_reads_as_its_rule_or_as_another() -> None:
    for pack in pack_folders():
        every = list(mutants(load_policy(pack)))
        assert len({(m.rule, m.role, m.now, m.fault == "row") for m in every}) == len(every)
        assert all(m.was != m.now for m in every)


def test_cases_that_try_all_leave_no_survivor(tmp_path: Path) -> None:
    report = mutate(policy(tmp_path, cases=CASES + WEIGHED))
    assert not [(s.mutant.rule, s.mutant.fault, s.mutant.now) for s in report.survivors]
    assert report.killed + report.equivalent == report.mutants > 30


def test_a_survivor_comes_with_a_case_that_kills_it(tmp_path: Path) -> None:
    lines = CASES.splitlines(keepends=True)
    weak = "".join(x for x in lines if "[2007-07-01, null, pending" not in x
                   and "violation, \"2a\"" not in x and "[null, 2007-07-01" not in x)
    before = mutate(policy(tmp_path, cases=weak))
    assert before.survivors
    cases = tmp_path / "cases" / "all.yaml"
    for survivor in before.survivors:
        assert survivor.witness is not None
        assert survivor.witness.was != survivor.witness.now or survivor.mutant.fault in WEIGHTS
        text = survivor.witness.case
        with cases.open("a", encoding="utf-8") as file:
            file.writelines(f"  {x}\n" for x in text.splitlines())
    after = mutate(load_policy(tmp_path))
    assert not after.survivors
    assert after.mutants == before.mutants


def test_a_fault_without_effect_is_not_counted(tmp_path: Path) -> None:
    rules = RULES.replace("when: has(letter.issued_on)",
                          "when: has(letter.issued_on) && has(letter.issued_on)")
    report = mutate(policy(tmp_path, rules=rules, cases=CASES + WEIGHED))
    assert report.equivalent >= 2
    assert report.score == 1


def test_several_processes_say_the_same(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("zhuanjie.engine.authoring.mutation.mutate.WORTH", 2)
    weak = CASES.replace("        - [null, 2007-07-01, satisfied, 2007-07-01]\n", "").replace(
        "        - [2007-07-01, null, pending, null]\n", "")
    weak = "".join(x for x in weak.splitlines(keepends=True) if '"2b"' not in x)
    tried = policy(tmp_path, cases=weak)
    one, two = mutate(tried), mutate(tried, jobs=2)
    assert len(one.survivors) > 4
    assert one == two


def test_cases_that_fail_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="fail as it is"):
        mutate(policy(tmp_path, cases=CASES.replace("pending", "violation", 1)))


@pytest.mark.parametrize("pack", list(pack_folders()))
def test_shipped_packs_kill_nearly_all(pack: str) -> None:
    report = mutate(load_policy(pack))
    assert report.mutants
    assert report.score >= 0.98


MOMENTS = MANIFEST + "moments: {issue: {title: {zh: 开信, en: issue}, sets: letter.issued_on}}\n"
ASKED = RULES.replace("    title: {zh: 回执, en: slip}", "    title: {zh: 回执, en: slip}\n"
                      "    moments: [issue]")


@pytest.mark.parametrize(("fault", "was", "now"), [
    ("severity", "error", "warning"), ("clause", "1", "2"), ("moment", "issue", "-"),
    ("binds", "sender", "receiver")])
def test_what_chooses_and_weighs_is_changed(tmp_path: Path, fault: str, was: str,
                                            now: str) -> None:
    found = mutants(policy(tmp_path, manifest=MOMENTS, rules=ASKED))
    assert (fault, was, now) in {(m.fault, m.was, m.now) for m in found}


def test_a_case_before_an_act_sees_that_the_rule_is_not_asked(tmp_path: Path) -> None:
    before = """\
  - name: before the letter
    as_of: 2007-06-01
    before: issue
    expect: {slip-back: pending, where-to: not_applicable}
"""
    lacking = mutate(policy(tmp_path / "a", manifest=MOMENTS, rules=ASKED, cases=CASES + WEIGHED))
    assert [s.mutant.fault for s in lacking.survivors] == ["moment"]
    assert lacking.survivors[0].witness is not None
    whole = mutate(policy(tmp_path / "b", manifest=MOMENTS, rules=ASKED,
                          cases=CASES + WEIGHED + before))
    assert not whole.survivors


def test_the_days_from_which_a_number_holds_are_changed(tmp_path: Path) -> None:
    dated = MANIFEST.replace("value: 30,", "values: [{value: 30}, {from: 2009-01-01, value: 40}],")
    found = [m for m in mutants(policy(tmp_path, manifest=dated)) if m.fault == "from"]
    assert {(m.was, m.now) for m in found} == {
        ("2009-01-01", "2009-01-02"), ("2009-01-01", "2008-12-31")}
