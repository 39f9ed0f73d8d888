"""Every lint has an id, words and a page, and what its page shows is what it finds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from zhuanjie.engine.api import UsageError, load_policy
from zhuanjie.engine.authoring.linting.fixes import FIXERS, fix_lints
from zhuanjie.engine.authoring.linting.pages import PAGES, LintPage, lint_page
from zhuanjie.engine.authoring.linting.run import lint_report
from zhuanjie.engine.core.lint_ids import LINTS, lint_id

ROOT = Path(__file__).resolve().parents[2]
SOUND = ROOT / "fixtures" / "lints" / "lending"
CODES = [code for code in json.loads((ROOT / "engine/core/catalogue/en/lint.json").read_text(
    encoding="utf-8")) if code.startswith("lint.")]
DOC = ROOT / "docs" / "lints.md"


def test_every_lint_has_a_page_and_no_page_lacks_its_lint() -> None:
    assert sorted(p.stem for p in PAGES.glob("*.yaml")) == sorted(LINTS)
    for name in LINTS:
        assert lint_page(name).id == name


@pytest.mark.parametrize("code", CODES)
def test_all_that_is_said_has_an_id(code: str) -> None:
    assert lint_id(code) in LINTS


def test_the_example_is_sound() -> None:
    report = lint_report(load_policy(SOUND))
    assert (report.lints, report.ignored, report.unused) == ((), (), ())


def bad(page: LintPage, tmp_path: Path) -> tuple[Path, range]:
    """The example with the bad part in place of the good one, and the lines it stands in."""
    folder = tmp_path / "lending"
    shutil.copytree(SOUND, folder)
    file = folder / page.file
    text = file.read_text(encoding="utf-8")
    assert text.count(page.good) == 1, "what is good is no part of the example"
    file.write_text(text.replace(page.good, page.bad), encoding="utf-8")
    first = text[:text.index(page.good)].count("\n") + 1
    return folder, range(first, first + page.bad.count("\n"))


@pytest.mark.parametrize("name", LINTS)
def test_what_is_bad_is_found_and_nothing_else(name: str, tmp_path: Path) -> None:
    page = lint_page(name)
    folder, lines = bad(page, tmp_path)
    found = lint_report(load_policy(folder)).lints
    assert {lint.id for lint in found} == {name}
    for lint in found:
        assert lint.diagnostic.place.file and lint.diagnostic.place.line
        if lint.diagnostic.place.file.endswith(page.file) and name != "overlap":
            assert lint.diagnostic.place.line in lines


@pytest.mark.parametrize("name", LINTS)
def test_what_a_page_says_is_mended_is_mended(name: str, tmp_path: Path) -> None:
    page = lint_page(name)
    folder, _ = bad(page, tmp_path)
    fixes = fix_lints(load_policy(folder))
    assert bool(fixes.mended) == (page.fix is not None)
    assert (fixes.report.lints == ()) == (page.fix is not None)
    if page.fix is not None:
        assert name in FIXERS or name == "unused-ignore"
        assert [f.path.name for f in fixes.files] == [Path(page.file).name]


def test_an_id_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as refused:
        lint_page("unused-paramter")
    [said] = refused.value.diagnostics
    assert (said.code, said.args["near"]) == ("lint-id.unknown", "unused-parameter")


def document() -> str:
    """docs/lints.md, made of the pages."""
    parts = [
        "# Lints\n",
        "What `zhuanjie policy lint` says of a pack, by id. This page is made of the program's own"
        " pages, which\n`zhuanjie policy lint --explain ID` prints in Chinese or English; a test"
        " puts each bad example in the place of\nthe good one in a sound pack"
        " (`fixtures/lints/lending`) and sees that it is found.\n",
        "## Settings, ignores, repairs\n",
        "In `zhuanjie.toml`, how much each lint weighs; what is off is not said:\n",
        "```toml\n[lint]\nunit = \"error\"\nboundary = \"off\"\n```\n",
        "In a pack's YAML, a comment ignores lints at one place, and says why. Behind a line it"
        " speaks of that line; on\na line of its own it speaks of what begins on the next one: a"
        " rule with all its parts, a parameter, a key.\nAn ignore without a reason, with an unknown"
        " id, or that ignores nothing is a lint itself.\n",
        "```yaml\n# lint-ignore text-not-read: readers ask for the day on which the book went"
        " out\n- id: card-shown\n```\n",
        "`zhuanjie policy lint PACK --fix` mends what is safe to mend; `--diff` shows it and"
        " writes nothing. A change is\nmade only where the pack, read again, has the same rules,"
        " clauses and cases, where nothing new is found, and where\nthe packs beside it that build"
        " on it still load. Comments and layout stay.\n",
        "| id | weighs | `--fix` | |\n|---|---|---|---|",
    ]
    parts += [f"| [`{name}`](#{name}) | {LINTS[name]} | {'yes' if lint_page(name).fix else ''} "
              f"| {lint_page(name).title.en} |" for name in LINTS]
    for name in LINTS:
        page = lint_page(name)
        parts.append(f"\n## {name}\n\n**{page.title.en}.** {page.why.en}\n")
        parts.append(f"Bad, in `{page.file}`:\n\n```text\n{page.bad}```\n\n"
                     f"Good:\n\n```text\n{page.good}```")
        if page.fix:
            parts.append(f"\n`--fix`: {page.fix.en}")
    return "\n".join(parts) + "\n"


def test_the_documentation_has_every_page(update_golden: bool) -> None:
    if update_golden:
        DOC.write_text(document(), encoding="utf-8")
    assert DOC.read_text(encoding="utf-8") == document()
