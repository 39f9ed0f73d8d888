"""`policy lint --fix`: what it mends, and that nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.author_packs import CASES, MANIFEST, RULES, write

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.authoring.linting.edits import FileEdit, edited
from zhuanjie.engine.authoring.linting.fixes import LintFixes, fix_lints

SPARE = "  spare: {unit: days, value: 1, source: {zh: 试, en: tried}, note: {zh: 试, en: tried}}\n"


def fixed(folder: Path) -> LintFixes:
    """The fixes, written."""
    fixes = fix_lints(load_policy(folder))
    for file in fixes.files:
        file.path.write_bytes(file.written.encode())
    return fixes


def with_spare(text: str) -> str:
    assert text != MANIFEST
    return text


@pytest.mark.parametrize("manifest", [
    MANIFEST.replace("parameters:\n", f"parameters:\n{SPARE}"),
    MANIFEST.replace("clauses:\n", f"{SPARE}clauses:\n"),
    MANIFEST.replace("parameters:\n", f"parameters:  # numbers\n  # 多余的 🂡\n{SPARE}\n  # kept\n"),
    MANIFEST.replace("clauses:\n", "  spare:  # of no use\n    unit: days\n    value: 1\n"
                     "    source: {zh: 试}\n    # why\n    note:\n      zh: |\n        试\n\n"
                     "# the clauses\nclauses:\n"),
    MANIFEST.replace("clauses:\n", f"{SPARE.replace('spare', 'rest')}{SPARE}clauses:\n"),
])
def test_an_unused_parameter_goes_and_comments_stay(tmp_path: Path, manifest: str) -> None:
    folder = write(tmp_path, manifest=with_spare(manifest))
    fixes = fixed(folder)
    assert {lint.id for lint in fixes.mended} == {"unused-parameter"}
    after = (folder / "pack.yaml").read_text(encoding="utf-8")
    before = manifest.splitlines()
    assert [line for line in after.splitlines() if line in before] == after.splitlines()
    assert after.count("grace:") == 1 and "spare:" not in after and "rest:" not in after
    for comment in ("# numbers", "# 多余的", "# kept", "# the clauses"):
        assert (comment in after) == (comment in manifest)
    again = fix_lints(load_policy(folder))
    assert (again.files, again.mended, again.report.lints) == ((), (), ())


def test_in_braces_too(tmp_path: Path) -> None:
    one = MANIFEST.split("parameters:\n")[1].split("clauses:\n", maxsplit=1)[0].strip()
    spare = SPARE.strip()
    for inside in (f"{spare}, {one}", f"{one}, {spare}", f"{one},\n  {spare}"):
        manifest = MANIFEST.replace(f"parameters:\n  {one}\n", f"parameters: {{{inside}}}\n")
        folder = write(tmp_path, manifest=with_spare(manifest))
        fixed(folder)
        after = (folder / "pack.yaml").read_text(encoding="utf-8")
        assert "spare" not in after and load_policy(folder).parameters.keys() == {"grace"}


def test_the_last_parameter_takes_the_section_with_it(tmp_path: Path) -> None:
    rules = RULES.replace("days(params.grace)", "days(30)")
    folder = write(tmp_path, rules=rules)
    fixed(folder)
    assert "parameters" not in (folder / "pack.yaml").read_text(encoding="utf-8")


def test_line_ends_and_a_mark_at_the_start_stay(tmp_path: Path) -> None:
    folder = write(tmp_path)
    file = folder / "pack.yaml"
    manifest = MANIFEST.replace("parameters:\n", f"parameters:\n{SPARE}")
    file.write_bytes(b"\xef\xbb\xbf" + manifest.replace("\n", "\r\n").encode())
    fixed(folder)
    assert file.read_bytes() == b"\xef\xbb\xbf" + MANIFEST.replace("\n", "\r\n").encode()


def test_a_text_marked_with_the_wrong_language_goes(tmp_path: Path) -> None:
    rules = RULES.replace("title: {zh: 回执, en: slip}", "title: {zh: 回执, en: 回执}").replace(
        "title: {zh: 去向, en: where}", "title:\n      # in both\n      zh: where\n      en: where")
    folder = write(tmp_path, rules=rules)
    before = load_policy(folder).rules
    fixes = fixed(folder)
    assert {lint.id for lint in fixes.mended} == {"not-translated"} and not fixes.report.lints
    after = next(folder.glob("1*.yaml")).read_text(encoding="utf-8")
    assert "title: {zh: 回执}" in after
    assert "title:\n      # in both\n      en: where" in after
    assert load_policy(folder).rules == before


def test_a_translation_that_is_another_text_is_the_authors(tmp_path: Path) -> None:
    rules = RULES.replace("title: {zh: 回执, en: slip}", "title: {zh: 回执, en: 回条}")
    fixes = fix_lints(load_policy(write(tmp_path, rules=rules)))
    assert (fixes.files, [x.id for x in fixes.report.lints]) == ((), ["not-translated"])


@pytest.mark.parametrize(("comment", "left"), [
    ("  # lint-ignore unit: x", ""), ("  # lint-ignore unit, text-not-read: x", ""),
    ("  # lint-ignore unit, unused-parameter: soon", "  # lint-ignore unused-parameter: soon"),
    ("  # lint-ignore unused-parameter，unit：soon", "  # lint-ignore unused-parameter：soon"),
])
def test_of_an_ignore_only_what_ignores_something_stays(tmp_path: Path, comment: str,
                                                        left: str) -> None:
    spare = SPARE if "unused-parameter" in comment else ""
    manifest = MANIFEST.replace("parameters:\n", f"parameters:\n{comment}\n{spare}")
    folder = write(tmp_path, manifest=manifest)
    fixed(folder)
    wanted = MANIFEST.replace("parameters:\n", f"parameters:\n{left}\n{spare}" if left
                              else "parameters:\n")
    assert (folder / "pack.yaml").read_text(encoding="utf-8") == wanted


def test_behind_a_line_only_the_comment_goes(tmp_path: Path) -> None:
    manifest = MANIFEST.replace("version: 1.0.0", "version: 1.0.0   # lint-ignore unit: x")
    folder = write(tmp_path, manifest=manifest)
    fixed(folder)
    assert (folder / "pack.yaml").read_text(encoding="utf-8") == MANIFEST


def test_what_a_pack_beside_it_reads_stays(tmp_path: Path) -> None:
    base = write(tmp_path / "tried", manifest=MANIFEST.replace(
        "parameters:\n", f"parameters:\n{SPARE}"))
    rules = RULES.replace("days(params.grace)", "days(params.spare)").replace(
        "id: slip-back", "id: slip-again").split("  - id: where-to")[0]
    top = MANIFEST.replace("id: tried", "id: upon\nbuilds_on: tried").split("parameters:")[0]
    upon = write(tmp_path / "upon", manifest=top, rules=rules, cases=None)
    assert load_policy(upon).rules
    fixes = fix_lints(load_policy(base))
    assert (fixes.files, [lint.id for lint in fixes.report.lints]) == ((), ["unused-parameter"])


def test_an_anchor_that_is_used_elsewhere_stays(tmp_path: Path) -> None:
    manifest = MANIFEST.replace("parameters:\n", "parameters:\n" + SPARE.replace(
        "source: {", "source: &why {")).replace("source: {zh: 试, en: tried}, note", "source: *why, note")
    assert "*why" in manifest
    fixes = fix_lints(load_policy(write(tmp_path, manifest=manifest, cases=CASES)))
    assert fixes.files == ()


def test_edits_that_reach_into_one_another() -> None:
    assert edited("abcdef", [FileEdit(1, 3), FileEdit(2, 5, "x"), FileEdit(5, 5, "y")]) == "adeyf"
