"""What became of each finding from one report to the next, class by class."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.output_reports import finding, report
from support.values import replace

from zhuanjie.engine.core.errors import InputError, UsageError
from zhuanjie.engine.core.messages import LANGS, say_diagnostic
from zhuanjie.engine.core.results import Finding, LedgerRef, Outcome, Severity
from zhuanjie.report import write_report
from zhuanjie.report.comparing import report_file
from zhuanjie.report.comparing.comparison import ReportComparison, compare_files
from zhuanjie.report.layouts import comparison as layout
from zhuanjie.report.view import View

V, U, P, W = Outcome.VIOLATION, Outcome.UNDETERMINED, Outcome.PENDING, Outcome.WAIVED
SATISFIED = Outcome.SATISFIED


class Writer:
    """Writes reports of made-up findings."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number = folder, 0

    def __call__(self, *findings: Finding, day: str = "2008-01-31", form: str = "json",
                 **more: Any) -> Path:
        self.number += 1
        made = report(*findings)
        made.as_of = date.fromisoformat(day)
        made.ledger = LedgerRef(10, 0, f"{self.number:064}")
        for clause, times in more.pop("not_judged", {}).items():
            made.summary.not_judged[clause] = times
        made.summary = replace(made.summary, **more.pop("summary", {}))
        made = replace(made, **more)
        path = self.folder / f"{self.number}.{form}"
        out = io.StringIO()
        write_report(made, lambda *_: [], form, out, View("en", outcomes=tuple(Outcome)))
        path.write_text(out.getvalue(), encoding="utf-8", newline="")
        return path


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    return Writer(tmp_path)


def states(compared: ReportComparison) -> dict[str | None, str]:
    return dict(compared.found.select("record", "state").iter_rows())


def codes(compared: ReportComparison) -> set[str]:
    return {notice.code.removeprefix("compare.") for notice in compared.notices}


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_every_class(write: Writer, form: str) -> None:
    old = write(
        finding("open"), finding("worse", U), finding("moved", due=date(2007, 5, 1)),
        finding("waived"), finding("expired", W), finding("still there"), finding("nobody"),
        finding("done"), finding("left out", clause="9.9"), finding("was due", P),
        finding("better"), day="2007-12-31", form=form)
    new = write(
        finding("open"), finding("worse", V), finding("moved", due=date(2007, 6, 1)),
        finding("waived", W), finding("expired", V), finding("still there", clause="1.1a"),
        finding("done", SATISFIED), finding("was due", V), finding("fresh"),
        finding("better", U), form=form, not_judged={"9.9": 3})
    compared = compare_files([old, new])
    found = {(r, s) for r, s in compared.found.select("record", "state").iter_rows()}
    assert found == {
        ("open", "open"), ("worse", "changed"), ("moved", "changed"), ("waived", "waived"),
        ("expired", "changed"), ("still there", "mended"), ("still there", "new"),
        ("nobody", "unreported"), ("done", "mended"), ("left out", "not_judged"),
        ("was due", "new"), ("fresh", "new"), ("better", "changed")}
    row = {r["record"]: r for r in compared.found.iter_rows(named=True)}
    assert (row["worse"]["was"], row["worse"]["outcome"]) == ("undetermined", "violation")
    assert (row["moved"]["was_due"], row["moved"]["due"]) == (date(2007, 5, 1), date(2007, 6, 1))
    assert (row["was due"]["was"], row["done"]["outcome"]) == ("pending", "satisfied")
    assert {r: w for r, w in compared.found.select("record", "weighs").iter_rows() if w} == {
        "worse": 3, "expired": 3, "was due": 3, "fresh": 3, "still there": 3}
    assert "no-ledger" in codes(compared)


def test_forms_agree_with_one_another(write: Writer, tmp_path: Path) -> None:
    findings = [finding(f"{n:03}", due=date(2007, 5, 1), rule=f"r{n % 3}") for n in range(20)]
    old, new = write(*findings[:15]), write(*findings[5:])
    frame = report_file.read_report(new).findings.drop("id", "message")
    frame.write_parquet(tmp_path / "new.parquet")
    wanted = states(compare_files([old, new]))
    told = compare_files([old, tmp_path / "new.parquet"])
    assert states(told) == wanted
    assert "no-ids" in codes(told)
    spread = tmp_path / "spread.json"
    spread.write_text(json.dumps(json.loads(new.read_text("utf-8")), indent=1), "utf-8")
    assert states(compare_files([old, spread])) == wanted
    spread.write_text(json.dumps(json.loads(new.read_text("utf-8"))), "utf-8")
    assert states(compare_files([old, spread])) == wanted


def test_a_ledger_tells_what_is_mended_from_what_is_gone(write: Writer) -> None:
    old, new = write(finding("a"), finding("b")), write(finding("c"))
    compared = compare_files([old, new], present=pl.Series(["a", "c"]))
    assert states(compared) == {"c": "new", "a": "mended", "b": "gone"}
    assert "no-ledger" not in codes(compared)


def test_since_when_without_a_gap(write: Writer) -> None:
    first = write(finding("a"), finding("gap"), finding("was"), day="2007-01-01")
    second = write(finding("a"), finding("was"), finding("b"), day="2007-02-01")
    third = write(finding("a"), finding("b"), finding("gap"), day="2007-03-01")
    compared = compare_files([first, second, third])
    since = {r: compared.since(at) for r, at in compared.found.select("record", "since").iter_rows()}
    assert since == {"a": "2007-01-01", "b": "2007-02-01", "gap": "2007-03-01",
                     "was": "2007-01-01"}
    assert states(compared) == {"a": "open", "b": "open", "gap": "new", "was": "unreported"}


