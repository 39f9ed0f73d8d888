"""Every kind of fault that `policy verify` knows is found where it is planted, and nowhere else."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.marks import few
from support.verify_pack import WORDS, ask, deadline, policy, rule, table, values

from zhuanjie.cli.main import main
from zhuanjie.engine.api import check, load_policy
from zhuanjie.engine.authoring.verification.verify import Verification, verify
from zhuanjie.engine.core.errors import UsageError
from zhuanjie.engine.core.messages import LANGS
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.policy.found import pack_folders

ORG = "employment.employed && employment.employer_has_party_org"
NO_ORG = "employment.employed && !employment.employer_has_party_org"
TOWNSHIPS = ["workplace_township", "residence_township"]
ISSUED = "has(letter.issued_on)"
ACCEPTED = "has(arrival.accepted_on)"

TABLE = (("a", ORG, ["employer_org"]), ("b", NO_ORG, TOWNSHIPS),
         ("c", "!employment.employed", ["residence_township", "talent_service"]))
RETAINED = ("d", None, ["retained"])
APPLIED = rule("applied", ask("has(retention.applied_on)"), "destination.kind == 'retained'")

SOUND: dict[str, list[dict[str, Any]]] = {
    "table": [table(*TABLE)],
    "table with a special case": [table(*TABLE, RETAINED), APPLIED],
    "table with a default": [table(TABLE[0], ("b", None, TOWNSHIPS))],
    "days on both sides of a bound": [table(
        ("a", "has(member.left_on) && as_of <= member.left_on + days(30)", TOWNSHIPS),
        ("b", "has(member.left_on) && as_of > member.left_on + days(30)", ["retained"]),
        ("c", "!has(member.left_on)", ["employer_org"]))],
    "months on both sides of a bound": [table(
        ("a", "has(member.left_on) && as_of < member.left_on + months(6)", TOWNSHIPS),
        ("b", "has(member.left_on) && !(as_of < member.left_on + months(6))", ["retained"]),
        ("c", "!has(member.left_on)", ["employer_org"]))],
    "a duty that follows a breach": [
        rule("returned", deadline("letter.issued_on + days(30)", "receipt.returned_on"), ISSUED),
        rule("chased", deadline("letter.issued_on + days(45)", "receipt.followed_up_on"),
             ISSUED + " && as_of > letter.issued_on + days(30)"
             " && !(has(receipt.returned_on) && receipt.returned_on <= as_of)")],
    "a warning before an error": [
        rule("soon", deadline("letter.issued_on + days(30)", "receipt.returned_on"), ISSUED,
             severity="warning"),
        rule("late", deadline("letter.issued_on + days(60)", "receipt.returned_on"), ISSUED)],
    "a letter's own days": [rule("returned", deadline(
        "letter.issued_on + days(has(letter.valid_days) ? letter.valid_days : 90)",
        "receipt.returned_on"), ISSUED)],
    "duties while an act is still to be done, by the kind of case": [
        rule("soon", deadline("letter.issued_on + days(30)", "receipt.returned_on"),
             ISSUED + " && letter.form != 'two_part'"),
        rule("later", deadline("letter.issued_on + days(60)", "receipt.returned_on"),
             ISSUED + " && letter.form == 'two_part'"),
        rule("tracked", ask("has(receipt.tracker)"), ISSUED + " && !has(receipt.returned_on)")],
    "either of two days": [rule("returned", deadline(
        "(has(arrival.accepted_on) ? arrival.accepted_on : letter.issued_on) + days(30)",
        "receipt.returned_on"), ISSUED)],
    "due on the day itself": [rule("told", deadline("member.left_on", "education.notice_on"),
                                   "has(member.left_on) && member.left_on < as_of")],
    "probation": [rule("early", ask(
        "probation.decided_on >= member.admitted_on + months(12)"), "has(probation.decided_on)")],
    "serials": [rule("unique", {"unique": {"field": "letter.serial", "within": "letter.issuer"}},
                     ISSUED)],
    "no letter for those who stay": [
        table(*TABLE, RETAINED), APPLIED,
        rule("no-letter", ask("!has(letter.issued_on)"), "destination.kind == 'retained'"),
        rule("address", ask("has(letter.origin_address)"), ISSUED)],
    "texts": [rule("phone", ask("letter.phone.matches('^1[0-9]{10}$')"), ISSUED),
              rule("serial", ask("letter.serial.startsWith('2007')"), ISSUED)],
}

FAULTY: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "a row left out": ("gap", [table(TABLE[0], TABLE[1])]),
    "a row left out beside a special case": ("gap", [table(*TABLE[:2], RETAINED), APPLIED]),
    "a day between two bounds": ("gap", [table(
        ("a", "has(member.left_on) && as_of < member.left_on + days(30)", TOWNSHIPS),
        ("b", "has(member.left_on) && as_of > member.left_on + days(30)", ["retained"]),
        ("c", "!has(member.left_on)", ["employer_org"]))]),
    "days that are not months": ("gap overlap", [table(
        ("a", "has(member.left_on) && as_of <= member.left_on + months(1)", TOWNSHIPS),
        ("b", "has(member.left_on) && as_of > member.left_on + days(30)", ["retained"]),
        ("c", "!has(member.left_on)", ["employer_org"]))]),
    "two rows on one day": ("overlap", [table(
        ("a", "has(member.left_on) && as_of <= member.left_on + days(30)", TOWNSHIPS),
        ("b", "has(member.left_on) && as_of >= member.left_on + days(30)", ["retained"]),
        ("c", "!has(member.left_on)", ["employer_org"]))]),
    "a condition too wide": ("overlap", [table(
        ("a", "employment.employed", ["employer_org"]), *TABLE[1:])]),
    "a hidden row": ("overlap", [table(
        *TABLE, ("d", ORG + " && has(employment.employer)", ["employer_org"]))]),
    "never applies": ("dead", [rule("x", ask("has(letter.phone)"),
                                    ISSUED + " && !has(letter.issued_on)")]),
    "never applies, by value": ("dead", [rule(
        "x", ask("has(letter.phone)"), "letter.valid_days > 90 && letter.valid_days < 91")]),
    "never applies, by months": ("dead", [rule(
        "x", ask("has(letter.phone)"),
        "probation.decided_on > member.admitted_on + months(12)"
        " && probation.decided_on < member.admitted_on + days(365)")]),
    "a row that never holds": ("dead", [table(
        *TABLE, ("d", "employment.employed && !employment.employed", ["retained"]))]),
    "asks what is so": ("never-violated", [rule("x", ask("has(letter.issued_on)"), ISSUED)]),
    "asks for less than nothing": ("never-violated", [rule(
        "x", ask("size(letter.serial) >= 1"), ISSUED)]),
    "asks for two values at once": ("always-violated", [rule(
        "x", ask("letter.form == 'three_part' && letter.form == 'two_part'"), ISSUED)]),
    "bounds the wrong way round": ("always-violated", [rule("x", ask(
        "probation.extended_to >= member.admitted_on + months(18)"
        " && probation.extended_to <= member.admitted_on + months(12)"),
        "has(probation.extended_to)")]),
    "a longer term for the same act": ("implied", [
        rule("a", deadline("letter.issued_on + days(30)", "receipt.returned_on"), ISSUED),
        rule("b", deadline("letter.issued_on + days(60)", "receipt.returned_on"), ISSUED)]),
    "the same rule twice": ("implied", [
        rule("a", ask("has(letter.phone)"), ISSUED),
        rule("b", ask("!(!has(letter.phone))"), ISSUED)]),
    "implied by two together": ("implied", [
        rule("a", ask("has(letter.phone)"), "letter.sex == 'male'"),
        rule("b", ask("has(letter.phone)"), "letter.sex == 'female'"),
        rule("c", ask("has(letter.phone)"), "has(letter.sex) && has(letter.issued_on)")]),
    "written and oral": ("contradiction", [
        rule("a", ask("education.notice_form == 'written'"), "has(education.notice_on)"),
        rule("b", ask("education.notice_form == 'oral'"), "has(education.notice_on)")]),
    "before and after": ("contradiction", [
        rule("a", deadline("member.left_on", "education.notice_on"), "has(member.left_on)"),
        rule("b", ask("education.notice_on > member.left_on"), "has(member.left_on)")]),
    "a year and thirteen months": ("contradiction", [
        rule("a", ask("probation.decided_on >= member.admitted_on + months(13)"),
             "has(probation.decided_on)"),
        rule("b", ask("probation.decided_on <= member.admitted_on + months(12)"),
             "has(probation.decided_on)")]),
    "patterns apart": ("contradiction", [
        rule("a", ask("letter.serial.matches('^[0-9]+$')"), ISSUED),
        rule("b", ask("letter.serial.contains('A')"), ISSUED)]),
    "a destination shut out": ("unsatisfiable", [
        table(*TABLE, RETAINED), APPLIED,
        rule("x", ask("retention.attends || has(retention.certificate_on)"),
             "destination.kind == 'retained'"),
        rule("y", ask("!retention.attends"), "destination.kind == 'retained'"),
        rule("z", ask("!has(retention.certificate_on)"), "destination.kind == 'retained'")]),
    "a letter shut out": ("unsatisfiable", [
        table(*TABLE), rule("x", ask("has(letter.serial)"), ISSUED),
        rule("y", ask("!has(letter.issued_on)"), "has(letter.serial)")]),
    "no day on which to wait": ("unsatisfiable", [
        rule("soon", ask("has(receipt.returned_on)"), ISSUED + " && letter.form != 'two_part'"),
        rule("later", ask("has(receipt.returned_on)"), ISSUED + " && letter.form == 'two_part'"),
        rule("tracked", ask("has(receipt.tracker)"), ISSUED + " && !has(receipt.returned_on)")]),
    "days subtracted": ("backward-deadline", [rule("x", deadline(
        "letter.issued_on - days(30)", "receipt.returned_on"), ISSUED)]),
    "past before it begins": ("backward-deadline", [rule("x", deadline(
        "letter.issued_on + days(30) - days(15)", "receipt.followed_up_on"),
        ISSUED + " && as_of > letter.issued_on + days(30)")]),
    "an interval of none": ("backward-deadline", [rule("x", {"recurring": {
        "start": "member.left_on", "last": "retention.last_contact_on", "every": "0"}},
        "has(member.left_on)")]),
}


def told(found: Verification) -> list[tuple[str, tuple[str, ...]]]:
    for finding in found.findings:
        for lang in LANGS:
            assert "{" not in finding.message(lang)
    for statement in found.proved:
        for lang in LANGS:
            assert "{" not in statement.message(lang)
    return [(f.kind, f.rules) for f in found.findings]


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_invented(tmp_path: Path, name: str) -> None:
    found = verify(policy(tmp_path, SOUND[name]))
    assert told(found) == []
    assert found.proved


@pytest.mark.parametrize("name", FAULTY)
def test_planted_fault_is_found(tmp_path: Path, name: str) -> None:
    kind, rules = FAULTY[name]
    pack = policy(tmp_path, rules)
    found = verify(pack)
    assert {k for k, _ in told(found)} == set(kind.split())
    ids = {r.id for r in pack.rules}
    for finding in found.findings:
        assert finding.rules and set(finding.rules) <= ids


@pytest.mark.parametrize("name", few(sorted(pack_folders())))
def test_the_packs_that_come_along_are_sound(name: str) -> None:
    assert told(verify(load_policy(name))) == []


def test_a_gap_is_shown_by_the_smallest_member_in_it(tmp_path: Path) -> None:
    pack = policy(tmp_path, [table(TABLE[0], TABLE[1])])
    gap = verify(pack).findings[0]
    assert gap.witness == {"employment.employed": False}
    assert gap.as_of is not None
    for kind in ("employer_org", "retained", "talent_service"):
        findings = check({**gap.witness, "destination.kind": kind}, pack, as_of=gap.as_of)
        assert [f.outcome for f in findings] == [Outcome.VIOLATION]


def test_parameters_have_the_value_of_each_day(tmp_path: Path) -> None:
    rules = [rule("x", deadline("letter.issued_on + days(params.term)", "receipt.returned_on"),
                  ISSUED)]
    good = policy(tmp_path / "good", rules, parameters={
        "term": values((None, 30), ("2015-01-01", 60))})
    assert told(verify(good)) == []
    bad = policy(tmp_path / "bad", rules, parameters={
        "term": values((None, 30), ("2015-01-01", -60))})
    finding, = verify(bad).findings
    assert (finding.kind, finding.rules) == ("backward-deadline", ("x",))
    assert finding.as_of is not None and finding.as_of.year >= 2015


def test_months_may_change_over_the_years(tmp_path: Path) -> None:
    rules = [rule("x", ask("probation.decided_on >= member.admitted_on + months(params.least)"
                           " && probation.decided_on <= member.admitted_on + months(params.most)"),
                  "has(probation.decided_on)")]
    months = {"least": {**values((None, 6)), "unit": "months"},
              "most": {**values((None, 5), ("2015-01-01", 12)), "unit": "months"}}
    most = {**values((None, 8), ("2015-01-01", 12)), "unit": "months"}
    assert told(verify(policy(tmp_path, rules, parameters={**months, "most": most}))) == []
    finding, = verify(policy(tmp_path, rules, parameters=months)).findings
    assert (finding.kind, finding.rules) == ("always-violated", ("x",))
    assert finding.period == (date(2007, 11, 1), date(2014, 12, 31))
    never = {**months, "most": {**values((None, 5), ("2015-01-01", 4)), "unit": "months"}}
    found = verify(policy(tmp_path, rules, parameters=never))
    assert told(found) == [("always-violated", ("x",))]


def test_what_lies_beyond_the_scope_does_not_count(tmp_path: Path) -> None:
    rules = [rule("x", ask("has(letter.phone)"), "member.cohort == 2010")]
    assert told(verify(policy(tmp_path, rules))) == []
    found = verify(policy(tmp_path, rules, scope="member.cohort in [2006, 2007]"))
    assert told(found) == [("dead", ("x",))]


def test_a_finding_may_be_accepted_with_a_reason(tmp_path: Path) -> None:
    wide = FAULTY["a condition too wide"][1]
    accepts = [{"kind": "overlap", "rules": ["destination"], "clauses": ["a", "b"],
                "reason": WORDS}]
    found = verify(policy(tmp_path, wide, accepts=accepts))
    assert told(found) == []
    assert [a.finding.kind for a in found.accepted] == ["overlap"]


def test_an_acceptance_that_accepts_nothing_is_said(tmp_path: Path) -> None:
    accepts = [{"kind": "gap", "rules": ["destination"], "reason": WORDS}]
    found = verify(policy(tmp_path, SOUND["table"], accepts=accepts))
    assert told(found) == [] and not found.accepted
    assert [(a.kind, a.rules) for a in found.stale] == [("gap", ("destination",))]
    assert main(["policy", "verify", str(tmp_path)]) == 1
    assert main(["policy", "verify", str(tmp_path), "--fail-on", "error"]) == 0


def test_what_the_solver_cannot_decide_is_said(tmp_path: Path) -> None:
    # The text of one field in the text of another is left open: no replay will bear it out.
    rules = [rule("x", ask("has(letter.phone)"),
                  "letter.serial.contains(letter.name) && !letter.name.contains('甲')"
                  " && letter.serial == '甲'")]
    found = verify(policy(tmp_path, rules))
    assert {k for k, _ in told(found)} == {"unknown"}


def test_a_pack_without_rules_is_no_sound_pack(tmp_path: Path) -> None:
    roster = rule("roster", {"reconcile": {"field": "member.id"}})
    with pytest.raises(UsageError):
        verify(policy(tmp_path, [roster]))


@pytest.mark.parametrize(("form", "expected"), [
    ("table", "例如"), ("json", '"kind": "gap"'), ("github", "::error file="), ("markdown", "缺口"),
])
def test_the_command_says_what_is_wrong(tmp_path: Path, form: str, expected: str,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    policy(tmp_path, [table(TABLE[0], TABLE[1])])
    assert main(["policy", "verify", str(tmp_path), "--format", form, "--lang", "zh"]) == 1
    assert expected in capsys.readouterr().out


def test_the_command_is_content_with_a_sound_pack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    policy(tmp_path, SOUND["table"])
    assert main(["policy", "verify", str(tmp_path), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["findings"] == []


def test_warnings_fail_only_where_they_are_asked_to(tmp_path: Path) -> None:
    policy(tmp_path, FAULTY["a condition too wide"][1])
    assert main(["policy", "verify", str(tmp_path)]) == 1
    assert main(["policy", "verify", str(tmp_path), "--fail-on", "error"]) == 0
