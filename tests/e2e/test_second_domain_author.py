"""A pack of another domain: what its bases were is noted, and its rules are tried on a record."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from zhuanjie.cli.main import main

PERMITS = Path(__file__).resolve().parents[2] / "fixtures" / "permits"
PACK, LEDGER = PERMITS / "harbour-2024-6", PERMITS / "permits.csv"


class Caller:
    """Calls commands in one language."""

    def __init__(self, lang: str, capfd: pytest.CaptureFixture[str]) -> None:
        self.lang, self.capfd = lang, capfd

    def __call__(self, *args: str | Path, code: int = 0) -> str:
        came = main([*map(str, args), "--lang", self.lang])
        said = self.capfd.readouterr()
        assert came == code, said
        # Nothing is said of the other domain.
        assert not any(word in said.out + said.err for word in ("member", "党", "介绍信", "学号"))
        return said.out


@pytest.fixture(params=["zh", "en"])
def call(request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]) -> Caller:
    return Caller(request.param, capfd)


def test_what_a_pack_was_checked_against_is_noted(call: Caller, tmp_path: Path) -> None:
    shutil.copytree(PERMITS, tmp_path / "packs")
    folder = tmp_path / "packs" / "harbour-own"
    call("policy", "new", "harbour-own", "--output", folder, "--builds-on", PACK.name)
    call("policy", "lock", folder, "--check", code=1)
    call("policy", "lock", folder)
    call("policy", "lock", folder, "--check")
    base = tmp_path / "packs" / PACK.name / "pack.yaml"
    version = next(line for line in base.read_text(encoding="utf-8").splitlines()
                   if line.startswith("version:"))
    base.write_text(base.read_text(encoding="utf-8").replace(version, "version: 9.9.9", 1),
                    encoding="utf-8")
    told = json.loads(call("policy", "lock", folder, "--check", "--format", "json", code=1))
    assert [c["kind"] for c in told["changed"]] == ["lint.base-changed-version"]


def test_rules_are_tried_on_a_record(call: Caller) -> None:
    asked = ("--ledger", LEDGER, "--row", "3", "--as-of", "2024-06-30")
    shown = call("policy", "try", PACK, *asked, "-e", ":record", "-e", "H2", "-e",
                 "has(inspection.result)", "-e", ":fields", "-e", ":rules")
    assert "S-002" in shown and "H2" in shown and "inspection.result" in shown
    call("policy", "try", PACK, *asked, "-e", "inspection.resullt == 'x'", code=2)
