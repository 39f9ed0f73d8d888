"""What a changed number makes of a ledger, against a count by hand.

The other side is the reading of the obligations in `oracle.py`, run twice on the cells of the file;
nothing of the program takes part in it.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.marks import few
from support.oracle import judge_ledger

from zhuanjie.cli.main import main
from zhuanjie.engine.policy.found import find_folder

PACK = "fujian-2007-80"
AS_OF = date(2007, 12, 31)
NUMBERS = {"valid_days", "cohort"}
DAYS = ("_on", "_to")


def cells(path: Path) -> list[dict[str, Any]]:
    """The rows of a ledger as generated, read by hand."""
    def read(name: str, text: str) -> Any:
        if name.endswith(DAYS):
            return date.fromisoformat(text)
        if name.split(".")[1] in NUMBERS:
            return int(text)
        return {"true": True, "false": False}.get(text, text)

    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{k: read(k, v) for k, v in row.items() if v} for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("impact") / "ledger.csv"
    assert main(["generate", "--records", "1500", "--seed", "11", "--output", str(path),
                 "--as-of", AS_OF.isoformat(), "--rate", "1.6b=0.2", "--rate", "2.4b=0.1",
                 "--quiet"]) == 0
    return path


def changed(folder: Path, name: str, was: int, now: int) -> Path:
    """The provincial pack with another value of one parameter, as an author would edit it."""
    shutil.copytree(find_folder(PACK), folder)
    manifest = folder / "pack.yaml"
    head, rest = manifest.read_text(encoding="utf-8").split(f"  {name}:\n")
    assert f"value: {was}\n" in rest
    manifest.write_text(f"{head}  {name}:\n" + rest.replace(f"value: {was}\n", f"value: {now}\n", 1),
                        encoding="utf-8")
    return folder


@pytest.mark.parametrize(("name", "was", "now"), few([
    ("receipt_return_days", 30, 45), ("letter_validity_days", 90, 60), ("probation_months", 12, 11),
    ("contact_interval_days", 180, 90), ("extension_min_months", 6, 7), ("branch_assign_days", 30, 5),
], ("receipt_return_days", 30, 45)))
def test_impact_is_what_a_count_by_hand_gives(ledger: Path, tmp_path: Path, name: str, was: int,
                                              now: int, capsys: pytest.CaptureFixture[str]) -> None:
    new = changed(tmp_path / PACK, name, was, now)
    code = main(["policy", "diff", PACK, str(new), "--ledger", str(ledger), "--as-of",
                 AS_OF.isoformat(), "--format", "json"])
    impact = json.loads(capsys.readouterr().out)["impact"]
    records = cells(ledger)
    expected = [
        {"record": record["member.id"], "clause": clause, "was": before[clause].outcome,
         "is": after[clause].outcome}
        for record, before, after in zip(records, judge_ledger(records, AS_OF),
                                         judge_ledger(records, AS_OF, {name: now}), strict=True)
        for clause in before if before[clause].outcome != after[clause].outcome
    ]
    assert code == 1 and expected
    told = [{k: c[k] for k in ("record", "clause", "was", "is")} for c in impact["changes"]
            if c["aspect"] == "outcome"]
    by_row = {r["member.id"]: at for at, r in enumerate(records)}
    assert [by_row[c["record"]] for c in told] == sorted(by_row[c["record"]] for c in told)
    assert Counter(map(str, told)) == Counter(map(str, expected))
    assert impact["records"] == len(records)
    assert impact["by_aspect"]["outcome"] == {
        "changes": len(expected), "records": len({c["record"] for c in expected})}
    assert sum(c["count"] for c in impact["counts"]
               if c["aspect"] == "outcome") == len(expected)
