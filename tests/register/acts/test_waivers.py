"""Waivers of a register: two persons, what the policy allows, and judging by them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from support.acts_office import LI, WANG, Office

from zhuanjie.engine.api import UsageError
from zhuanjie.web.acts.tables import WAIVERS
from zhuanjie.web.acts.waiver_rows import waiver_entries
from zhuanjie.web.acts.waivers import WaiverRequest, kept_waivers
from zhuanjie.web.judging.tables import OUTCOMES
from zhuanjie.web.store.errors import NotFoundError, RefusedError
from zhuanjie.web.store.event import SYSTEM

UNTIL = date(2007, 12, 1)


def request(office: Office, **more: Any) -> str:
    asked = {"expires": UNTIL, "reason": "军训封闭", "clause": "1.6a", "member": "m1", **more}
    with office.store.change(LI) as work:
        return office.waivers.request(work, WaiverRequest(**asked))


def answer(office: Office, what: str, id: str, actor: Any = WANG, **more: Any) -> None:
    with office.store.change(actor) as work:
        getattr(office.waivers, what)(work, id, **more)


def state(office: Office, id: str) -> str:
    with office.store.reading(SYSTEM) as conn:
        return next(w.state for w in kept_waivers(conn) if w.id == id)


def outcome(office: Office, clause: str, member: str = "m1") -> str:
    with office.store.reading(SYSTEM) as conn:
        return str(conn.execute(select(OUTCOMES.c.outcome).where(
            OUTCOMES.c.member == member, OUTCOMES.c.clause == clause)).scalar())


def test_a_waiver_that_another_person_approved_counts(office: Office) -> None:
    office.add(**{"letter.issued_on": "2007-06-01", "receipt.tracker": None})
    assert outcome(office, "1.6a") == "violation"
    id = request(office, basis="校党组〔2007〕1号")
    assert outcome(office, "1.6a") == "violation"
    with pytest.raises(RefusedError, match="does not decide"):
        answer(office, "approve", id, LI)
    answer(office, "approve", id)
    assert (state(office, id), outcome(office, "1.6a")) == ("approved", "waived")
    for what in ("approve", "refuse"):
        with pytest.raises(RefusedError, match="answered already"):
            answer(office, what, id, reason="x")
    with office.store.reading(SYSTEM) as conn:
        entries = waiver_entries(conn, office.policy.vocabulary)
        before = waiver_entries(conn, office.policy.vocabulary, upto=2)
    assert entries == [{
        "id": id, "clause": "1.6a", "reason": "军训封闭", "basis": "校党组〔2007〕1号",
        "requested_by": "li", "approved_by": "wang", "granted_on": "2007-07-02",
        "expires": "2007-12-01", "record": "m1"}]
    assert before == []
    office.day += timedelta(days=3)
    answer(office, "revoke", id, reason="已补")
    assert (state(office, id), outcome(office, "1.6a")) == ("revoked", "violation")
    with pytest.raises(RefusedError, match="refused or revoked"):
        answer(office, "revoke", id, reason="x")
    with office.store.reading(SYSTEM) as conn:
        assert waiver_entries(conn, office.policy.vocabulary)[0]["expires"] == "2007-07-04"


def test_a_waiver_in_force_lets_an_act_be_done(office: Office) -> None:
    office.add(**{"member.phone": None})
    asked = {"letter.origin_address": "某路", "letter.phone": "12"}
    with pytest.raises(RefusedError):
        office.do("issue", inputs=asked)
    answer(office, "approve", request(office, clause="1.3b"))
    done = office.do("issue", inputs=asked)
    assert [(f["clause"], f["outcome"]) for f in done["findings"]] == [("1.3b", "waived")]
    assert done["findings"][0]["waiver"]


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"clause": "9.9"}, RefusedError, "9.9"),
    ({"clause": None}, UsageError, "clause"),
    ({"rule": "tracker-named"}, UsageError, "clause"),
    ({"clause": "1.2d"}, RefusedError, "1.2d"),
    ({"reason": " "}, UsageError, ""),
    ({"expires": date(2007, 7, 1), "granted_on": date(2007, 6, 1)}, RefusedError, "has passed"),
    ({"expires": date(2007, 7, 1)}, UsageError, ""),
    ({"expires": date(2030, 1, 1)}, RefusedError, ""),
    ({"member": None, "where": "member.sex == 'male'"}, UsageError, "at_most"),
    ({"member": None, "where": "member.sx == 'male'", "at_most": 3}, RefusedError, "member.sx"),
    ({"member": None, "where": "member.sex == 'male'", "at_most": 9999}, RefusedError, ""),
    ({"member": "m9"}, NotFoundError, ""), ({"member": None}, UsageError, ""),
]


def test_what_is_no_waiver_or_goes_too_far_is_refused(office: Office) -> None:
    office.add()
    limits = office.policy.waiver_limits
    assert limits.longest_days and limits.at_most
    for more, error, words in WRONG:
        with pytest.raises(error, match=words or None):
            request(office, **more)
    with office.store.reading(SYSTEM) as conn:
        assert kept_waivers(conn) == []


def test_a_waiver_by_a_condition_covers_whom_it_speaks_of(office: Office) -> None:
    for id in ("m1", "m2"):
        office.add(id, **{"letter.issued_on": "2007-06-01", "receipt.tracker": None})
    id = request(office, member=None, where="member.school_branch == 'maths'", at_most=2)
    answer(office, "approve", id)
    office.judging.refresh(office.store)
    assert {outcome(office, "1.6a", m) for m in ("m1", "m2")} == {"waived"}
    with office.store.reading(SYSTEM) as conn:
        kept = kept_waivers(conn)[0]
    assert (kept.where, kept.at_most) == ("member.school_branch == 'maths'", 2)


def test_waivers_are_made_anew_from_events(office: Office) -> None:
    office.add()
    ids = [request(office) for _ in range(3)]
    answer(office, "approve", ids[0])
    answer(office, "refuse", ids[1], reason="不必")
    answer(office, "revoke", ids[2], LI, reason="收回")

    def rows() -> list[Any]:
        with office.store.reading(SYSTEM) as conn:
            return sorted(map(tuple, conn.execute(select(WAIVERS))))

    before = rows()
    office.store.rebuild()
    assert rows() == before
    assert {row[8] for row in before} == {"approved", "refused", "revoked"}