def test_the_order_is_that_of_the_days(write: Writer) -> None:
    old, new = write(finding("a"), day="2007-01-01"), write(finding("b"), day="2007-02-01")
    assert "order" not in codes(compare_files([old, new]))
    turned = compare_files([new, old])
    assert states(turned) == {"a": "unreported", "b": "new"}
    assert "order" in codes(turned)


def test_records_that_share_an_id_are_counted_each(write: Writer) -> None:
    twice = [finding("a", row=2), finding("a", row=3)]
    compared = compare_files([write(*twice), write(*twice, finding("a", row=4))])
    assert compared.totals()["open"] == 2 and compared.totals()["new"] == 1
    nameless = [finding(None, row=n) for n in (2, 3)]
    compared = compare_files([write(*nameless), write(nameless[0])])
    assert compared.totals()["open"] == compared.totals()["unreported"] == 1


def test_another_severity_or_clause_is_a_change(write: Writer) -> None:
    compared = compare_files([
        write(finding("a", rule="r"), finding("b", severity=Severity.WARNING)),
        write(finding("a", rule="r", clause="1.6c"), finding("b"))])
    assert states(compared) == {"a": "changed", "b": "changed"}
    assert compared.heaviest == 3


def test_what_explains_differences_is_said(write: Writer) -> None:
    old = write(finding("a"))
    asked = write(finding("a"), summary={"not_asked": ("1.1a",)})
    assert "asked" in codes(compare_files([old, asked]))
    assert "unjudged" in codes(compare_files([old, write(finding("a"), not_judged={"1.2": 1})]))
    columns = write(finding("a"), no_columns={"letter.phone": ("1.3b",)})
    assert "columns" in codes(compare_files([old, columns]))
    other = write(finding("a"), policy=replace(report().policy, version="2.0.0"))
    compared = compare_files([old, other])
    assert {"policy", "same-day"} <= codes(compared)
    assert codes(compare_files([old, write(finding("a"), day="2008-03-01")])) == set()
    for lang in LANGS:
        assert all("{" not in say_diagnostic(n, lang) for n in compared.notices)
    same = write(finding("a"), day="2008-03-01")
    text = same.read_text("utf-8").replace(f"{6:064}", f"{1:064}")
    same.write_text(text.replace(f"{write.number:064}", f"{1:064}"), "utf-8")
    assert "same-ledger" in codes(compare_files([old, same]))


def test_what_was_not_asked_again_is_not_mended(write: Writer) -> None:
    old = write(finding("a", clause="1.1a"), finding("a", clause="1.2"))
    new = write(finding("a", clause="1.3a"), summary={"not_asked": ("1.1a",)})
    found = compare_files([old, new]).found
    assert dict(found.select("clause", "state").iter_rows()) == {
        "1.1a": "not_judged", "1.2": "mended", "1.3a": "new"}


def test_groups_come_from_the_findings(write: Writer) -> None:
    some = [finding(n, group=g, by={"member.cohort": c}) for n, g, c in
            (("a", "X", "2006"), ("b", "X", "2007"), ("c", None, "2007"))]
    old, new = write(*some[:2]), write(*some[1:])
    counts = compare_files([old, new]).counts("group")
    assert {g: {s: n for s, n in c.items() if n} for g, c in counts.items()} == {
        "X": {"open": 1, "unreported": 1}, "": {"new": 1}}
    by = compare_files([old, new], "member.cohort")
    assert by.counts("member.cohort")["2007"]["open"] == 1
    assert by.counts("member.cohort")["2006"]["unreported"] == 1
    with pytest.raises(UsageError):
        compare_files([old, new], "member.sex")


@pytest.mark.parametrize("text", [
    "", "{}", "[]", "no report\n", '{"a": 1}\n', "a,b\n1,2\n", '{"findings": 3}', "{\n",
    '{"findings": [1]}', '{"policy": {"id": "x"}, "findings": []}', "PAR1"])
def test_what_is_no_report_is_refused(write: Writer, tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text, "utf-8")
    with pytest.raises(InputError):
        compare_files([tmp_path / "x.json", write(finding("a"))])


@pytest.mark.parametrize("form", ["json", "jsonl"])
@pytest.mark.parametrize("cut", [30, 200])
def test_a_report_that_is_cut_off_is_refused(write: Writer, form: str, cut: int) -> None:
    path = write(*(finding(f"{n}") for n in range(9)), form=form)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(InputError):
        compare_files([path, write(finding("a"))])


def test_a_large_document_of_another_layout_is_refused(
        write: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(finding("a"))
    data = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(data, indent=4), "utf-8")
    monkeypatch.setattr(report_file, "WHOLE", 100)
    with pytest.raises(InputError) as error:
        compare_files([path, path])
    assert error.value.diagnostics[0].code == "compare.too-large"


def test_people_see_a_few_of_many(write: Writer) -> None:
    old, new = write(finding("a")), write(*(finding(f"{n:03}") for n in range(9)))
    *_, last = (s for s in layout.sections(compare_files([old, new]), View("en"), 4)
                if s.title.startswith("new"))
    assert last.title == "new: 9" and len(last.rows) == 4
    assert any("4" in note for note in last.notes)
    data = json.loads("".join(layout.document(compare_files([old, new]), View("en"))))
    assert len(data["findings"]) == 10 and data["summary"]["new"] == 9
