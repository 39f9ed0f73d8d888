"""Cases: what passes, what fails, what is refused, what is rewritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.author_packs import CASES, policy

from zhuanjie.engine.authoring.testing.report import run_tests
from zhuanjie.engine.authoring.testing.update import update
from zhuanjie.engine.core.errors import PolicyError, UsageError

ENGINES = ("reference", "polars")


def report(folder: Path, cases: str = CASES, text: str | None = None):
    return run_tests(policy(folder, cases=cases), ENGINES, text)


def test_a_table_is_a_case_for_each_row(tmp_path: Path) -> None:
    found = report(tmp_path)
    assert (found.cases, found.passed) == (21, 21)
    names = [t.result.name for t in found.tried]
    assert "slip [2007-07-01, -]" in names
    assert len({t.result.line for t in found.tried if t.backend == "polars"}) == 21


def test_what_is_not_named_may_not_come_out(tmp_path: Path) -> None:
    cases = """\
        as_of: 2007-12-31
        record: {letter.issued_on: 2007-06-01, destination.kind: retained}
        cases:
          - name: one named
            expect: {slip-back: violation}
          - name: the same, anything goes
            unnamed: any
            expect: {slip-back: violation}
    """
    found = report(tmp_path, cases)
    assert found.passed == 1
    failed = {(m.rule, m.aspect, m.actual) for t in found.failed for m in t.result.mismatches}
    assert failed == {("where-to", "unnamed", "violation")}
    assert report(tmp_path, cases.replace("record:", "unnamed: any\n        record:")).passed == 2


def test_a_whole_record_may_be_asked_to_be_silent(tmp_path: Path) -> None:
    cases = """\
        as_of: 2007-06-20
        cases:
          - name: silent
            unnamed: none
            record: {letter.issued_on: 2007-06-01, receipt.returned_on: 2007-06-10}
          - name: not silent
            unnamed: none
            record: {letter.issued_on: 2007-06-01}
    """
    found = report(tmp_path, cases)
    assert [t.result.name for t in found.failed] == ["not silent"] * 2


@pytest.mark.parametrize(("old", "new", "code"), [
    ("    expect: {slip-back: not_applicable, where-to: not_applicable}\n", "",
     "pack.case.checks-nothing"),
    ("slip-back: not_applicable", "slip-back: violaton", "pack.want-one-of"),
    ("slip-back: not_applicable", "slip-bak: violation", "pack.unknown-rule"),
    ("[null, 2007-07-02, violation, null]", "[null, 2007-07-02, violation]", "pack.case.width"),
    ("[null, 2007-07-02, violation, null]", "[null, 2007-07-02, violaton, null]",
     "pack.case.cell"),
    ("expect.slip-back.due", "expect.slip-back.dew", "pack.case.column"),
    ("receipt.returned_on", "receipt.retuned_on", "pack.case.unknown-field"),
    ("letter.issued_on: 2007-06-01", "letter.isued_on: 2007-06-01", "pack.case.unknown-field"),
    ("letter.issued_on: 2007-06-01", "letter.issued_on: 2007-02-30", "records.cell.date-none"),
    ("{member.id: s1}", "{member.id: s1, member.sx: male}", "pack.case.unknown-field"),
    ("  - name: no letter", "  - name: no letter\n    params: {grce: 1}",
     "pack.case.unknown-parameter"),
])
def test_a_case_that_means_nothing_is_refused(tmp_path: Path, old: str, new: str,
                                              code: str) -> None:
    assert old in CASES
    with pytest.raises(PolicyError) as error:
        report(tmp_path, CASES.replace(old, new, 1))
    assert code in [d.code for d in error.value.diagnostics], str(error.value)
    assert all(d.place.line for d in error.value.diagnostics)


def test_nothing_to_test_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no cases"):
        run_tests(policy(tmp_path / "a", cases=None), ENGINES)
    with pytest.raises(UsageError, match="no case of"):
        report(tmp_path / "b", text="nowhere")
    with pytest.raises(UsageError, match="blank"):
        report(tmp_path / "b", text=" ")


@pytest.mark.parametrize(("text", "count"), [("SLIP-BACK", 7), ("2b", 15), ("where [", 14)])
def test_a_filter_looks_at_names_rules_and_clauses(tmp_path: Path, text: str, count: int) -> None:
    assert report(tmp_path, text=text).cases == count


def test_update_rewrites_expectations_and_nothing_else(tmp_path: Path) -> None:
    wrong = """\
        as_of: 2007-12-31  # a day
        unnamed: any
        record: {letter.issued_on: 2007-06-01}
        cases:
          - name: short
            expect: {slip-back: satisfied}  # stays
          - name: long
            expect:
              slip-back:
                outcome: pending
                due: 2007-07-09
                days_late: 3
              # this stays too
          - name: rows
            expect: {where-to: violation}
            table:
              columns: [receipt.returned_on, expect.slip-back, expect.slip-back.days_late]
              rows:
                - [2007-07-01, violation, 9]  # and this
                - [2007-07-03, violation, 9]
    """
    first = report(tmp_path, wrong)
    assert len(first.failed) == 8
    folder = tmp_path / "cases"
    assert update([t.result for t in first.failed if t.backend == "reference"], folder) == 4
    text = (folder / "all.yaml").read_text(encoding="utf-8")
    assert "{slip-back: violation}  # stays" in text
    assert "slip-back:\n        {outcome: violation, due: 2007-07-01, days_late: 183}" in text
    assert "# this stays too" in text
    assert "[2007-07-01, satisfied, null]  # and this" in text
    assert "[2007-07-03, violation, 2]" in text
    assert not report(tmp_path, text).failed


def test_a_row_is_named_as_it_is_written(tmp_path: Path) -> None:
    names = {t.result.name for t in report(tmp_path).tried}
    assert {"where [true, retained]", "where [-, retained]", "slip [-, 2007-07-02]"} <= names
