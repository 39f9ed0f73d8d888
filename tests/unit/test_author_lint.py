"""What `policy lint` says of a pack, and where."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.author_packs import CASES, MANIFEST, RULES, write

from zhuanjie.engine.api import lint, load_policy
from zhuanjie.engine.policy.found import pack_folders


def said(folder: Path) -> list[tuple[str, str, str | None]]:
    return [(d.code.removeprefix("lint."), str(next(iter(d.args.values()))), d.place.path)
            for d in lint(load_policy(folder))]


@pytest.mark.parametrize(("part", "found"), [
    ("title: {zh: 试, en: tried}", []),
    ("title: {zh: tried, en: tried}", [("not-translated", "zh", "title.zh")]),
    ("title: {zh: 试, en: 试}", [("not-translated", "en", "title.en")]),
    ("title: {zh: 试, en: the 试 of it}", [("not-translated", "en", "title.en")]),
    ("title: {zh: 试, en: the 《试》 and “试”}", []),
    ("title: {zh: “试”, en: tried}", []),
    ("title: {zh: '2007', en: '2007'}", []),
])
def test_texts_are_translated(tmp_path: Path, part: str,
                              found: list[tuple[str, str, str | None]]) -> None:
    manifest = MANIFEST.replace("title: {zh: 试, en: tried}", part, 1)
    assert said(write(tmp_path, manifest=manifest)) == found


def test_texts_of_rules_are_translated_with_their_place(tmp_path: Path) -> None:
    rules = RULES.replace("remedy: {zh: 改, en: mend}", "remedy: {zh: mend, en: mend}", 1)
    assert said(write(tmp_path, rules=rules)) == [
        ("not-translated", "zh", "rules[0].remedy.zh")]
    blanks = RULES.replace("message: {zh: 错, en: wrong}", "message: {zh: '{due}', en: '{due}'}")
    assert said(write(tmp_path, rules=blanks)) == []


def test_a_boundary_without_a_case(tmp_path: Path) -> None:
    lines = CASES.replace("satisfied, 2007-07-01]", "satisfied, null]").splitlines(keepends=True)
    late = "".join(x for x in lines if "2007-07-02" not in x)
    assert said(write(tmp_path, cases=late)) == [("boundary-more", "grace", "parameters.grace")]
    plain = "".join(x for x in lines if "- [2007-07-0" not in x and "07-01, sat" not in x)
    assert ("boundary-less", "grace", "parameters.grace") in said(write(tmp_path, cases=plain))


def test_a_pack_without_cases_is_told_so_once(tmp_path: Path) -> None:
    folder = write(tmp_path, cases=None)
    assert said(folder) == [("no-cases", "slip-back", "rules[0].id"),
                            ("no-cases", "where-to", "rules[1].id")]


def test_a_number_of_days_is_not_added_as_months(tmp_path: Path) -> None:
    wrong = RULES.replace("days(params.grace)", "months(params.grace)")
    found = lint(load_policy(write(tmp_path, rules=wrong, cases=None)))
    unit = next(d for d in found if d.code == "lint.unit")
    assert (unit.args["name"], unit.args["unit"], unit.args["used"]) == ("grace", "days", "months")
    assert unit.place.path == "rules[0].deadline.due" and unit.place.line
    counted = MANIFEST.replace("unit: days", "unit: count")
    found = lint(load_policy(write(tmp_path, rules=wrong, cases=None, manifest=counted)))
    assert "lint.unit" not in {d.code for d in found}


@pytest.mark.parametrize("name", pack_folders())
def test_the_shipped_packs_are_clean(name: str) -> None:
    assert lint(load_policy(name)) == []
