"""The JSON of the policy commands has the shape that `docs/formats.md` promises, and their codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.author_packs import CASES, MANIFEST, RULES, WEIGHED, write

from zhuanjie.cli.main import main

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
FAILING = CASES.replace("- [2007-07-02, null, violation, null]",
                        "- [2007-07-02, null, satisfied, null]")
WEAK = "".join(x for x in CASES.splitlines(keepends=True)
               if "- [2007-07-0" not in x and "null, 2007-07-01" not in x)
GAP = RULES.replace("!employment.employed", "!employment.employed && has(member.cohort)")


def keys_of(command: str) -> set[str]:
    """Every key that the page names for a command."""
    row = re.search(rf"^\| `policy {command}` \| (.*) \|$", PAGE, re.MULTILINE)
    assert row
    return set(re.findall(r'"(\w+)"', row[1]))


def keys_in(data: Any) -> set[str]:
    """Every key of a document, but those that are data themselves."""
    if isinstance(data, list):
        return set().union(*map(keys_in, data))
    if not isinstance(data, dict):
        return set()
    own = {k for k in data if re.fullmatch(r"[a-z_]+", k)}
    inner = (v for k, v in data.items() if k not in ("witness", "record", "outcomes", "parameters",
                                                     "rows", "conditions", "by_aspect", "moments", "dates"))
    return own.union(*map(keys_in, inner))


@pytest.mark.parametrize(("command", "parts", "code", "needed"), [
    ("test", {}, 0, {"cases", "passed", "failed"}),
    ("test", {"cases": FAILING}, 1, {"differs", "expected", "actual", "backend", "line"}),
    ("coverage", {"cases": WEAK}, 0, {"score", "rules", "clauses", "uncovered", "kind"}),
    ("mutate", {}, 0, {"mutants", "killed", "equivalent", "survivors"}),
    ("mutate", {"cases": WEAK}, 1, {"rule", "fault", "diff", "witness"}),
    ("verify", {}, 0, {"proved", "findings", "message", "rules", "kind"}),
    ("verify", {"rules": GAP}, 1, {"witness", "severity", "as_of"}),
    ("diff", {"manifest": MANIFEST.replace("value: 30", "value: 20")}, 1,
     {"text", "meaning", "verdict", "witness", "as_of", "impact", "records_changed", "changes"}),
    ("diff", {}, 0, {"text", "meaning", "impact"}),
])
def test_shape_and_code(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str,
                        parts: dict[str, str], code: int, needed: set[str]) -> None:
    packs = [str(write(tmp_path / "pack", **{"cases": CASES + WEIGHED, **parts}))]
    options: list[str] = []
    if command == "diff":
        packs.insert(0, str(write(tmp_path / "old")))
        ledger = tmp_path / "ledger.csv"
        ledger.write_text("member.id,letter.issued_on\n1,2007-06-05\n", encoding="utf-8")
        options = ["--ledger", str(ledger), "--as-of", "2007-07-01"]
    told = {}
    for lang in ("en", "zh"):
        assert main(["policy", command, *packs, *options, "--format", "json", "--lang", lang]) == code
        told[lang] = json.loads(capsys.readouterr().out)
    found = keys_in(told["en"])
    assert needed <= found
    rules = {"slip-back", "where-to", "grace"}
    assert found - keys_of(command) - rules == set()
    assert json.dumps(told["en"]).count('"') == json.dumps(told["zh"]).count('"')
