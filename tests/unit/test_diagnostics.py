"""Bad packs and what is said of them: every mistake at once, with its place, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.register_codes import codes_of_registers

from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.messages import LANGS, catalogue, say_diagnostic
from zhuanjie.engine.vocabulary import load

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "diagnostics"


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", sorted(p.name for p in FOLDER.iterdir()))
def test_what_is_said(name: str, lang: str, monkeypatch, update_golden: bool) -> None:
    from zhuanjie.engine import load_policy

    monkeypatch.chdir(FOLDER)
    with pytest.raises(PolicyError) as caught:
        load_policy(f"./{name}")
    said = "\n".join(say_diagnostic(d, lang) for d in caught.value.diagnostics) + "\n"
    golden = FOLDER / name / f"expected.{lang}.txt"
    if update_golden:
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8")


def test_everything_that_is_said_of_vocabularies_is_tried(monkeypatch) -> None:
    from zhuanjie.engine import load_policy

    found = set()
    for folder in FOLDER.iterdir():
        with pytest.raises(PolicyError) as caught:
            load_policy(folder)
        found |= {d.code for d in caught.value.diagnostics}
    monkeypatch.setattr(load, "vocabulary_folders", dict)
    load.default_vocabulary.cache_clear()
    with pytest.raises(PolicyError) as caught:
        load.default_vocabulary()
    found |= {d.code for d in caught.value.diagnostics}
    said = {c for c in catalogue("en") if c.startswith("vocabulary.")}
    assert said - codes_of_registers(said) <= found


def test_ten_mistakes_are_ten() -> None:
    from zhuanjie.engine import load_policy

    with pytest.raises(PolicyError) as caught:
        load_policy(FOLDER / "ten-mistakes")
    assert len(caught.value.diagnostics) >= 10
    assert all(d.place.line and d.place.column for d in caught.value.diagnostics)
