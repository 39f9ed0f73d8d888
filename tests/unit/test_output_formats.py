"""The formats for programs: their shape, and that they can be read back whole."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from hashlib import sha256

import icalendar
import pytest
from support.output_reports import finding, report, undetermined

from zhuanjie.engine.core.finding_columns import columns
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.results import InputFinding, Outcome, Report, Severity
from zhuanjie.report import json_shape as shape
from zhuanjie.report import write_report
from zhuanjie.report.formats import csv as csv_format
from zhuanjie.report.formats import ics, jsonl, markdown
from zhuanjie.report.formats import json as json_format
from zhuanjie.report.layouts.audit import sections
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

LATE = finding(
    "06018", clause="1.6b", row=14, rule="receipt-returned", message="回执“逾期”, late",
    due=date(2007, 10, 28), days_late=64, fields={"letter.issued_on": date(2007, 6, 30)},
    remedy="催回",
    location=Location("ledger.xlsx", "台账", 14, {"letter.issued_on": 15}, is_grid=True),
)
BAD = InputFinding("records.cell.date", "06021", "letter.issued_on", 17, "转出时间", "2007-02-30")


def written(module: object, of: Report, view: View | None = None) -> str:
    out = io.StringIO()
    module.render(of, out, view or View("zh"))  # type: ignore[attr-defined]  # a format
    return out.getvalue()


def test_a_finding_has_the_keys_of_the_contract() -> None:
    assert shape.finding(LATE) == {
        "id": sha256(b"receipt-returned\n06018\n2007-10-28").hexdigest()[:16],
        "record": "06018", "name": None, "group": None,
        "rule": "receipt-returned", "clause": "1.6b", "outcome": "violation",
        "severity": "error", "message": "回执“逾期”, late", "due": "2007-10-28", "days_late": 64,
        "missing": [], "fields": {"letter.issued_on": "2007-06-30"}, "remedy": "催回",
        "waiver": None, "location": {"file": "ledger.xlsx", "sheet": "台账", "row": 14,
                                         "cells": {"letter.issued_on": "P14"}},
    }
    assert list(shape.finding(LATE))[:6] == ["id", "record", "name", "group", "rule", "clause"]


def test_json_is_one_document_in_the_shape_of_the_contract() -> None:
    found = report(LATE, undetermined("1", "1.1a", "member.left_on"), unreadable=(BAD,))
    text = written(json_format, found)
    data = json.loads(text)
    assert list(data) == ["policy", "as_of", "ledger", "summary", "input", "findings"]
    assert data["policy"] == {"id": "pack-a", "version": "1.0.0", "sha256": "ab" * 32}
    assert data["as_of"] == "2007-12-31"
    assert data["ledger"] == {"records": 10, "out_of_scope": 1, "sha256": "cd" * 32,
                              "files": [], "skipped": [], "not_kept": []}
    assert data["summary"] == {
        "violation": 1, "undetermined": 1, "pending": 0, "waived": 0, "people": 0,
        "by_clause": {"1.6b": {"violation": 1}, "1.1a": {"undetermined": 1}},
    }
    assert data["input"][0]["value"] == "2007-02-30"
    assert [f["record"] for f in data["findings"]] == ["06018", "1"]
    assert data["findings"][1]["due"] is None
    assert data["findings"][1]["days_late"] is None
    assert "“逾期”" in text


def test_json_without_findings_is_a_document_too() -> None:
    assert json.loads(written(json_format, report()))["findings"] == []


def test_json_of_the_same_report_is_the_same_bytes() -> None:
    assert written(json_format, report(LATE)) == written(json_format, report(LATE))


def test_the_summary_counts_only_what_is_shown() -> None:
    found = report(LATE, finding("1", Outcome.SATISFIED, "1.1a"))
    assert shape.summary(found, View("en"))["by_clause"] == {"1.6b": {"violation": 1}}
    every = shape.summary(found, View("en", outcomes=tuple(Outcome)))["by_clause"]
    assert every == {"1.6b": {"violation": 1}, "1.1a": {"satisfied": 1}}


def test_jsonl_is_a_finding_a_line_and_streams() -> None:
    def endless():
        while True:
            yield LATE

    stream = jsonl.lines(endless())
    assert json.loads(next(stream)) == shape.finding(LATE)
    assert next(stream).count("\n") == 1
    assert len(written(jsonl, report(LATE, LATE)).splitlines()) == 2


def test_csv_reads_back_whole() -> None:
    other = undetermined("1", "1.1a", "member.left_on", "letter.form")
    rows = list(csv.DictReader(io.StringIO(written(csv_format, report(LATE, other)))))
    assert list(rows[0]) == [column.name for column in columns(packs=False)]
    assert rows[0]["message"] == LATE.message
    assert json.loads(rows[0]["fields"]) == {"letter.issued_on": "2007-06-30"}
    assert (rows[0]["file"], rows[0]["sheet"], rows[0]["row"]) == ("ledger.xlsx", "台账", "14")
    assert rows[1]["missing"] == "member.left_on letter.form"
    assert rows[1]["due"] == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_csv_text_is_never_a_formula(start: str) -> None:
    found = finding(f"{start}cmd|' /C calc'!A0", message=f"{start}1+1")
    (row,) = csv.DictReader(io.StringIO(written(csv_format, report(found)), newline=""))
    assert row["record"] == f"'{found.record}"
    assert row["message"] == f"'{found.message}"


def test_csv_numbers_are_left_as_they_are() -> None:
    (row,) = csv.DictReader(io.StringIO(written(csv_format, report(finding(days_late=-3)))))
    assert row["days_late"] == "-3"


def test_markdown_shows_marks_as_they_are() -> None:
    out = io.StringIO()
    table = Section("a | b", headers=["x|y"], rows=[["1 | `2`\n<b>3</b>"]], tree=["```", "k"])
    markdown.render([table], out, View("en"))
    text = out.getvalue()
    assert "## a \\| b" in text
    row = next(line for line in text.splitlines() if "2" in line)
    assert row.count("|") - row.count("\\|") == 2
    assert "<br>\\<b\\>3" in row
    assert "````\n```\nk\n````" in text


def test_markdown_holds_every_finding() -> None:
    out = io.StringIO()
    found = report(*(finding(f"m{n:03}", row=n) for n in range(200)))
    write_report(found, sections, "markdown", out, View("en"))
    assert all(f"m{n:03}" in out.getvalue() for n in range(200))


def calendar(*findings: object) -> icalendar.Calendar:
    text = written(ics, report(*findings))  # type: ignore[arg-type]  # findings
    return icalendar.Calendar.from_ical(text)


def test_a_calendar_has_an_all_day_event_for_each_due_day() -> None:
    soon = finding("2", Outcome.PENDING, "2.1b", due=date(2008, 1, 10), severity=Severity.WARNING)
    events = calendar(LATE, soon, finding("3")).walk("VEVENT")
    assert [e["DTSTART"].dt for e in events] == [date(2007, 10, 28), date(2008, 1, 10)]
    for event in events:
        assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(days=1)
        assert event["DTSTAMP"].dt.tzinfo is not None
        assert event["TRANSP"] == "TRANSPARENT"
    assert "逾期 1.6b" in events[0]["SUMMARY"]
    assert "催回" in events[0]["DESCRIPTION"]


def test_event_ids_are_stable_unique_and_say_nothing_of_the_record() -> None:
    twice = [finding("06018", due=date(2008, 1, 1), rule="r", location=Location("a", None, n))
             for n in (2, 3)]
    ids = [str(e["UID"]) for e in calendar(*twice, LATE).walk("VEVENT")]
    assert len(set(ids)) == 3
    assert not any("06018" in uid for uid in ids)
    moved = finding("06018", due=date(2008, 3, 1), rule="r", message="another text")
    assert str(calendar(moved).walk("VEVENT")[0]["UID"]) == ids[0]


def test_calendar_lines_follow_the_standard() -> None:
    text = written(ics, report(finding(due=date(2008, 1, 1), message="长" * 200)))
    assert text.count("\n") == text.count("\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert written(ics, report(LATE)) == written(ics, report(LATE))
