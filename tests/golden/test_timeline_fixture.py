"""A ledger that spans two changes of law: what is expected of it, by hand and to the letter.

`fixtures/timeline/office.csv` is written by `rows` below; `--update-golden` writes it and the
expected report anew. What must come out is listed by hand, with the pack that says it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.party_transfer import fields

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.report.formats import json as json_output
from zhuanjie.report.view import View

FOLDER = Path("fixtures/timeline")
LEDGER, EXPECTED = FOLDER / "office.csv", FOLDER / "expected.json"
AS_OF = date(2020, 12, 31)
OLD, MID, NEW = "fujian-2007-80", "central-2015-33", "central-2019-regulations"

Row = dict[str, Any]


def sound(number: int, issued: str | None, kind: str, **more: Any) -> Row:
    """A record whose letter, if there is one, is in order and was accepted in time."""
    year = int((issued or more.get("member.left_on") or "2020")[:4])
    row: Row = {
        "member.id": f"T{number:02}", "member.name": "林某", "member.sex": "male",
        "member.category": "full", "member.cohort": year, "employment.employed": False,
        "destination.kind": kind, "destination.talent_level": "city",
        "destination.talent_is_public": True, "destination.file_moved_with": True,
    }
    if issued:
        row |= {
            "letter.issued_on": issued, "letter.form": "two_part", "letter.serial": f"{number:04}",
            "letter.stub_serial": f"{number:04}", "letter.issuer": "示例学院",
            "letter.name": "林某", "letter.sex": "male", "letter.category": "full",
            "letter.phone": "13800000000", "letter.origin_address": "某路1号",
            "letter.issuer_may_admit": True, "letter.addressee_may_admit": True,
            "receipt.tracker": "陈某",
        }
    return row | more


def stays(number: int, left: str, **more: Any) -> Row:
    """A record of a member who stays on the books and with whom contact is kept."""
    return sound(number, None, "retained", **{
        "member.left_on": left, "education.briefed_on": left, "education.notice_on": left,
        "education.notice_form": "written", "retention.attends": True,
        "retention.branch_assigned_on": left, "retention.last_contact_on": "2020-12-01",
        "retention.liaison": "陈某"} | more)


def abroad(number: int, **more: Any) -> Row:
    """One who stays on the books while abroad, all in order."""
    return stays(number, "2018-06-30", **{
        "abroad.leaves_on": "2018-08-20", "retention.applied_on": "2018-06-01",
        "retention.application_form": "written", "retention.applied_by": "self",
        "retention.decision": "approved", "retention.approved_by": "general_branch",
        "retention.approved_on": "2018-06-10", "retention.filed_on": "2018-06-20",
        "abroad.place": "某国", "abroad.until": "2021-06-30", "abroad.manner": "自费",
        "abroad.phone": "0012025550100", "abroad.home_contact": "林某"} | more)


REISSUED = {"letter.original_returned": True, "letter.reissue_reason": "接收单位变动"}
NO_ORG = {"employment.employed": True, "employment.employer_has_party_org": False}
ASKED = {"retention.applied_on": "2014-06-01", "retention.application_form": "written",
         "retention.applied_by": "self", "retention.decision": "approved",
         "retention.approved_on": "2014-06-20", "retention.reason": "待业"}


def rows() -> Iterator[tuple[Row, list[tuple[str, str, str]]]]:
    """Each record, and what is found of it: clause, outcome, the pack that judged."""
    gone = ("33.2a", "violation", MID)
    # Parents' residence: listed until the notice of 2015, and on its eve.
    yield sound(1, "2007-06-30", "parents_township"), []
    yield sound(2, "2015-06-30", "parents_township"), []
    yield sound(3, "2015-07-01", "parents_township"), [gone]
    yield sound(4, "2019-06-30", "parents_township"), [gone]
    # No letter, so that the as-of day decides.
    yield sound(5, None, "parents_township"), [gone]
    # A talent service for who has an employer without a Party organisation: since 2015.
    yield sound(6, "2012-06-30", "talent_service", **NO_ORG), [("1.2b", "violation", OLD)]
    yield sound(7, "2016-06-30", "talent_service", **NO_ORG), []
    # Staying: on application and the department's approval before, freely since.
    yield (stays(8, "2014-06-30", **ASKED, **{"retention.approved_by": "general_branch"}),
           [("1.2f", "violation", OLD), ("A34a", "violation", NEW)])
    yield stays(9, "2019-06-30"), [("A34a", "pending", NEW)]
    yield stays(10, "2018-12-31"), [("A34a", "pending", NEW)]
    yield stays(11, "2018-12-30"), [("A34a", "violation", NEW)]
    # Approved under the old notice without a reason; under the new one none is asked.
    yield (stays(12, "2014-06-30", **(ASKED | {"retention.reason": None}),
                 **{"retention.approved_by": "university_org_dept"}),
           [("1.2g", "violation", OLD), ("A34a", "violation", NEW)])
    yield (stays(13, "2019-06-30", **{
        "retention.decision": "approved", "retention.approved_on": "2019-06-20",
        "retention.approved_by": "general_branch"}), [("A34a", "pending", NEW)])
    # Abroad: approved by the school, on file, contact every half-year.
    yield abroad(14), []
    yield abroad(15, **{"retention.approved_by": "other"}), [("33.3c", "violation", MID)]
    yield (abroad(16, **{"retention.last_contact_on": "2020-06-30"}),
           [("A34b", "violation", NEW)])
    yield abroad(17, **{"retention.last_contact_on": "2020-07-01"}), []
    # A letter issued anew, on the last day for it and the day after.
    yield sound(18, "2018-06-20", "residence_township", **REISSUED,
                **{"letter.reissued_on": "2018-12-20", "arrival.presented_on": "2019-03-20"}), []
    yield (sound(19, "2018-06-20", "residence_township", **REISSUED,
                 **{"letter.reissued_on": "2018-12-21"}), [("33.1c", "violation", MID)])
    yield (sound(20, "2014-06-20", "residence_township",
                 **{"arrival.presented_on": "2014-09-19"}), [("1.6d", "violation", OLD)])
    # Committees that transfer directly: asked from the first day of the Regulations.
    yield sound(21, "2019-05-05", "residence_township", **{"letter.issuer_may_admit": False}), []
    yield (sound(22, "2019-05-06", "residence_township", **{"letter.issuer_may_admit": False}),
           [("A25", "violation", NEW)])


def text() -> str:
    """The ledger as an office keeps it: a column for all that some law reads."""
    records = [row for row, _ in rows()]
    filled = {name for record in records for name in record}
    used = [f for f in fields() if f.name in filled | load_policy().fields]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(f.heading for f in used)
    for record in records:
        cells = []
        for field in used:
            value = record.get(field.name)
            own = str(value).lower() if isinstance(value, bool) else value
            cells.append("" if value is None else field.values.get(str(own), str(value)))
        writer.writerow(cells)
    return out.getvalue()


@pytest.fixture(autouse=True)
def at_the_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)


@pytest.mark.slow
def test_the_ledger_is_what_its_rows_say(update_golden: bool) -> None:
    if update_golden:
        LEDGER.write_text(text(), encoding="utf-8")
    assert LEDGER.read_text(encoding="utf-8") == text()


@pytest.mark.parametrize("backend", ["polars", "reference", "python", "durable"])
def test_each_is_judged_by_the_law_of_its_date(backend: str) -> None:
    report = audit(LEDGER, as_of=AS_OF, backend=backend)
    expected = [(row["member.id"], *found) for row, every in rows() for found in every]
    assert [(f.record, f.clause, f.outcome.value, f.pack) for f in report.findings] == expected


def test_the_report_is_the_expected_one(update_golden: bool) -> None:
    out = io.StringIO()
    json_output.render(audit(LEDGER, as_of=AS_OF, lang="zh"), out, View("zh"))
    if update_golden:
        EXPECTED.write_text(out.getvalue(), encoding="utf-8")
    assert out.getvalue() == EXPECTED.read_text(encoding="utf-8")


def test_the_report_says_which_pack_judged_what() -> None:
    said = json.loads(EXPECTED.read_text(encoding="utf-8"))["policy"]
    assert said["id"] == NEW
    assert [(v["id"], v["from"], v["to"]) for v in said["versions"]] == [
        (OLD, "2007-11-01", None), (MID, "2015-07-01", None), (NEW, "2019-05-06", None)]
    counts = {v["id"]: v["records_by_clause"] for v in said["versions"]}
    # Letters of 2007, 2012, 2014 and June 2015, and two approvals of 2014.
    assert (counts[OLD]["1.2"], counts[MID]["33"]) == (6, 16)
    assert (counts[OLD]["1.2f"], counts[OLD]["1.3a"]) == (2, 22)
