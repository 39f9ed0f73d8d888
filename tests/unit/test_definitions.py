"""What packs define by names of their own: typed once, used by name, told by name, tried once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from support.author_packs import CASES, MANIFEST, RULES, WEIGHED, policy, write

from zhuanjie.engine.api import check, load_policy, own_backends
from zhuanjie.engine.authoring.coverage.coverage import coverage
from zhuanjie.engine.authoring.diff.diff import diff
from zhuanjie.engine.authoring.diff.text_diff import text_diff
from zhuanjie.engine.authoring.mutation.faults import mutants
from zhuanjie.engine.authoring.mutation.mutate import mutate
from zhuanjie.engine.authoring.phrases import Phrases
from zhuanjie.engine.authoring.testing.report import run_tests
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.expr.printer import as_written, to_text
from zhuanjie.engine.policy.lint import lint
from zhuanjie.engine.policy.policy import Policy

PLAIN = "letter.issued_on + days(params.grace)"
USING = RULES.replace(f"due: {PLAIN}", "due: slip_due").replace(
    "when: has(letter.issued_on)", "when: letter_out")
BOTH = {"letter_out": "has(letter.issued_on)", "slip_due": PLAIN}
OVER = """\
id: over
version: 1.0.0
title: {zh: 改, en: over}
authority: {zh: 试, en: tried}
document: {number: "2", issued_on: 2009-01-01, title: {zh: 试, en: tried}}
in_force: {from: 2009-01-01}
builds_on: tried
"""


def section(definitions: dict[str, str], more: str = "") -> str:
    lines = "".join(f"  {name}: {{title: {{zh: 词, en: the {name}}}, is: \"{text}\"{more}}}\n"
                    for name, text in definitions.items())
    return f"definitions:\n{lines}" if lines else ""


def defined(folder: Path, definitions: dict[str, str], rules: str = USING,
            cases: str | None = CASES) -> Policy:
    return policy(folder, manifest=MANIFEST + section(definitions), rules=rules, cases=cases)


def over(tmp_path: Path, manifest: str, cases: str | None = None) -> Policy:
    """A pack that builds on one with definitions."""
    write(tmp_path / "tried", manifest=MANIFEST + section(BOTH), rules=USING)
    folder = tmp_path / "over"
    folder.mkdir()
    (folder / "pack.yaml").write_text(OVER + manifest, encoding="utf-8")
    if cases:
        (folder / "cases").mkdir()
        (folder / "cases" / "all.yaml").write_text(cases, encoding="utf-8")
    return load_policy(folder)


def said(caught: pytest.ExceptionInfo[PolicyError]) -> list[tuple[str, int | None]]:
    return [(d.code, d.place.line) for d in caught.value.diagnostics]


@pytest.mark.parametrize("backend", own_backends())
def test_every_engine_judges_by_what_a_definition_says(tmp_path: Path, backend: str) -> None:
    found = run_tests(defined(tmp_path, BOTH), [backend])
    assert found.cases == found.passed > 15


def test_a_definition_reads_what_its_text_reads(tmp_path: Path) -> None:
    rule = defined(tmp_path / "a", BOTH).rules[0]
    plain = policy(tmp_path / "b").rules[0]
    assert rule.definitions == {"slip_due", "letter_out"}
    assert (rule.fields, rule.params) == (plain.fields, plain.params)
    assert rule.due is not None and plain.due is not None
    assert (to_text(rule.due), as_written(rule.due)) == (PLAIN, "slip_due")


def test_definitions_may_stand_in_any_order_and_use_one_another(tmp_path: Path) -> None:
    found = defined(tmp_path, {
        "slip_due": "runs_from + grace_days", "grace_days": "days(params.grace)",
        "runs_from": "letter.issued_on",
        "letter_out": "has(letter.issued_on) && runs_from <= as_of"})
    assert list(found.definitions) == ["slip_due", "grace_days", "runs_from", "letter_out"]
    assert to_text(found.definitions["slip_due"].expr) == PLAIN
    assert found.rules[0].definitions == set(found.definitions)


def test_lists_and_patterns_have_names_too(tmp_path: Path) -> None:
    rules = RULES.replace("when: has(letter.issued_on)",
                          "when: member.cohort in classes && member.name.matches(form)")
    found = defined(tmp_path, {"classes": "[2006, 2007]", "form": "'^a'"}, rules)
    assert check({"member.cohort": 2006, "member.name": "ab", "letter.issued_on": "2007-01-05"},
                 policy=found, as_of=date(2007, 1, 6))[0].rule == "slip-back"


@pytest.mark.parametrize(("definitions", "wrong"), [
    ({"a": "b", "b": "c + days(1)", "c": "a"}, [("pack.definition-loop", 15)]),
    ({"a": "a"}, [("pack.definition-loop", 15)]),
    ({"letter": "as_of"}, [("pack.definition-hides-field", 15)]),
    ({"grace": "as_of"}, [("pack.definition-hides-parameter", 15)]),
    ({"days": "as_of"}, [("pack.definition-hides-word", 15)]),
    ({"as_of": "letter.issued_on"}, [("pack.definition-hides-word", 15)]),
    ({"loop": "as_of"}, [("pack.definition-hides-word", 15)]),
    ({"a": "letter.isued_on"}, [("cel.unknown-name", 15)]),
    ({"a": "letter.issued_on +"}, [("cel.syntax", 15)]),
    ({"a": "b && true", "b": "as_of"}, [("cel.types", 15)]),
])
def test_what_is_wrong_is_said_once_and_where(tmp_path: Path, definitions: dict[str, str],
                                              wrong: list[tuple[str, int]]) -> None:
    with pytest.raises(PolicyError) as caught:
        defined(tmp_path, definitions, RULES)
    assert said(caught) == wrong


def test_a_circle_is_shown_whole(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        defined(tmp_path, {"x": "b", "a": "b", "b": "c", "c": "a"}, RULES)
    assert [d.args["path"] for d in caught.value.diagnostics] == ["b → c → a → b"]


def test_a_misspelt_name_is_suggested(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        defined(tmp_path, BOTH, USING.replace("due: slip_due", "due: slip_deu"))
    (problem,) = caught.value.diagnostics
    assert (problem.args["near"], problem.place.line) == ("slip_due", 8)


def test_has_asks_of_a_field_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        defined(tmp_path, {"out": "letter.issued_on", "there": "has(out)"}, RULES)
    assert [(d.code, d.hint) for d in caught.value.diagnostics] == [("cel.syntax", "cel.has-field")]


def test_a_text_does_not_quote_a_definition(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        defined(tmp_path, BOTH, USING.replace("zh: 错, en: wrong", "zh: 错, en: 'by {slip_due}'", 1))
    assert [d.code for d in caught.value.diagnostics] == ["pack.placeholder"]


def test_what_definitions_come_to_is_bounded(tmp_path: Path) -> None:
    doubling = {"d0": "size(member.name)"} | {f"d{n}": f"d{n - 1} + d{n - 1}"
                                              for n in range(1, 60)}
    with pytest.raises(PolicyError) as caught:
        defined(tmp_path / "a", doubling, RULES)
    assert {d.code for d in caught.value.diagnostics} == {"pack.too-many-parts"}
    chain = {"d0": "size(member.name)"} | {f"d{n}": f"d{n - 1} + 1" for n in range(1, 300)}
    with pytest.raises(PolicyError) as caught:
        defined(tmp_path / "b", chain, RULES)
    assert {d.code for d in caught.value.diagnostics} == {"pack.too-deep"}


def test_an_unused_definition_is_a_lint(tmp_path: Path) -> None:
    found = defined(tmp_path, {**BOTH, "idle": "as_of", "too": "idle"})
    assert [(d.code, d.args["name"], d.place.line) for d in lint(found)] == [
        ("lint.unused-definition", "idle", 17), ("lint.unused-definition", "too", 18)]


def test_a_pack_that_builds_on_it_replaces_a_definition(tmp_path: Path) -> None:
    found = over(tmp_path, section({"slip_due": "letter.issued_on + days(10)"},
                                   ", replaces: {reason: {zh: 因此, en: because}}"))
    due = found.rules[0].due
    assert due is not None and to_text(due) == "letter.issued_on + days(10)"
    assert [(c.kind, c.change, c.name) for c in found.rules[0].history] == [
        ("definition", "replaced", "slip_due")]
    assert [d.args["rule"] for d in lint(found) if d.code == "lint.no-cases"] == ["slip-back"]


@pytest.mark.parametrize(("manifest", "code"), [
    (section({"slip_due": "as_of"}), "pack.definition-twice"),
    (section({"slip_due": "3"}, ", replaces: {reason: {zh: 因, en: as}}"), "pack.definition-kind"),
    (section({"other": "as_of"}, ", replaces: {reason: {zh: 因, en: as}}"),
     "pack.no-base-definition"),
    ("withdraws: [{definition: slip, reason: {zh: 因, en: as}}]\n", "pack.no-base-definition"),
])
def test_what_changes_nothing_or_too_much_is_refused(tmp_path: Path, manifest: str,
                                                     code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        over(tmp_path, manifest)
    assert code in {d.code for d in caught.value.diagnostics}
    assert {d.place.file for d in caught.value.diagnostics if d.code == code} == {
        str(tmp_path / "over" / "pack.yaml")}


def test_a_definition_that_no_rule_is_left_to_use_is_withdrawn(tmp_path: Path) -> None:
    gone = "withdraws:\n  - {rule: slip-back, reason: &r {zh: 因, en: as}}\n"
    left = over(tmp_path / "a", gone)
    assert {d.args["name"] for d in lint(left) if d.code == "lint.unused-base-definition"} == {
        "slip_due", "letter_out"}
    found = over(tmp_path / "b", gone + "".join(
        f"  - {{definition: {name}, reason: *r}}\n" for name in BOTH))
    assert not found.definitions


def test_the_faults_of_a_definition_are_tried_once(tmp_path: Path) -> None:
    twice = {**BOTH, "overdue": "as_of > slip_due && !has(receipt.returned_on)"}
    rules = USING.replace("due: slip_due", "due: 'overdue ? slip_due : slip_due'")
    found = list(mutants(defined(tmp_path, twice, rules)))
    of = [(m.rule, m.fault, m.now) for m in found if m.rule.startswith("definitions.")]
    assert ("definitions.slip_due", "sign", "letter.issued_on - days(params.grace)") in of
    assert ("definitions.overdue", "negation",
            "as_of > slip_due && has(receipt.returned_on)") in of
    assert len(of) == len(set(of))
    here = {m.now for m in found if m.rule == "slip-back"}
    assert not any("params.grace" in text for text in here)


def test_faults_of_definitions_are_noticed_by_the_rules_that_use_them(tmp_path: Path) -> None:
    whole = mutate(defined(tmp_path / "a", BOTH, cases=CASES + WEIGHED))
    assert {s.mutant.rule for s in whole.survivors} == set()
    weak = CASES.replace("- [null, 2007-07-01, satisfied, 2007-07-01]", "- [null, 2007-06-30, "
                         "satisfied, null]").replace("[2007-07-01, null, pending, null]",
                                                     "[2007-06-01, null, pending, null]").replace(
        "[2007-07-01, 2007-07-01, satisfied, null]", "[2007-07-01, 2007-06-02, satisfied, null]")
    weak = weak.replace("        - [2007-07-01, 2007-07-02, pending, null]\n", "")
    lacking = mutate(defined(tmp_path / "b", BOTH, cases=weak))
    shown = [s for s in lacking.survivors if s.mutant.rule == "definitions.slip_due"]
    assert shown and all(s.witness is not None for s in shown)


def test_coverage_counts_a_definition_by_itself(tmp_path: Path) -> None:
    definitions = {"letter_out": "has(letter.issued_on) && has(letter.serial)", "slip_due": PLAIN}
    found = coverage(defined(tmp_path, definitions, cases=CASES))
    of = {(p.text, p.value): found.hits[p] for p in found.points
          if p.rule == "definitions.letter_out"}
    assert set(of) == {(text, value) for value in ("true", "false") for text in (
        "has(letter.issued_on) && has(letter.serial)", "has(letter.issued_on)",
        "has(letter.serial)")}
    assert of["has(letter.serial)", "true"] == 0 < of["has(letter.serial)", "false"]
    own = {(p.text, p.value) for p in found.points
           if p.rule == "slip-back" and p.kind == "condition"}
    assert own == {("letter_out", "true"), ("letter_out", "false")}


def test_diff_says_a_changed_definition_once(tmp_path: Path) -> None:
    plain = policy(tmp_path / "a" / "tried")
    old = defined(tmp_path / "b" / "tried", BOTH)
    new = defined(tmp_path / "c" / "tried", {**BOTH, "slip_due": PLAIN.replace("+", "+ days(1) +")})
    assert [(e.kind, e.name, e.key) for e in text_diff(old, new)] == [
        ("definition", "slip_due", "is")]
    assert {(e.kind, e.change) for e in text_diff(plain, old)} == {("definition", "added")}
    assert {c for c, m in diff(old, new).meaning.items() if m.verdict != "equal"} == {"1"}
    assert all(m.verdict == "equal" for m in diff(plain, old).meaning.values())


@pytest.mark.parametrize(("lang", "words"), [
    ("en", "the as-of day is after the slip_due"), ("zh", "核对日晚于词")])
def test_words_call_a_definition_by_its_title(tmp_path: Path, lang: str, words: str) -> None:
    rules = USING.replace("when: letter_out", "when: as_of > slip_due")
    found = defined(tmp_path, BOTH, rules)
    phrases = Phrases(found.parameters, found.vocabulary.fields, lang,  # type: ignore[arg-type]
                      definitions=found.definitions)
    assert found.rules[0].when is not None
    assert phrases.condition(found.rules[0].when) == words
