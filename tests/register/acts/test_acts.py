"""Acts set what the data say, and are refused in words where state, inputs or rules forbid them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.acts_office import LI, WANG, Office, jpeg, policy
from support.values import replace

from zhuanjie.engine.api import InputError, say_diagnostic
from zhuanjie.web.acts.attachments import attached
from zhuanjie.web.acts.numbers import fates
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.errors import ConflictError, NotFoundError, RefusedError
from zhuanjie.web.store.event import SYSTEM
from zhuanjie.web.store.history import events, events_of


def test_a_letter_is_issued_voided_issued_again_and_reissued(office: Office) -> None:
    office.add()
    first = office.issue()
    assert first["number"] == "200700001"
    held = office.member().record
    assert {held[f"letter.{n}"] for n in ("serial", "stub_serial", "receipt_serial")} == {"200700001"}
    assert (held["letter.issued_on"], held["letter.name"]) == ("2007-07-02", "王一")
    assert (held["letter.phone"], held["receipt.tracker"]) == ("13800000001", "li")
    assert held["letter.addressee"] == "某公司委员会"
    voided = office.do("void", reason="写错")
    assert (voided["ended"], voided["number"]) == ("200700001", None)
    assert not any(n.startswith("letter.") and n not in LEFT for n in office.member().record)
    assert office.issue()["number"] == "200700002"
    again = office.do("reissue", inputs={"letter.reissue_reason": "遗失",
                                         "letter.original_returned": True})
    assert (again["number"], again["ended"]) == ("200700003", "200700002")
    held = office.member().record
    assert (held["letter.serial"], held["letter.reissued_on"]) == ("200700003", "2007-07-02")
    with office.store.reading(SYSTEM) as conn:
        found = fates(conn, "letter")
    assert [(f.text, f.state, f.replaces, f.replaced_by) for f in found] == [
        ("200700001", "voided", None, None), ("200700002", "replaced", None, "200700003"),
        ("200700003", "standing", "200700002", None)]


def test_a_key_is_nobodys_twice(office: Office) -> None:
    office.add()
    office.do("withdraw", reason="重复")
    office.add("m2", **{"member.id": "m1"})
    with pytest.raises(RefusedError) as error:
        office.do("restore", reason="误撤")
    assert error.value.diagnostics[0].code == "register.acts.key-taken"
    assert office.member().withdrawn
    office.do("correct", "m2", inputs={"member.id": "m2"}, reason="写错")
    office.do("restore", reason="误撤")
    with pytest.raises(RefusedError):
        office.do("correct", "m2", inputs={"member.id": "M1 "}, reason="写错")
    office.do("correct", "m2", inputs={"member.phone": "13800000002"}, reason="写错")


LEFT = ("letter.form", "letter.addressee", "letter.origin_address")


def test_what_the_rules_forbid_is_not_done_and_kept_as_a_decision(office: Office) -> None:
    office.add(**{"member.phone": None})
    before = office.member()
    with pytest.raises(RefusedError) as error:
        office.do("issue", inputs={"letter.phone": "12"})
    found = {f["clause"]: f for f in error.value.findings}
    assert {"1.3b", "1.3c"} == found.keys()
    assert found["1.3c"]["remedy"] == "请补填通讯地址，以便对方寄回回执"
    assert "1.3b" in say_diagnostic(error.value.diagnostics[0], "zh")
    assert office.member() == before
    with office.store.reading(SYSTEM) as conn:
        last = list(events(conn))[-1]
        assert fates(conn, "letter") == []
    assert (last.kind, last.id) == ("decision.made", error.value.decision)
    assert last.data["moment"] == "issue"


def test_missing_evidence_has_to_be_acknowledged(office: Office) -> None:
    office.add(**{"employment.employer_has_party_org": None})
    office.add("m2")
    with pytest.raises(RefusedError) as error:
        office.issue()
    assert error.value.diagnostics[0].code == "register.acts.confirm"
    assert [f["clause"] for f in error.value.findings] == ["1.2"]
    done = office.do("issue", inputs={"letter.origin_address": "某路1号"},
                     acknowledged=frozenset({"1.2"}))
    assert [(f["clause"], f["outcome"]) for f in done["findings"]] == [("1.2", "undetermined")]
    with office.store.reading(SYSTEM) as conn:
        event = next(e for e in events_of(conn, "m1") if e.id == done["event"])
    assert event.data["acknowledged"] == ["1.2"]
    assert event.data["decision"] == done["decision"]


STATES = [
    ("void", "没有可以作废的介绍信"), ("reissue", "没有可以重开的介绍信"),
    ("receive", "没有开具介绍信，不会有回执"), ("follow_up", "没有开具介绍信，无须跟踪"),
    ("assign", "没有同意保留"), ("contact", "没有同意保留"), ("verify", "没有发放活动证"),
    ("place", "尚未接收"), ("approve", "没有待答复的“保留组织关系申请”"), ("resubmit", "没有待答复的“返回修改”"),
    ("restore", "并未撤下"), ("place_floating", "没有持证报到"), ("apply_conversion", "不是预备党员")]


def test_what_the_state_of_a_case_forbids_is_said(office: Office) -> None:
    office.add()
    for act, words in STATES:
        with pytest.raises(RefusedError) as error:
            office.do(act, reason="x")
        assert words in say_diagnostic(error.value.diagnostics[0], "zh"), act
        assert say_diagnostic(error.value.diagnostics[0], "en").startswith("cannot ")


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("fly", {}, "register.acts.unknown"),
    ("brief", {"inputs": {"member.name": "x"}}, "register.acts.not-input"),
    ("brief", {"inputs": {"education.briefed_on": "2007-02-30"}}, "records.cell."),
    ("brief", {"inputs": {"education.briefed_on": "2007-07-03"}}, "register.acts.future"),
    ("settle", {}, "register.acts.lacking"),
    ("settle", {"inputs": {"destination.kind": "moon"}}, "records.cell."),
    ("withdraw", {}, "register.acts.reason"), ("withdraw", {"reason": " "}, "register.acts.reason"),
    ("withdraw", {"reason": "x" * 2001}, "register.acts.reason-long"),
    ("correct", {"inputs": {"letter.serial": "1"}, "reason": "x"}, "register.acts.not-input"),
]


def test_what_is_wrong_in_a_request_is_said(office: Office) -> None:
    office.add()
    before = office.member()
    for act, more, code in WRONG:
        with pytest.raises(InputError) as error:
            office.do(act, **more)
        assert error.value.diagnostics[0].code.startswith(code), act
        assert str(error.value) and say_diagnostic(error.value.diagnostics[0], "zh")
    assert office.member() == before


def test_what_would_change_nothing_is_not_recorded(office: Office) -> None:
    office.add(**{"receipt.tracker": "王五"})
    before = office.member()
    held = {"member.name": before.record["member.name"]}
    for act, inputs in (("correct", held), ("correct", {}), ("correct", {"abroad.place": None}),
                        ("track", {"receipt.tracker": "王五"})):
        with pytest.raises(InputError) as error:
            office.do(act, inputs=inputs, reason="再看")
        assert error.value.diagnostics[0].code == "register.acts.unchanged", (act, inputs)
    assert office.member() == before
    assert office.do("return", reason="补材料")["changes"] == {}  # what is asked changes no field
    assert office.do("track", inputs={"receipt.tracker": "赵六"})["changes"]


def test_inputs_are_read_as_ledgers_write_them(office: Office) -> None:
    office.add()
    office.do("notify", inputs={"education.notice_on": "2007年6月1日", "education.notice_form": "书面"})
    assert office.member().record["education.notice_on"] == "2007-06-01"
    assert office.member().record["education.notice_form"] == "written"


def test_a_stay_is_approved_by_another_person_than_who_asked(office: Office) -> None:
    office.add(**{"destination.kind": None})
    office.do("apply", inputs={"retention.reason": "出国"})
    with pytest.raises(RefusedError, match="has not been decided"):
        office.do("apply", inputs={"retention.reason": "出国"})
    with pytest.raises(RefusedError, match="has not been decided"):
        office.issue()
    with pytest.raises(RefusedError, match="does not decide"):
        office.do("approve")
    office.do("refuse", actor=WANG, reason="材料不全")
    assert office.member().record["retention.decision"] == "refused"
    office.do("apply", inputs={"retention.reason": "出国"})
    assert "retention.decision" not in office.member().record
    office.do("approve", actor=WANG)
    held = office.member().record
    assert (held["destination.kind"], held["retention.approved_by"]) == (
        "retained", "university_org_dept")
    office.do("assign", inputs={"retention.branch": "留守支部"})
    office.do("contact")
    with pytest.raises(RefusedError, match="approved already"):
        office.do("apply", inputs={"retention.reason": "出国"})


def test_a_case_that_was_returned_waits_until_it_is_handed_in_again(office: Office) -> None:
    office.add()
    office.do("return", actor=WANG, reason="电话有误")
    with pytest.raises(RefusedError, match="not handed in again"):
        office.issue()
    office.do("correct", inputs={"member.phone": "13800000009"}, reason="改号")
    office.do("resubmit")
    office.issue()
    assert office.member().record["letter.phone"] == "13800000009"


def test_a_case_is_withdrawn_and_restored(office: Office) -> None:
    office.add()
    office.do("withdraw", reason="重复")
    assert office.member().withdrawn
    with pytest.raises(RefusedError, match="restore it first"):
        office.do("brief")
    office.do("restore", reason="并非重复")
    assert not office.member().withdrawn
    office.do("brief")


def test_a_case_is_moved_to_the_unit_that_its_field_means(office: Office) -> None:
    office.add()
    office.do("move", inputs={"member.school_branch": "physics"}, reason="转专业")
    assert office.member().unit == "physics"


def test_who_takes_in_a_member_checks_the_credentials_first(office: Office) -> None:
    office.add()
    office.issue()
    office.do("accept", inputs={"arrival.presented_on": "2007-07-02", "arrival.by_proxy": False})
    office.do("place", inputs={"arrival.branch": "三支部"})
    with pytest.raises(RefusedError, match="was taken in"):
        office.do("void", reason="x")
    office.add("m2")
    office.issue("m2")
    with pytest.raises(RefusedError) as error:
        office.do("accept", "m2", inputs={"arrival.accepted_on": "2007-07-02", "arrival.by_proxy": True})
    assert [f["clause"] for f in error.value.findings] == ["2.5a"]


def test_the_second_of_two_writers_is_told_what_changed(office: Office) -> None:
    office.add()
    seen = office.member().version
    office.do("brief", expected_version=seen)
    office.do("notify", actor=WANG)
    with pytest.raises(ConflictError) as error:
        office.do("issue", expected_version=seen)
    changes = error.value.changes
    assert [(c["actor"], c["act"], c["fields"]) for c in changes] == [
        ("li", "brief", ["education.briefed_on"]),
        ("wang", "notify", ["education.notice_form", "education.notice_on"])]
    assert office.do("settle", inputs={"destination.kind": "employer_org"},
                     expected_version=office.member().version)["version"] > seen
    with pytest.raises(NotFoundError):
        office.do("brief", "nobody")


def test_numbers_that_cases_bear_already_are_passed_over(office: Office) -> None:
    office.add("old", **{"letter.serial": "第200700001号", "letter.issued_on": "2007-06-01"})
    office.add()
    assert office.issue()["number"] == "200700002"
    office.do("void", "old", reason="失效")
    with office.store.reading(SYSTEM) as conn:
        found = {f.text: (f.state, f.member) for f in fates(conn, "letter")}
    assert found["200700002"] == ("standing", "m1")
    assert found["200700001"][0] in {"taken", "voided"}


def test_numbers_of_withdrawn_cases_are_passed_over_too(office: Office) -> None:
    office.add("old", **{"letter.serial": "第200700001号", "letter.issued_on": "2007-06-01"})
    office.add()
    office.do("withdraw", "old", reason="重复")
    assert office.issue()["number"] == "200700002"
    office.do("restore", "old", reason="并非重复")
    with office.store.reading(SYSTEM) as conn:
        assert [(f.text, f.state) for f in fates(conn, "letter")] == [
            ("200700001", "taken"), ("200700002", "standing")]


def test_an_office_sets_its_series_and_gaps_are_explained(office: Office) -> None:
    for id in ("m1", "m2", "m3"):
        office.add(id)
    office.issue("m1")
    with office.store.change(LI) as work:
        office.book.set_series(work, "letter", next=10, reason="旧本用完")
    assert office.issue("m2")["number"] == "200700010"
    with office.store.change(LI) as work:
        office.book.set_series(work, "letter", prefix="泉")
    assert office.issue("m3")["number"] == "泉200700001"
    for wrong in ({"next": 1}, {"prefix": "x" * 41}, {"prefix": "a\n"}, {"next": 100_000}):
        with pytest.raises(Exception, match=r"go back|printable"), office.store.change(LI) as work:
            office.book.set_series(work, "letter", **({"prefix": "泉"} | wrong))
    with office.store.reading(SYSTEM) as conn:
        told = [e.data["was"] for e in events(conn) if e.kind == "series.set"]
    assert told[0] == {"prefix": "", "next": 2}


def test_a_series_is_set_in_the_year_of_the_office(
        database: RegisterDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhuanjie.web.acts.numbers.office_zone", lambda: ZoneInfo("Asia/Shanghai"))
    # In China it is the new year already when the clock of events is still in the old one.
    office = Office(database, policy("fujian-2007-80"), tmp_path / "files",
                    day=date(2008, 1, 1), now=datetime(2007, 12, 31, 20, tzinfo=UTC))
    office.add()
    with office.store.change(LI) as work:
        office.book.set_series(work, "letter", next=10)
    assert office.issue()["number"] == "200800010"


def test_a_key_acts_once_and_answers_again(office: Office) -> None:
    office.add()
    first = office.do("issue", inputs={"letter.origin_address": "某路"}, key="k1")
    again = office.do("issue", inputs={"letter.origin_address": "某路"}, key="k1")
    assert again == first
    with pytest.raises(ConflictError, match="another request"):
        office.do("issue", inputs={"letter.origin_address": "别路"}, key="k1")
    with pytest.raises(RefusedError):
        office.do("issue", inputs={"letter.origin_address": "某路"}, key="k1", actor=WANG)
    with pytest.raises(ConflictError, match="another request"):  # in another unit by now
        office.do("issue", inputs={"letter.origin_address": "某路"}, key="k1",
                  actor=replace(LI, unit="physics"))
    office.now += timedelta(hours=25)
    with pytest.raises(RefusedError, match="issued already"):
        office.do("issue", inputs={"letter.origin_address": "某路"}, key="k1")
    for key in ("", "x" * 201, "a\nb"):
        with pytest.raises(Exception, match="idempotency key"):
            office.do("brief", key=key)


def test_files_are_kept_by_their_hash_and_named_by_the_event(office: Office) -> None:
    office.add()
    office.issue()
    scan = office.folder.receive([jpeg()], "王一回执.jpg")
    done = office.do("receive", attachments=[scan])
    with office.store.reading(SYSTEM) as conn:
        assert attached(conn, "m1") == [scan]
        event = next(e for e in events_of(conn, "m1") if e.id == done["event"])
    assert event.data["attachments"] == [{"sha256": scan.sha256, "size": scan.size,
                                          "type": "image/jpeg"}]
    assert event.after[f"#file.{scan.sha256}"] == "王一回执.jpg"
    assert not any(name.startswith("#") for name in office.member().record)
    with pytest.raises(InputError, match="0 to 0"):
        office.do("brief", attachments=[scan])
    office.folder.delete(scan.sha256)
    with pytest.raises(NotFoundError, match="no such file"):
        office.do("follow_up", inputs={"receipt.followed_up_result": "已电话"}, attachments=[scan])


def test_a_letter_is_reissued_while_the_rules_let_it(database: RegisterDatabase,
                                                     tmp_path: Path) -> None:
    """Within six months of the first one, and against the original."""
    office = Office(database, policy("central-2015-33"), tmp_path / "files",
                    day=date(2016, 6, 20), now=datetime(2016, 6, 20, tzinfo=UTC))
    office.add("m1", **{"member.cohort": 2016, "letter.reissued_on": None,
                        "letter.original_returned": None, "letter.reissue_reason": None})
    office.issue()
    for day, returned in ((date(2016, 12, 21), True), (date(2016, 12, 20), False)):
        office.day = day
        with pytest.raises(RefusedError) as refused:
            office.do("reissue", inputs={"letter.reissue_reason": "接收单位变动",
                                         "letter.original_returned": returned})
        assert [found["clause"] for found in refused.value.findings] == ["33.1c"]
    again = office.do("reissue", inputs={"letter.reissue_reason": "接收单位变动",
                                         "letter.original_returned": True})
    assert (again["number"], again["ended"]) == ("201600002", "201600001")
