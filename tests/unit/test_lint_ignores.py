"""Comments that ignore lints: what each speaks of, and that none goes on in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.author_packs import CASES, MANIFEST, RULES, write

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.authoring.linting.run import LintReport, lint_report

MONTHS = RULES.replace("      due: letter.issued_on + days(params.grace)",
                       "      due: letter.issued_on + months(params.grace)")
DUE = "      due: letter.issued_on + months(params.grace)"


def report(tmp_path: Path, rules: str = RULES, manifest: str = MANIFEST,
           cases: str | None = CASES) -> LintReport:
    return lint_report(load_policy(write(tmp_path, rules=rules, manifest=manifest, cases=cases)))


def ids(found: LintReport) -> list[str]:
    return [lint.id for lint in found.lints]


@pytest.mark.parametrize("text", [
    f"{DUE}  # lint-ignore unit: as the notice has it",
    f"      # lint-ignore unit: as the notice has it\n{DUE}",
    f"      # lint-ignore unit：通知如此\n      # and more of it\n\n{DUE}",
    f"      # lint-ignore unit, text-not-read: both\n{DUE}",
    f"      #lint-ignore unit: tight\n{DUE}",
])
def test_a_line_is_spoken_of(tmp_path: Path, text: str) -> None:
    found = report(tmp_path, MONTHS.replace(DUE, text), cases=None)
    assert "unit" not in ids(found)
    assert [each.id for each in found.ignored] == ["unit"]
    assert ("unused-ignore" in ids(found)) == ("text-not-read" in text)


def test_above_a_rule_it_speaks_of_the_whole_rule_and_of_no_other(tmp_path: Path) -> None:
    rules = MONTHS.replace("  - id: slip-back", "  # lint-ignore unit: so\n  - id: slip-back")
    assert "unit" not in ids(report(tmp_path, rules, cases=None))
    rules = MONTHS.replace("  - id: where-to", "  # lint-ignore unit: so\n  - id: where-to")
    found = ids(report(tmp_path, rules, cases=None))
    assert "unit" in found and "unused-ignore" in found


def test_behind_a_key_it_speaks_of_its_line_alone(tmp_path: Path) -> None:
    rules = MONTHS.replace("    deadline:\n", "    deadline:  # lint-ignore unit: so\n")
    found = ids(report(tmp_path, rules, cases=None))
    assert "unit" in found and "unused-ignore" in found


@pytest.mark.parametrize(("text", "near"), [
    ("lint-ignore unit", None), ("lint-ignore unit:", None), ("lint-ignore unit:   ", None),
    ("lint-ignore", None), ("lint-ignore: because", "known"),
    ("lint-ignore unit: REASON", None), ("lint-ignore unit：理由", None),
    ("lint-ignore units: so", "unit"), ("lint-ignore unit, boundry: so", "boundary"),
    ("lint-ignore unused-ignore: so", ""), ("lint-ignore bad-ignore: so", ""),
])
def test_what_is_no_ignore_is_said_and_ignores_nothing(tmp_path: Path, text: str,
                                                       near: str | None) -> None:
    found = report(tmp_path, MONTHS.replace(DUE, f"      # {text}\n{DUE}"), cases=None)
    bad = [lint for lint in found.lints if lint.id == "bad-ignore"]
    assert len(bad) == 1 and "unit" in ids(found) and not found.ignored
    assert bad[0].diagnostic.place.line == MONTHS.split(DUE)[0].count("\n") + 1
    if near and near != "known":
        assert bad[0].diagnostic.args["near"] == near


@pytest.mark.parametrize("text", [
    'message: {zh: "错 # lint-ignore unit: x", en: wrong}',
    "message:\n      zh: |\n        错\n        # lint-ignore unit: x\n      en: wrong",
    "message: {zh: 错#lint-ignore, en: wrong}",
])
def test_in_a_text_it_is_no_comment(tmp_path: Path, text: str) -> None:
    rules = RULES.replace("message: {zh: 错, en: wrong}", text, 1)
    assert "lint-ignore" in rules
    found = report(tmp_path, rules)
    assert (ids(found), found.ignored) == ([], ())


def test_a_comment_behind_a_block_is_one(tmp_path: Path) -> None:
    rules = RULES.replace("message: {zh: 错, en: wrong}",
                          "message:\n      zh: |\n        错\n      # lint-ignore unit: x\n"
                          "      en: wrong", 1)
    assert ids(report(tmp_path, rules)) == ["unused-ignore"]


def test_in_the_manifest_and_in_cases(tmp_path: Path) -> None:
    spare = MANIFEST.replace("parameters:\n", "parameters:\n  # lint-ignore unused-parameter: soon"
                             "\n  spare: {unit: days, value: 1, source: {zh: 试}, note: {zh: 试}}\n")
    found = report(tmp_path, manifest=spare)
    assert (ids(found), [i.reason for i in found.ignored]) == ([], ["soon"])
    found = report(tmp_path, cases=CASES.replace("cases:\n", "# lint-ignore unit: x\ncases:\n"))
    assert ids(found) == ["unused-ignore"]


def test_what_is_off_is_not_said_nor_is_its_ignore_idle(tmp_path: Path) -> None:
    folder = write(tmp_path, rules=MONTHS.replace(
        DUE, f"      # lint-ignore text-not-read: x\n{DUE}"), cases=None)
    policy = load_policy(folder)
    assert [lint.severity for lint in lint_report(policy, {"unit": "error"}).lints
            if lint.id == "unit"] == ["error"]
    off = ids(lint_report(policy, {"unit": "off", "text-not-read": "off", "no-cases": "off"}))
    assert off == []
