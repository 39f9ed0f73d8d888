"""Each change is judged: what the register says is what an audit of its records says that day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from support.judged_registers import CLERK, Office
from support.verify_pack import policy, rule

from zhuanjie.engine.api import Policy, load_policy
from zhuanjie.web.judging.casework import ClearanceAnswer, clearance, look
from zhuanjie.web.judging.decisions import SALT, input_hash
from zhuanjie.web.judging.rows import outcomes
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import SYSTEM, EventDraft
from zhuanjie.web.store.history import events
from zhuanjie.web.store.members import members

TODAY = date(2007, 12, 20)


def imported(member: str, columns: str | None = None, **values: object) -> EventDraft:
    return EventDraft("member.imported", member, "maths", {
        name.replace("__", "."): (None, value) for name, value in values.items()},  # type: ignore[misc]
        columns=columns)


def small(folder: Path) -> Policy:
    return policy(folder, [
        rule("serial", {"unique": {"field": "letter.serial"}}, "has(letter.issued_on)"),
        rule("few", {"at_most": {"field": "receipt.tracker", "count": 2}}),
        rule("back", {"deadline": {"due": "letter.issued_on + days(30)", "done": "receipt.returned_on"}},
             "has(letter.issued_on)"),
        rule("asked", {"require": {"ask": "has(letter.phone)"}}, "has(letter.issued_on)"),
    ])


@pytest.fixture
def office(database: RegisterDatabase, tmp_path: Path) -> Office:
    return Office(database, small(tmp_path / "pack"), TODAY)


def said(office: Office, member: str) -> dict[str, str]:
    return {rule: said[1] for (of, rule), said in office.kept().items() if of == member}


def test_those_who_share_a_key_are_judged_with_each_other(office: Office, tmp_path: Path) -> None:
    office.change(imported("a", letter__serial="1", letter__issued_on="2007-12-01",
                           letter__phone="1", receipt__returned_on="2007-12-02"),
                  imported("b", letter__serial="2", letter__issued_on="2007-12-01",
                           letter__phone="1", receipt__returned_on="2007-12-02"))
    assert office.kept() == office.audited(tmp_path) == {}
    office.change(EventDraft("member.corrected", "b", values={"letter.serial": ("2", "１")}))
    assert said(office, "a") == said(office, "b") == {"serial": "violation"}
    assert office.kept() == office.audited(tmp_path)
    office.change(EventDraft("member.withdrawn", "b"))
    assert office.kept() == office.audited(tmp_path) == {}
    office.change(EventDraft("member.restored", "b"))
    office.change(EventDraft("member.set", "a", values={"letter.issued_on": ("2007-12-01", None)}))
    assert said(office, "a") == said(office, "b") == {}
    assert office.kept() == office.audited(tmp_path)


def test_more_than_may_share_a_key(office: Office, tmp_path: Path) -> None:
    office.change(*(imported(name, receipt__tracker="张") for name in "abc"))
    assert {m for m, rule in office.kept() if rule == "few"} == {"a", "b", "c"}
    assert office.kept() == office.audited(tmp_path)
    office.change(EventDraft("member.set", "c", values={"receipt.tracker": ("张", "李")}))
    assert not any(rule == "few" for _, rule in office.kept())


def test_lateness_grows_by_itself_and_days_are_caught_up_with(office: Office, tmp_path: Path) -> None:
    office.change(imported("a", letter__issued_on="2007-11-25", letter__serial="1",
                           letter__phone="1", receipt__returned_on=None))
    assert said(office, "a") == {"back": "pending"}
    office.today = date(2007, 12, 25)
    office.judging.refresh(office.store)
    assert said(office, "a") == {"back": "pending"}
    office.today = date(2007, 12, 26)
    assert [done.why for done in office.judging.catch_up(office.store)] == [("day",)]
    assert office.kept()["a", "back"][3:5] == (date(2007, 12, 25), 1)
    with office.store.reading(SYSTEM) as conn:
        (row,) = [o for o in outcomes(conn, office.today) if o.rule == "back"]
    assert row.since == date(2007, 12, 26)
    office.today = date(2008, 1, 30)
    assert office.judging.refresh(office.store) == 0
    assert office.kept() == office.audited(tmp_path)
    assert office.kept()["a", "back"][4] == 36
    office.change(EventDraft("member.set", "a", values={"receipt.returned_on": (None, "2008-01-30")}))
    office.today = date(2008, 2, 5)
    assert office.kept() == office.audited(tmp_path)
    assert office.kept()["a", "back"][4] == 36


def test_absent_columns_are_no_blanks(office: Office, tmp_path: Path) -> None:
    few = office.columns(["letter.issued_on", "letter.serial"])
    office.change(imported("a", few, letter__issued_on="2007-12-01", letter__serial="1"),
                  imported("b", letter__issued_on="2007-12-01",
                           letter__serial="1", letter__phone=None, receipt__returned_on=None))
    assert said(office, "a") == {"serial": "violation"}
    assert said(office, "b") == {"serial": "violation", "asked": "violation", "back": "pending"}
    assert office.kept() == office.audited(tmp_path)


def test_another_law_is_said_and_judged_in_batches_that_go_on(office: Office, tmp_path: Path) -> None:
    office.change(*(imported(f"m{n}", letter__issued_on="2007-12-01", letter__phone="1",
                             letter__serial=f"{n}", receipt__returned_on=None) for n in range(7)))
    assert list(office.judging.catch_up(office.store)) == []
    office.policy = policy(tmp_path / "other", [
        rule("back", {"deadline": {"due": "letter.issued_on + days(3)", "done": "receipt.returned_on"}},
             "has(letter.issued_on)")])
    office.judging.law.reload()
    first = next(iter(office.judging.catch_up(office.store, batch=3)))
    assert (first.members, first.why, first.left) == (3, ("policy", "rules"), True)
    rest = list(office.judging.catch_up(office.store, batch=3))
    assert [(done.members, done.why) for done in rest] == [(3, ("policy", "rules")), (1, ("policy", "rules"))]
    assert office.kept() == office.audited(tmp_path)
    assert {said[1] for said in office.kept().values()} == {"violation"}
    assert list(office.judging.catch_up(office.store)) == []


def test_waivers_with_a_limit_cover_nobody_beyond_it(office: Office, tmp_path: Path) -> None:
    waiver = {"id": "W", "rule": "asked", "where": "letter.issuer == '甲'", "at_most": 2, "reason": "r",
              "requested_by": "a", "approved_by": "b", "granted_on": "2007-12-01", "expires": "2007-12-31"}
    office.approve(waiver)
    office.change(*(imported(name, letter__issued_on="2007-12-01", letter__phone=None,
                             letter__serial=name, letter__issuer="甲") for name in "ab"))
    assert said(office, "a")["asked"] == said(office, "b")["asked"] == "waived"
    assert office.kept() == office.audited(tmp_path)
    office.change(imported("c", letter__issued_on="2007-12-01", letter__phone=None,
                           letter__serial="c", letter__issuer="甲"))
    assert {said(office, name)["asked"] for name in "abc"} == {"violation"}
    assert office.kept() == office.audited(tmp_path)
    office.change(EventDraft("member.set", "b", values={"letter.phone": (None, "1")}))
    assert {said(office, name)["asked"] for name in "ac"} == {"waived"}
    office.today = date(2008, 1, 1)
    assert ["waivers" in done.why for done in office.judging.catch_up(office.store)] == [True]
    assert {said(office, name)["asked"] for name in "ac"} == {"violation"}
    assert office.kept() == office.audited(tmp_path)


def test_an_approved_waiver_holds_at_once(office: Office, tmp_path: Path) -> None:
    office.change(*(imported(name, letter__issued_on="2007-12-01", letter__phone=None,
                             letter__serial=name, member__id=name) for name in "ab"))
    office.approve({"id": "W", "rule": "asked", "record": "a", "reason": "r", "requested_by": "a",
                    "approved_by": "b", "granted_on": "2007-12-01", "expires": "2007-12-31"})
    assert (said(office, "a")["asked"], said(office, "b")["asked"]) == ("waived", "violation")
    assert office.kept() == office.audited(tmp_path)
    assert list(office.judging.catch_up(office.store)) == []


def test_a_rebuilt_register_says_the_same(office: Office) -> None:
    office.change(imported("a", letter__issued_on="2007-12-01", letter__serial="1"),
                  imported("b", letter__issued_on="2007-12-01", letter__serial="1"),
                  imported("c", letter__issued_on="2007-12-01"))
    office.change(EventDraft("member.withdrawn", "c"))
    before = office.kept()
    office.store.rebuild()
    office.judging.forget(office.store)
    assert [done.why for done in office.judging.catch_up(office.store)] == [("new",)]
    assert office.kept() == before


def test_every_judgement_is_a_decision(office: Office) -> None:
    office.change(imported("a", letter__issued_on="2007-12-01", letter__phone=None))
    with office.store.reading(SYSTEM) as conn:
        (made,) = [e for e in events(conn) if e.kind == "decision.made"]
        (row, *_) = outcomes(conn, TODAY)
        version = members(conn, ["a"])["a"].version
    assert row.decision == made.id
    assert made.data["sha256"] == office.policy.ref.sha256
    assert (made.data["as_of"], made.data["records"], made.data["why"]) == ("2007-12-20", 1, ["change"])
    assert made.data["input"] == input_hash(bytes.fromhex(made.after[SALT]), [["a", version]])


def test_whether_somebody_may_go(database: RegisterDatabase) -> None:
    office = Office(database, load_policy("fujian-2007-80"), TODAY)
    wide = office.columns([f.name for f in office.policy.vocabulary.fields])
    base = {"education.briefed_on": "2007-12-01", "education.notice_on": "2007-12-01",
            "education.notice_form": "written", "destination.kind": "employer_org",
            "employment.employed": True, "employment.employer_has_party_org": True}
    office.change(EventDraft("member.imported", "a", "maths", {n: (None, v) for n, v in base.items()}, columns=wide))

    def asked() -> tuple[ClearanceAnswer, set[str]]:
        with office.store.change(CLERK) as work:
            found = clearance(office.judging, work, members(work.conn, ["a"])["a"], "departure", "zh")
            against = [*found.case.against, *found.case.undone]
        with office.store.reading(SYSTEM) as conn:
            made = [e for e in events(conn) if e.id == found.decision]
        assert [(e.data["moment"], e.data["about"]) for e in made] == [("departure", "a")]
        assert all(f.remedy for f in against)
        return found.answer, {f.clause for f in against}

    answer, why = asked()
    assert (answer, why) == (ClearanceAnswer.YES, set())
    office.change(EventDraft("member.set", "a", values={"employment.employed": (True, None)}))
    assert asked()[0] is ClearanceAnswer.UNCLEAR
    office.change(EventDraft("member.set", "a", values={"education.notice_on": ("2007-12-01", None)}))
    answer, why = asked()
    assert answer is ClearanceAnswer.NO
    assert "1.1b" in why


def test_an_act_is_tried_before_it_is_done(office: Office) -> None:
    office.change(imported("a", letter__issued_on="2007-12-01", letter__serial="1", letter__phone="1"),
                  imported("b", letter__phone="1"))
    with office.store.reading(SYSTEM) as conn:
        member = members(conn, ["b"])["b"]
        tried = look(office.judging, conn, member, "zh",
                     values={"letter.issued_on": "2007-12-20", "letter.serial": "1"})
        again = look(office.judging, conn, members(conn, ["a"])["a"], "zh")
    assert [f.rule for f in tried.against] == ["serial"]
    assert again.against == []
    assert tried.findings[0].location.entry == "b"
