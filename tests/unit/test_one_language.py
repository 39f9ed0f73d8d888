"""An office's own pack may speak one language; what comes with the program speaks both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.author_packs import CASES, MANIFEST, RULES, write

from zhuanjie.cli.main import main
from zhuanjie.engine.api import check, lint, load_policy
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.messages import LANGS
from zhuanjie.engine.core.unicode import comparable
from zhuanjie.engine.core.yaml_source import path_text, read_source
from zhuanjie.engine.policy.found import RULES as SHIPPED

FILES = sorted(p for p in SHIPPED.rglob("*.yaml") if p.parent.name != "cases")
OWN = """\
fields:
  visit.on: {type: date, heading: {zh: 走访日期, en: Visited on}, meaning: {zh: 走访之日, en: day of it}}
  visit.kind: {type: enum, heading: {zh: 走访方式, en: Kind of visit}, values: {home: {zh: 上门, en: at home}}}
parties: {family: {zh: 家属, en: family}}
"""
PAIR = re.compile(r"\{zh: ([^{}]*?), en: ([^{}]*?)\}")


def one_sided(data: Any, trail: tuple[str | int, ...] = ()) -> Iterator[str]:
    """Where a text is in one language only."""
    if isinstance(data, dict):
        if ("zh" in data) != ("en" in data):
            yield path_text(trail)
        for key, value in data.items():
            yield from one_sided(value, (*trail, key))
    elif isinstance(data, list):
        for at, value in enumerate(data):
            yield from one_sided(value, (*trail, at))


@pytest.mark.parametrize("file", FILES, ids=lambda p: str(p.relative_to(SHIPPED)))
def test_what_comes_along_speaks_both(file: Path) -> None:
    assert [*one_sided(read_source(file, PolicyError).data)] == []


def test_every_shipped_field_has_a_heading_and_a_meaning_in_both() -> None:
    file = SHIPPED / "_vocabularies" / "party-transfer" / "fields.yaml"
    fields = read_source(file, PolicyError).data["fields"]
    lacking = [name for name, spec in fields.items()
               if not {"zh", "en"} <= spec["heading"].keys() & spec.get("meaning", {}).keys()]
    assert lacking == []
    assert [name for name, spec in fields.items() if spec["type"] == "enum"
            and any(isinstance(v, str) for v in spec["values"].values())] == []


@pytest.fixture(params=LANGS)
def spoken(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A pack whose texts are all in one language."""
    lang = str(request.param)
    keep = rf"{{{lang}: \{1 if lang == 'zh' else 2}}}"
    manifest, rules = (PAIR.sub(keep, text) for text in (MANIFEST + OWN, RULES))
    other = "en" if lang == "zh" else "zh"
    assert not re.search(rf"[{{ ]{other}: ", manifest + rules)
    return lang, write(tmp_path, rules, CASES, manifest)


def test_one_is_enough(spoken: tuple[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    lang, folder = spoken
    policy = load_policy(folder)
    assert lint(policy) == []
    said = {"zh": "试", "en": "tried"}[lang]
    assert (policy.title.zh, policy.title.en) == (said, said)
    assert main(["policy", "fmt", "--check", str(folder)]) == 0
    assert main(["policy", "test", str(folder)]) == 0
    record = {"member.id": "s1", "letter.issued_on": "2007-06-01"}
    words = {"zh": "错", "en": "wrong"}[lang]
    for shown in LANGS:
        found = check(record, policy, as_of=date(2007, 12, 31), lang=shown)
        assert [f.message for f in found if f.rule == "slip-back"] == [words]
        for command in ("show", "docs", "lint"):
            assert main(["policy", command, str(folder), "--lang", shown]) == 0
        assert main(["fields", str(folder), "--lang", shown]) == 0
        heading = {"zh": "走访日期", "en": "Visited on"}[lang]
        assert heading in capsys.readouterr().out


def test_a_field_is_known_by_the_heading_it_has(spoken: tuple[str, Path]) -> None:
    lang, folder = spoken
    vocabulary = load_policy(folder).vocabulary
    heading = {"zh": "走访日期", "en": "Visited on"}[lang]
    assert vocabulary.headings[comparable(heading)].name == "visit.on"


@pytest.mark.parametrize("texts", ["title: {zh: tried}", "title: {en: 试}"])
def test_what_is_written_is_still_held_to_its_language(tmp_path: Path, texts: str) -> None:
    manifest = MANIFEST.replace("title: {zh: 试, en: tried}", texts, 1)
    (found,) = lint(load_policy(write(tmp_path, manifest=manifest)))
    assert (found.code, found.place.path) == (
        "lint.not-translated", f"title.{texts[8:10]}")


def test_neither_is_too_little(tmp_path: Path) -> None:
    manifest = MANIFEST.replace("title: {zh: 试, en: tried}", "title: {}", 1)
    with pytest.raises(PolicyError) as caught:
        load_policy(write(tmp_path, manifest=manifest))
    assert {(d.code, d.args["key"]) for d in caught.value.diagnostics} == {
        ("pack.missing-key", "zh"), ("pack.missing-key", "en")}
