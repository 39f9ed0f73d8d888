"""What an editor is answered, without one: places, cursors, what is named where."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from support.author_packs import CASES, MANIFEST, RULES, write

from zhuanjie.engine.api import PackEditor, TextPosition, UsageError
from zhuanjie.engine.authoring.editor.mentions import mentions
from zhuanjie.engine.authoring.editor.roles import file_kind, role_at
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.yaml_source import read_source
from zhuanjie.engine.policy.found import RULES as SHIPPED
from zhuanjie.engine.policy.found import pack_folders

HERE = "¦"


def editor(tmp_path: Path) -> tuple[PackEditor, Path]:
    return PackEditor("en"), write(tmp_path, rules=RULES, cases=CASES, manifest=MANIFEST).resolve()


def typed(known: PackEditor, path: Path, text: str) -> TextPosition:
    """The position of the mark in a text that is opened without it."""
    at = text.index(HERE)
    known.open(path, text.replace(HERE, ""))
    return known.map(text).position(at)


def labels(known: PackEditor, path: Path, text: str) -> list[str]:
    return [p.label for p in known.completions(path, typed(known, path, text))]


@pytest.mark.parametrize("name", pack_folders())
def test_what_is_named_is_there_to_the_letter(name: str) -> None:
    seen: Counter[str] = Counter()
    for path in sorted((SHIPPED / name).glob("**/*.yaml")):
        kind = file_kind(path)
        assert kind is not None
        source = read_source(path, PolicyError)
        for mention in mentions(source, kind):
            seen[mention.kind] += 1
            written = source.text[mention.start:mention.end]
            assert written.replace(" ", "").replace("\n", "") == mention.name
    assert {"field", "clause", "rule"} <= set(seen)


def test_whatever_rules_read_is_among_what_is_named() -> None:
    """The names found in the texts of conditions are those that the type check resolves."""
    from zhuanjie.engine.api import load_policy

    for name in pack_folders():
        policy = load_policy(name)
        pack = policy.chain[-1]
        named: dict[str, set[str]] = {
            "field": set(), "parameter": set(), "definition": set()}
        files = [(pack.source, "pack"), *((topic.source, "topic") for topic in pack.topics)]
        for source, kind in files:
            for mention in mentions(source, kind):  # type: ignore[arg-type]
                if mention.kind in named:
                    named[mention.kind].add(mention.name)
        own = [r for r in policy.rules if r.pack == pack.manifest.id and not r.history]
        assert set().union(*(r.params for r in own), set()) <= named["parameter"]
        assert set().union(*(r.definitions for r in own), set()) <= named["definition"]
        assert set().union(*(r.fields for r in own), set()) <= named["field"]


@pytest.mark.parametrize(("old", "new", "wanted", "unwanted"), [
    ("has(letter.issued_on)", "has(lett¦", {"letter.issued_on", "params.grace", "has", "days"}, set()),
    ("days(params.grace)", "days(params.¦", {"grace"}, {"letter.issued_on"}),
    ("employment.employed", "destination.kind == '¦", {"employer_org"}, {"letter.issued_on"}),
    ("employment.employed", "destination.kind in ['x', ¦", {"employer_org"}, set()),
    ("employment.employed", "employment.employed == ¦", {"true", "false"}, set()),
    ('clause: "2a"', 'clause: "¦', {"1", "2a", "2b"}, set()),
    ("allow: [employer_org]", "allow: [¦", {"employer_org"}, {"2a"}),
    ("done: receipt.returned_on", "done: ¦", {"receipt.returned_on"}, {"params.grace"}),
    ("zh: 错,", "zh: '错 {¦", {"due", "params.grace", "letter.issued_on"}, set()),
    ("    when: has(letter.issued_on)\n", "    ¦\n", {"when", "moments", "severity"}, {"clause"}),
    ("    when: has(letter.issued_on)\n", "    severity: ¦\n", {"error", "warning"}, {"when"}),
    ("    deadline:\n", "    deadline:\n      ¦\n", set(), {"severity"}),
])
def test_what_is_proposed_in_a_rule(tmp_path: Path, old: str, new: str, wanted: set[str],
                                    unwanted: set[str]) -> None:
    known, folder = editor(tmp_path)
    path = folder / "10-rules.yaml"
    known.read(folder)
    found = set(labels(known, path, RULES.replace(old, new, 1)))
    assert wanted <= found and not unwanted & found


def test_a_proposal_replaces_what_is_typed_and_is_quoted_where_it_must_be(tmp_path: Path) -> None:
    known, folder = editor(tmp_path)
    path = folder / "10-rules.yaml"
    for old, new, label, result in [
        ("has(letter.issued_on)", "has(letter.is¦", "letter.issued_on", "has(letter.issued_on"),
        ('clause: "1"', "clause: ¦", "1", 'clause: "1"'),
        ('clause: "1"', 'clause: "¦"', "1", 'clause: "1"'),
        ("employment.employed", "destination.kind == 'empl¦'", "employer_org",
         "destination.kind == 'employer_org'"),
        ("employment.employed", "destination.kind == ¦", "employer_org",
         "destination.kind == 'employer_org'"),
        ('"!employment.employed"', "\"destination.kind == '¦'\"", "employer_org",
         "\"destination.kind == 'employer_org'\""),
        ("    deadline:\n", "    dead¦\n", "deadline", "    deadline:\n"),
    ]:
        text = RULES.replace(old, new, 1)
        at = typed(known, path, text)
        whole = text.replace(HERE, "")
        [found] = [p for p in known.completions(path, at) if p.label == label]
        assert whole[:found.start] + found.text + whole[found.end:] == RULES.replace(old, result, 1)


def test_what_is_proposed_in_cases_and_in_the_manifest(tmp_path: Path) -> None:
    known, folder = editor(tmp_path)
    cases, manifest = folder / "cases" / "all.yaml", folder / "pack.yaml"
    known.read(folder)
    for path, text, old, new, wanted in [
        (cases, CASES, "record: {member.id: s1}", "record: {lett¦", "letter.issued_on"),
        (cases, CASES, "expect.slip-back.due]", "expect.sl¦", "expect.slip-back"),
        (cases, CASES, "expect.slip-back.due]", "expect.slip-back.¦", "expect.slip-back.days_late"),
        (cases, CASES, "2007-07-02, violation", "2007-07-02, ¦", "pending"),
        (cases, CASES, "expect: {slip-back: not_applicable", "expect: {slip-back: ¦", "satisfied"),
        (cases, CASES, "expect: {slip-back: not_applicable", "expect: {¦", "slip-back"),
        (cases, CASES, "- [true, employer_org", "- [true, ¦", "employer_org"),
        (manifest, MANIFEST, '"2": {binds: sender', '"2": {binds: ¦', "receiver"),
        (manifest, MANIFEST, "unit: days", "unit: ¦", "months"),
        (manifest, MANIFEST, "in_force:", "¦\nin_force:", "by_default"),
        (manifest, MANIFEST, '"2": {binds: sender', '"2": {dated_by: ¦', "letter.issued_on"),
    ]:
        assert old in text
        assert wanted in labels(known, path, text.replace(old, new, 1)), new
        known.open(path, text)


def test_what_was_known_stays_while_a_file_is_broken(tmp_path: Path) -> None:
    known, folder = editor(tmp_path)
    path = folder / "10-rules.yaml"
    known.read(folder)
    text = RULES.replace("topic: {zh: 试", "topic: {zh: '试").replace("params.grace", "params.¦")
    at = typed(known, path, text)
    remarks = known.read(folder)
    assert [r.diagnostic.code for r in remarks[path]] == ["source.yaml"]
    assert [p.label for p in known.completions(path, at)] == ["grace"]


@pytest.mark.parametrize("name", [
    "quanzhou-normal-2007-23", *(pytest.param(name, marks=pytest.mark.slow) for name in (
        *pack_folders(), "random") if name != "quanzhou-normal-2007-23")])
def test_no_prefix_of_a_file_upsets_it(name: str) -> None:
    """However far a file is typed, every question is answered."""
    import random

    rng = random.Random(name)
    folder = (SHIPPED / (name if name != "random" else next(iter(pack_folders())))).resolve()
    known = PackEditor("zh")
    known.read(folder, with_cases=False)
    for path in sorted(folder.glob("**/*.yaml")):
        whole = path.read_text(encoding="utf-8")
        for _ in range(6 if name != "random" else 200):
            text = whole[:rng.randrange(len(whole))]
            if name == "random":
                at = rng.randrange(len(text) + 1)
                text = text[:at] + rng.choice("{[\"'#:-&*!|>%@` \n𠮷") + text[at:]
            known.open(path, text)
            at = known.map(text).position(rng.randrange(len(text) + 1))
            for place in (at, known.map(text).position(len(text))):
                known.completions(path, place)
                known.hover(path, place)
                known.definition(path, place)
                known.references(path, place, declared=True)
            known.lenses(path)
            known.formatted(path)
        known.close(path)


def test_renaming_a_parameter_of_the_base_reaches_packs_that_build_on_it(tmp_path: Path) -> None:
    base = write(tmp_path / "tried").resolve()
    rules = RULES.replace("id: slip-back", "id: slip-again").split("  - id: where-to")[0]
    top = MANIFEST.replace("id: tried", "id: upon\nbuilds_on: tried").split("parameters:")[0]
    upon = write(tmp_path / "upon", manifest=top, rules=rules, cases=None).resolve()
    known = PackEditor("en")
    for path, text in ((base / "pack.yaml", MANIFEST), (upon / "10-rules.yaml", rules)):
        mark = text.replace("  grace:", f"  gra{HERE}ce:").replace(
            "params.grace", f"params.gra{HERE}ce")
        edits = known.renamed(path, typed(known, path, mark), "respite")
        assert set(edits) == {base / "pack.yaml", base / "10-rules.yaml", upon / "10-rules.yaml"}


def test_what_a_shipped_base_declares_keeps_its_name(tmp_path: Path) -> None:
    rules = RULES.split("  - id: where-to")[0].replace("params.grace", "params.receipt_return_days")
    top = MANIFEST.replace("id: tried", "id: upon\nbuilds_on: fujian-2007-80").split("parameters:")[0]
    folder = write(tmp_path / "upon", manifest=top, rules=rules.replace(
        'clause: "1"', 'clause: "1.6b"'), cases=None).resolve()
    known = PackEditor("en")
    path = folder / "10-rules.yaml"
    text = path.read_text(encoding="utf-8").replace("receipt_return", f"receipt{HERE}_return")
    with pytest.raises(UsageError, match="comes with the program"):
        known.renamed(path, typed(known, path, text), "back_days")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
@pytest.mark.parametrize("name", ["beside/pack.yaml", "pack/20-more.yaml", "pack/cases/more.yaml"])
def test_a_pipe_that_lies_there_is_not_waited_for(name: str, tmp_path: Path) -> None:
    """Nobody writes into it, and opening it would not end."""
    folder = write(tmp_path / "pack", rules=RULES).resolve()
    pipe = tmp_path / name
    pipe.parent.mkdir(exist_ok=True)
    os.mkfifo(pipe)
    known = PackEditor("en")
    known.read(folder)
    assert known.text(pipe) is None
    assert "letter.issued_on" in labels(
        known, folder / "10-rules.yaml",
        RULES.replace("has(letter.issued_on)", "has(letter.¦)", 1))


def test_every_key_of_the_models_has_a_role() -> None:
    assert role_at("topic", ("rules", 0, "when")).kind == "cel"  # type: ignore[union-attr]
    assert role_at("topic", ("rules", 3, "nothing")) is None
    for kind, trail in (("topic", ("rules", 0)), ("pack", ()), ("cases", ("cases", 0))):
        role = role_at(kind, trail)  # type: ignore[arg-type]
        assert role is not None and len(role.properties) > 3


def test_a_folder_that_is_no_pack_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path.resolve() / "other.yaml"
    known = PackEditor("en")
    known.open(path, "when: x")
    assert (known.folders(path), known.completions(path, TextPosition(0, 2))) == ([], [])
    assert known.hover(path, TextPosition(0, 1)) is None


def test_in_a_comment_only_lints_to_ignore_are_proposed(tmp_path: Path) -> None:
    known, folder = editor(tmp_path)
    path = folder / "10-rules.yaml"
    known.read(folder)
    for typed_comment, some in [("# ¦", False), ("# has(¦", False), ("# lint-ignore ¦", True),
                                ("# lint-ignore unit, text¦", True), ("# lint-ignore unit: ¦", False)]:
        text = RULES.replace("    deadline:\n", f"    {typed_comment}\n    deadline:\n", 1)
        assert ("boundary" in labels(known, path, text)) == some, typed_comment
    text = RULES.replace("has(letter.issued_on)", "has(letter.¦)  # note", 1)
    assert "letter.issued_on" in labels(known, path, text)


def test_a_lens_counts_what_a_run_runs(tmp_path: Path) -> None:
    known, folder = editor(tmp_path)
    for pack in (folder, (SHIPPED / "central-2015-33").resolve()):
        for path in sorted(pack.glob("[0-9]*.yaml")):
            for lens in known.lenses(path)[:3]:
                assert known.run_cases(path, lens.rule).cases == lens.cases > 0


@pytest.mark.parametrize("when", [
    "    when: >-\n      has(letter.issued_on) &&\n\n      has(member.id)\n      && 𠮷 has(no.such)\n",
    "    when: has(letter.issued_on)\n      && has(no.such)\n",
    "    when: 'has(letter.issued_on) && member.id != ''a''\n      && has(no.such)'\n",
    '    when: "has(letter.issued_on) && member.id != \\"a\\"\n      && has(no.such)"\n',
    "    when: |\n      has(letter.issued_on)\n      && has(no.such)\n",
])
def test_a_mistake_in_a_text_of_several_lines_is_marked_where_it_stands(tmp_path: Path,
                                                                        when: str) -> None:
    known, folder = editor(tmp_path)
    path = folder / "10-rules.yaml"
    when = when.replace("𠮷 ", "")
    text = RULES.replace("    when: has(letter.issued_on)\n", when, 1)
    known.open(path, text)
    [found] = [r.diagnostic for r in known.read(folder)[path] if r.severity == "error"]
    assert found.code == "cel.unknown-name"
    at = known.map(text).from_yaml(found.place.line or 0, int(found.place.column or 0))
    assert text[at:at + 7] == "no.such"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_function_of_conditions_is_explained(lang: str) -> None:
    from zhuanjie.engine.authoring.editor.hover import function_text
    from zhuanjie.engine.expr.operators import OPS

    named = [op.name for op in OPS.values() if op.cel == op.name]
    assert len(named) > 6
    for name in (*named, "as_of"):
        assert name in function_text(name, lang), name  # type: ignore[arg-type]
        assert "…" not in function_text(name, lang), name  # type: ignore[arg-type]


def test_a_definition_is_named_completed_and_explained(tmp_path: Path) -> None:
    manifest = MANIFEST.replace("clauses:\n", "definitions:\n  slip_due:\n    title: {zh: 应还日, en: due day}\n"
                                "    is: letter.issued_on + days(params.grace)\nclauses:\n")
    rules = RULES.replace("letter.issued_on + days(params.grace)", "slip_due", 1)
    folder = write(tmp_path, manifest=manifest, rules=rules).resolve()
    known, path = PackEditor("en"), folder / "10-rules.yaml"
    assert [r for some in known.read(folder, with_cases=False).values() for r in some] == []
    at = typed(known, path, rules.replace("due: slip_due", f"due: slip{HERE}_due"))
    assert "due day" in (known.hover(path, at) or pytest.fail()).text
    place = known.definition(path, at)
    assert place is not None and place.path == folder / "pack.yaml"
    edits = known.renamed(path, at, "back_by")
    assert {p.name: len(some) for p, some in edits.items()} == {"pack.yaml": 1, "10-rules.yaml": 1}
    assert "slip_due" in labels(known, path, rules.replace("due: slip_due", f"due: sl{HERE}"))
