"""What a ledger comes to under two packs, counted by diff and by auditing twice."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from zhuanjie.cli.main import main
from zhuanjie.engine.api import audit, load_policy
from zhuanjie.engine.core.aspects import Aspect

ROOT = Path(__file__).parents[2]
PACK = ROOT / "rules" / "fujian-2007-80"
LEDGER = ROOT / "fixtures" / "ledgers" / "school-b.csv"
DAY = date(2008, 6, 30)

CHANGES: dict[str, tuple[str, str, str]] = {
    "another term": ("pack.yaml", "value: 30", "value: 45"),
    "another severity": ("30-letter.yaml", "    clause: \"1.3b\"",
                         "    clause: \"1.3b\"\n    severity: warning"),
    "another clause": ("30-letter.yaml", "    clause: \"1.3b\"", "    clause: \"1.3c\""),
    "another condition": ("60-receipt.yaml", "when: has(letter.issued_on)",
                          "when: has(letter.issued_on) && member.cohort == 2007"),
}


def changed(folder: Path, names: Sequence[str]) -> Path:
    """A copy of the pack with some of the changes."""
    copy = folder / "fujian-2007-80"
    shutil.copytree(PACK, copy)
    for name in names:
        file, old, new = CHANGES[name]
        text = (copy / file).read_text(encoding="utf-8")
        assert old in text
        (copy / file).write_text(text.replace(old, new), encoding="utf-8")
    return copy


def by_hand(old: Path, new: Path, day: date) -> Counter[tuple[str, Any, Any]]:
    """What changes between two audits: each finding held up against the other audit's."""
    sides = []
    for pack in (old, new):
        found = audit(LEDGER, load_policy(pack), as_of=day).findings
        sides.append({(f.location.row, f.rule): f for f in found if f.location is not None})
    out: Counter[tuple[str, Any, Any]] = Counter()
    for key in sides[0].keys() & sides[1].keys():
        was, now = sides[0][key], sides[1][key]
        for aspect, a, b in (
                ("outcome", was.outcome, now.outcome), ("due", was.due, now.due),
                ("days_late", was.days_late, now.days_late),
                ("severity", was.severity, now.severity), ("clause", was.clause, now.clause)):
            if a != b:
                out[aspect, str(a), str(b)] += 1
    for aspect, mine, theirs in (("gone", *sides), ("new", *reversed(sides))):
        for key in mine.keys() - theirs.keys():
            out[aspect, str(mine[key].outcome), ""] += 1
    return out


def counted(old: Path, new: Path, day: date, capsys: pytest.CaptureFixture[str],
            *more: str) -> tuple[dict[str, Any], Counter[tuple[str, Any, Any]]]:
    """The same by `policy diff`; an outcome that is told by one side alone is gone, or new."""
    main(["policy", "diff", str(old), str(new), "--ledger", str(LEDGER), "--as-of",
          day.isoformat(), "--format", "json", *more])
    impact = json.loads(capsys.readouterr().out)["impact"]
    out: Counter[tuple[str, Any, Any]] = Counter()
    quiet = {"satisfied", "not_applicable"}
    for c in impact["changes"]:
        was, now = c["was"], c["is"]
        if c["aspect"] != "outcome" or not {was, now} & quiet:
            out[c["aspect"], str(was), str(now)] += 1
        elif not {was, now} <= quiet:
            out[("new", now, "") if was in quiet else ("gone", was, "")] += 1
    return impact, out


@pytest.mark.parametrize("names", [*([n] for n in CHANGES), list(CHANGES)], ids=", ".join)
def test_diff_counts_what_two_audits_show(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                          names: list[str]) -> None:
    copy = changed(tmp_path, names)
    wanted = by_hand(PACK, copy, DAY)
    impact, found = counted(PACK, copy, DAY, capsys)
    assert wanted, "nothing changes"
    assert found == wanted
    for aspect in Aspect:
        here = [c for c in impact["changes"] if c["aspect"] == aspect.value]
        assert impact["by_aspect"][aspect.value] == {
            "changes": len(here), "records": len({c["row"] for c in here})}
        assert sum(c["count"] for c in impact["counts"] if c["aspect"] == aspect.value) == len(here)
    assert all(c["rule_file"] and c["rule_line"] for c in impact["changes"])


def test_a_summary_counts_and_lists_no_record(tmp_path: Path,
                                              capsys: pytest.CaptureFixture[str]) -> None:
    copy = changed(tmp_path, ["another term"])
    impact, _ = counted(PACK, copy, DAY, capsys, "--summary")
    assert impact["changes"] == [] and impact["by_aspect"]["due"]["changes"] > 0
    moved = [c for c in impact["counts"] if c["aspect"] == "due"]
    assert {c["days"] for c in moved} == {15}


def test_a_number_set_for_the_run_counts_for_both(tmp_path: Path,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    copy = changed(tmp_path, ["another term"])
    terms = [p for p in load_policy(PACK).parameters if
             load_policy(PACK).parameters[p].value == 30]
    impact, _ = counted(PACK, copy, DAY, capsys, *(a for t in terms for a in ("--set", f"{t}=30")))
    assert impact["changes"] == []


def test_packs_between_commas_judge_by_date(capsys: pytest.CaptureFixture[str]) -> None:
    packs = [str(ROOT / "rules" / name) for name in (
        "fujian-2007-80", "central-2015-33", "central-2019-regulations")]
    main(["policy", "diff", ",".join(packs[:2]), ",".join(packs), "--ledger", str(LEDGER),
          "--as-of", "2020-06-30", "--format", "json"])
    later = json.loads(capsys.readouterr().out)
    main(["policy", "diff", ",".join(packs[:2]), ",".join(packs), "--ledger", str(LEDGER),
          "--as-of", "2018-06-30", "--format", "json"])
    assert later["impact"]["by_aspect"]["outcome"]["changes"] > 0
    assert json.loads(capsys.readouterr().out)["impact"]["changes"] == []


def test_who_is_absent_from_a_roster_is_compared(tmp_path: Path,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    copy = changed(tmp_path, [])
    file = copy / "50-register.yaml"
    text = file.read_text(encoding="utf-8")
    head, *rules = text.split("  - id: ")
    kept = [r for r in rules if "reconcile:" not in r]
    assert len(kept) < len(rules)
    file.write_text("  - id: ".join([head, *kept]), encoding="utf-8")
    roster = tmp_path / "roster.csv"
    roster.write_text("学号\n00000001\n00000002\n", encoding="utf-8")
    impact, _ = counted(PACK, copy, DAY, capsys, "--roster", str(roster))
    gone = [c for c in impact["changes"] if c["is"] == "not_applicable"]
    assert sorted(c["record"] for c in gone) == ["00000001", "00000002"]
    assert main(["policy", "diff", str(PACK), str(copy), "--roster", str(roster)]) == 2
