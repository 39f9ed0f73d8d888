"""Every message stands in both languages and quotes the same values."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from zhuanjie.engine.core.messages import LANGS, catalogue, default_lang, say

ROOT = Path(__file__).resolve().parents[2]


def test_both_languages_say_the_same_things() -> None:
    zh, en = (catalogue(lang) for lang in LANGS)
    assert set(zh) == set(en)


@pytest.mark.parametrize("lang", LANGS)
def test_no_code_stands_in_two_files(lang: str) -> None:
    import json

    seen: dict[str, str] = {}
    files = list((ROOT / "engine" / "core" / "catalogue" / lang).glob("*.json"))
    assert len(files) > 10
    for file in files:
        pairs = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=list)
        for code, _ in pairs:
            assert code not in seen, f"{code} in {file.name} and {seen.get(code)}"
            seen[code] = file.name


def test_placeholders_agree() -> None:
    zh, en = (catalogue(lang) for lang in LANGS)

    def names(text: str) -> set[str]:
        return {n for _, n, _, _ in Formatter().parse(text) if n}

    assert not {code for code in en if names(en[code]) != names(zh[code])}


def test_every_code_in_the_source_has_words() -> None:
    known = set(catalogue("en"))
    areas = {code.split(".")[0] for code in known}
    used = set()
    for path in (p for top in ("engine", "synthetic") for p in (ROOT / top).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r'"([a-z]+\.[a-z][a-z.-]*[a-z])"', text))
    files = {".json", ".yaml", ".yml", ".csv", ".py", ".lock"}
    lacking = {c for c in used - known
               if c.split(".")[0] in areas and Path(c).suffix not in files
               and c.split(".")[0] not in {"member", "letter", "record"}}
    assert not lacking


@pytest.mark.parametrize(("environ", "lang"), [
    ({"LANG": "zh_CN.UTF-8"}, "zh"),
    ({"LANG": "en_GB.UTF-8"}, "en"),
    ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
    ({"LC_MESSAGES": "zh_TW", "LANG": "en_US"}, "zh"),
    ({}, "en"),
])
def test_language_of_the_locale(environ: dict[str, str], lang: str) -> None:
    assert default_lang(environ) == lang


def test_say_fills_in() -> None:
    assert "`x`" in say("hint.near", "en", near="x")
