"""What an engine cannot do: refused, with a reason, each written down in `gaps/<engine>.json`.

Whatever else the reference answers, the engine answers too, or the suites beside this one fail.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.cel_suite import FILES, REFUSED, outcome

from zhuanjie.engine import evaluate
from zhuanjie.engine.core.errors import UnsupportedError

GAPS = {path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in (Path(__file__).parent / "gaps").glob("*.json")}
CASES = [(engine, name) for engine, gaps in GAPS.items() for name in gaps]


@pytest.mark.parametrize(("engine", "name"), CASES)
def test_what_is_refused(engine: str, name: str) -> None:
    gap: dict[str, Any] = GAPS[engine][name]
    evaluate(gap["expression"], gap["data"])  # the reference can
    with pytest.raises(UnsupportedError):
        evaluate(gap["expression"], gap["data"], backend=engine)


@pytest.mark.parametrize("engine", sorted(GAPS))
def test_nothing_else_is_refused(suite: Path, engine: str) -> None:
    for file in FILES:
        for case in json.loads((suite / "cel" / f"{file}.json").read_text(encoding="utf-8"))["cases"]:
            if outcome(case, "reference") is not REFUSED:
                known = any(gap["expression"] == case["expr"] for gap in GAPS[engine].values())
                assert (outcome(case, engine) is REFUSED) == known, case["name"]
