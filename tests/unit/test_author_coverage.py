"""Coverage: what is asked for, what is not, and that only meaning counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.author_packs import CASES, MANIFEST, RULES, policy
from support.party_transfer import fields

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.authoring.coverage.coverage import coverage
from zhuanjie.engine.authoring.coverage.feasible_values import NOTHING, feasible_values, outcomes
from zhuanjie.engine.authoring.coverage.spans import conditions
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.names import PackSchema
from zhuanjie.engine.expr.printer import as_written
from zhuanjie.engine.expr.type_checker import check
from zhuanjie.engine.policy.found import pack_folders
from zhuanjie.report.layouts.coverage import page, plain_data
from zhuanjie.report.view import View

SCHEMA = PackSchema(fields(), {})


def typed(text: str):
    return check(read(text), SCHEMA, text)


@pytest.mark.parametrize(("text", "values"), [
    ("has(member.name)", {True, False}),
    ("employment.employed", {True, False, None}),
    ("has(member.name) && member.name == 'a'", {True, False}),
    ("!has(member.name) || member.name == 'a'", {True, False}),
    ("has(member.name) || member.name == 'a'", {True, False, None}),
    ("has(member.name) && member.phone == 'a'", {True, False, None}),
    ("has(member.cohort) ? member.cohort > 1 : true", {True, False}),
    ("member.cohort > 1 ? true : has(member.name)", {True, False, None}),
    ("true || member.cohort > 1", {True}),
    ("as_of > as_of - days(1)", {True, False}),
])
def test_what_cannot_come_out_is_known(text: str, values: set[bool | None]) -> None:
    assert feasible_values(typed(text), NOTHING) == values


def test_a_rule_is_asked_only_for_what_it_can_come_to(tmp_path: Path) -> None:
    found = {r.id: [str(o) for o in outcomes(r)] for r in policy(tmp_path).rules}
    assert found == {
        "slip-back": ["satisfied", "violation", "pending", "not_applicable"],
        "where-to": ["satisfied", "violation", "undetermined", "not_applicable"],
    }


def test_cases_that_try_all_cover_all(tmp_path: Path) -> None:
    found = coverage(policy(tmp_path))
    assert not found.uncovered
    assert found.score == 1
    assert len(found.points) > 25


@pytest.mark.parametrize(("gone", "lacking"), [
    ("  - name: no letter\n    expect: {slip-back: not_applicable, where-to: not_applicable}\n", {
        ("slip-back", "outcome", "", "not_applicable"), ("slip-back", "condition", "when", "false"),
        ("where-to", "outcome", "", "not_applicable"), ("where-to", "condition", "when", "false")}),
    ("        - [null, employer_org, undetermined, null]\n", {
        ("where-to", "outcome", "", "undetermined")}),
    ("        - [false, parents_township, satisfied, \"2b\"]\n", {
        ("where-to", "allowed", "row 2b", "parents_township")}),
    ("        - [null, 2007-07-01, satisfied, 2007-07-01]\n", {("", "parameter", "grace", "less")}),
])
def test_what_no_case_tries_is_named(tmp_path: Path, gone: str,
                                     lacking: set[tuple[str, ...]]) -> None:
    assert gone in CASES
    cases = CASES.replace(gone, "")
    if "2007-07-01, satisfied" in gone:
        for old, new in (("[2007-07-01, null, pend", "[2007-06-09, null, pend"),
                         ("[2007-07-01, 2007-07-02, pend", "[2007-06-09, 2007-07-02, pend"),
                         ("[2007-07-01, 2007-07-01, sat", "[2007-07-01, 2007-06-09, sat")):
            cases = cases.replace(old, new)
    found = coverage(policy(tmp_path, cases=cases))
    assert {(p.rule, p.kind, p.part, p.value) for p in found.uncovered} == lacking
    assert 0 < found.score < 1


def test_a_case_that_does_not_name_a_rule_tries_nothing_of_it(tmp_path: Path) -> None:
    cases = CASES.replace("slip-back: not_applicable, ", "")
    found = coverage(policy(tmp_path, cases=cases))
    assert ("slip-back", "not_applicable") in {(p.rule, p.value) for p in found.uncovered}


def test_a_condition_that_a_neighbour_settles_is_not_tried(tmp_path: Path) -> None:
    rules = RULES.replace("when: has(letter.issued_on)",
                          "when: has(letter.issued_on) && has(letter.serial)")
    cases = """\
        as_of: 2007-12-31
        unnamed: any
        cases:
          - name: neither
            expect: {slip-back: not_applicable}
    """
    found = coverage(policy(tmp_path, rules=rules, cases=cases))
    tried = {(p.text, p.value) for p, n in found.hits.items()
             if n and p.kind == "condition" and p.part == "when" and p.rule == "slip-back"}
    assert tried == {("has(letter.issued_on) && has(letter.serial)", "false")}


def test_layout_changes_nothing(tmp_path: Path) -> None:
    weak = "".join(x for x in CASES.splitlines(keepends=True)
                   if "talent" not in x and "pend" not in x)
    first, second = RULES.split("  - id: slip-back")[1].split("  - id: where-to")
    turned = RULES.split("  - id:")[0] + "  - id: where-to" + second + "  - id: slip-back" + first
    turned = turned.replace('when: "!employment.employed"',
                            "when: |-\n            (\n              !employment.employed)")
    turned = turned.replace("[residence_township, parents_township]",
                            "[parents_township, residence_township]")
    one = plain_data(coverage(policy(tmp_path / "a", cases=weak)))
    two = plain_data(coverage(policy(tmp_path / "b", rules=turned, cases=weak)))
    assert one == two
    assert one["uncovered"]


def test_only_changed_rules_are_asked_for(tmp_path: Path) -> None:
    found = coverage(policy(tmp_path), {"slip-back"})
    assert {p.rule for p in found.points} == {"slip-back", ""}
    assert {p.part for p in found.points if p.kind == "parameter"} == {"grace"}
    assert {p.part for p in found.points if p.kind == "clause"} == {"1"}


@pytest.mark.parametrize(("text", "marked"), [
    ("has(member.name) && !( member.name == 'a(b' )", ["has(member.name)", "member.name == 'a(b'"]),
    ("member.cohort in [2006,\n 2007] || as_of > member.left_on + days(3)",
     ["member.cohort in [2006,\n 2007]", "as_of > member.left_on + days(3)"]),
    ("as_of > (has(member.left_on) ? member.left_on : as_of)",
     ["as_of > (has(member.left_on) ? member.left_on : as_of)", "has(member.left_on)"]),
    ("member.name.matches('^a$') && member.name.size() > 3",
     ["member.name.matches('^a$')", "member.name.size() > 3"]),
])
def test_conditions_are_found_in_the_text_as_written(text: str, marked: list[str]) -> None:
    assert [text[a:b] for (a, b), _ in conditions(typed(text), text)] == marked


@pytest.mark.parametrize("pack", list(pack_folders()))
def test_every_condition_of_the_shipped_packs_is_found_as_written(pack: str) -> None:
    policy = load_policy(pack)
    defined = {name: each.expr for name, each in policy.definitions.items()}
    for rule in policy.rules:
        for role, text in (("when", rule.rule.when),
                           ("ask", rule.rule.require and rule.rule.require.ask)):
            expr = rule.expressions().get(role)
            for (start, end), part in conditions(expr, text) if expr and text else ():
                assert as_written(typed_with(rule, text[start:end], defined)) == as_written(part)


def typed_with(rule, text: str, defined):
    schema = PackSchema(fields(), dict.fromkeys(rule.params, (0, 1000)), defined)
    return check(read(text), schema, text)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_shows_the_rules_own_text_and_needs_nothing_else(tmp_path: Path, lang) -> None:
    tried = policy(tmp_path, cases=CASES.replace("slip-back: not_applicable, ", ""),
                   manifest=MANIFEST.replace("en: one", "en: <one>"))
    html = page(coverage(tried), tried, tried.id, View(lang))
    told = {"en": "true 6, false 0", "zh": "成立 6, 不成立 0"}[lang]
    assert f'<span class="part" title="{told}">has(letter.issued_on)</span>' in html
    assert {"en": ">not applicable: 0<", "zh": ">不适用：0<"}[lang] in html
    assert f'lang="{lang}"' in html
    assert "http:" not in html and "https:" not in html
    assert "<script" not in html
    assert html.count("<span") == html.count("</span>")


@pytest.mark.parametrize("pack", list(pack_folders()))
def test_shipped_packs_are_covered(pack: str) -> None:
    assert coverage(load_policy(pack)).score >= 0.98
