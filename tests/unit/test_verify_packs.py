"""`policy verify` on small packs kept as data: each planted fault is found, and nothing else.

`fixtures/verify/*.yaml` holds them in short form; each entry says what is to be found.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from support.verify_pack import from_short

from zhuanjie.engine.authoring.verification.verify import verify
from zhuanjie.engine.core.messages import LANGS

PACKS = Path(__file__).parents[2] / "fixtures" / "verify"


def _packs() -> list[Any]:
    return [
        pytest.param(entry, id=f"{file.stem}: {entry['name']}", marks=pytest.mark.slow if at % 3 else ())
        for file in sorted(PACKS.glob("*.yaml"))
        for at, entry in enumerate(yaml.safe_load(file.read_text(encoding="utf-8")))
    ]


@pytest.mark.parametrize("entry", _packs())
def test_what_is_planted_is_found_and_nothing_else(tmp_path: Path, entry: dict[str, Any]) -> None:
    found = verify(from_short(tmp_path, entry))
    told = sorted([f.kind, sorted(f.rules)] for f in found.findings)
    assert told == sorted([kind, sorted(rules)] for kind, rules in entry["expect"])
    for said in (*found.findings, *found.proved):
        for lang in LANGS:
            assert "{" not in said.message(lang)
