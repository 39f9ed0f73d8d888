"""The shipped ledgers: what is expected of them, to the letter, and why that is right.

`--update-golden` writes the expected reports anew. They cannot drift into being wrong: what they
find is also held against the reading by hand of what `fixtures/make.py` says it wrote.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import make
import pytest
from support.oracle import Judged, absent_from, judge_ledger

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.report.formats import json as json_output
from zhuanjie.report.view import View

FINDINGS = ("violation", "undetermined", "pending")


@dataclass(frozen=True)
class Case:
    """A ledger, the pack that judges it, and the classes the pack speaks of."""

    file: str
    policy: str = "fujian-2007-80"
    roster: bool = False
    classes: tuple[int, ...] | None = None

    @property
    def expected(self) -> Path:
        return Path("fixtures/expected") / f"{self.file.partition('.')[0]}.json"


CASES = (
    Case("office-2007.xlsx", roster=True),
    Case("school-b.csv", "quanzhou-normal-2007-23", classes=(2006, 2007)),
    Case("school-c-gb18030.csv"),
)
Found = dict[tuple[int, str], Judged]


@pytest.fixture(autouse=True)
def at_the_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports name files as they were given."""
    monkeypatch.chdir(root)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, make.Ledger]:
    """What the ledgers hold, by their maker's own account."""
    return make.make(tmp_path_factory.mktemp("ledgers"))


def said(case: Case, backend: str) -> str:
    """The whole report as the command line prints it."""
    report = audit(
        f"fixtures/ledgers/{case.file}", load_policy(case.policy), as_of=make.AS_OF, lang="zh",
        backend=backend, roster=f"fixtures/rosters/{make.ROSTER_FILE}" if case.roster else None)
    out = io.StringIO()
    json_output.render(report, out, View("zh"))
    return out.getvalue()


@pytest.mark.parametrize("backend", ["polars", "reference"])
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.file)
def test_report_is_the_expected_one(case: Case, backend: str, update_golden: bool) -> None:
    report = said(case, backend)
    if update_golden:
        case.expected.parent.mkdir(exist_ok=True)
        case.expected.write_text(report, encoding="utf-8")
    assert report == case.expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.file)
def test_expected_findings_are_right(case: Case, written: dict[str, make.Ledger]) -> None:
    report = json.loads(case.expected.read_text(encoding="utf-8"))
    rules = {r.id: r.clause for r in load_policy(case.policy).rules}
    spoken_of = [(row, record) for row, record in written[case.file].rows
                 if case.classes is None or record["member.cohort"] in case.classes]
    judged = judge_ledger([record for _, record in spoken_of], make.AS_OF)
    right: Found = {
        (row, rule): found
        for (row, _), rules_of_row in zip(spoken_of, judged, strict=True)
        for rule, found in rules_of_row.items() if found.outcome in FINDINGS
    }
    expected: Found = {
        (f["location"]["row"], rules[f["rule"]]): _judged(f)
        for f in report["findings"] if f["clause"] != "1.5a"
    }
    assert expected == right
    ledger = report["ledger"]
    assert ledger["records"] == len(written[case.file].rows)
    assert ledger["out_of_scope"] == len(written[case.file].rows) - len(spoken_of)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.file)
def test_every_unreadable_cell_is_reported(case: Case, written: dict[str, make.Ledger]) -> None:
    report = json.loads(case.expected.read_text(encoding="utf-8"))
    cells = [(f["row"], f["field"] or "", f["value"]) for f in report["input"]
             if f["field"] != "member.id"]
    assert sorted(cells) == sorted(written[case.file].unreadable)


def test_whom_the_roster_has_alone(written: dict[str, make.Ledger], tmp_path: Path) -> None:
    case = CASES[0]
    report = json.loads(case.expected.read_text(encoding="utf-8"))
    records = [record for _, record in written[case.file].rows]
    absent = absent_from(records, make.roster(tmp_path / "roster.csv"))
    assert [f["record"] for f in report["findings"] if f["clause"] == "1.5a"] == absent
    assert len(absent) == 3
    same = [f["record"] for f in report["input"] if f["field"] == "member.id"]
    ids = [record["member.id"] for record in records]
    assert same == [i for n, i in enumerate(ids) if i in ids[:n]] != []


def test_the_office_breaks_every_clause() -> None:
    report = json.loads(CASES[0].expected.read_text(encoding="utf-8"))
    broken = {f["clause"] for f in report["findings"] if f["outcome"] == "violation"}
    clauses = {r.clause for r in load_policy(CASES[0].policy).rules} | {"1.2a", "1.2b", "1.2c"}
    assert broken == clauses


def test_the_ledgers_are_what_their_maker_writes(root: Path, tmp_path: Path) -> None:
    make.make(tmp_path)
    shipped = root / "fixtures" / "ledgers"
    make.roster(roster := tmp_path.parent / make.ROSTER_FILE)
    assert roster.read_bytes() == (shipped.parent / "rosters" / roster.name).read_bytes()
    assert sorted(p.name for p in shipped.iterdir()) == sorted(p.name for p in tmp_path.iterdir())
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (shipped / file.name).read_bytes(), file.name


def _judged(finding: dict[str, Any]) -> Judged:
    due = finding["due"] and date.fromisoformat(finding["due"])
    return Judged(finding["outcome"], due, finding["days_late"], frozenset(finding["missing"]),
                  finding["clause"])
