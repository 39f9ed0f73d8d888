"""What would mend a member, and let a refused act through: searched, and true when it is done."""

from __future__ import annotations

from typing import Any

import pytest
from support.register_office import Office, office

from zhuanjie.engine.api import Outcome
from zhuanjie.web.acts.perform import AskedAct
from zhuanjie.web.judging.casework import look
from zhuanjie.web.judging.mending import choices, mend, turned
from zhuanjie.web.service.casefile import case_file, history_of, mending_of, names_of
from zhuanjie.web.service.drafting import ActDraft, draft_act
from zhuanjie.web.store.event import SYSTEM
from zhuanjie.web.store.members import members


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with office(tmp_path_factory.mktemp("office")) as made:
        made.add("town", "maths", destination__kind="talent_service",
                 destination__talent_level="township")
        made.add("twin", "maths", letter__serial="L1", letter__stub_serial="L1",
                 letter__receipt_serial="L1", letter__issued_on="2026-06-21")
        made.add("other", "physics", letter__serial="L1", letter__stub_serial="L2",
                 letter__receipt_serial="L2", letter__issued_on="2026-06-21")
        yield made


def test_each_fix_mends_what_it_is_for_and_breaks_nothing(at: Office) -> None:
    tried = 0
    for id in ("m1", "town", "twin", "other"):
        with at.register.store.reading(SYSTEM) as conn:
            member = members(conn, [id])[id]
            case = look(at.register.judging, conn, member, "en")
            found = mend(at.register.judging, conn, case, "en")
            lost = {b.finding.key for b in found.beyond}
            for fix in found.alternatives:
                now = look(at.register.judging, conn, member, "en",
                           values={c.field: c.value for c in fix.changes})
                change = turned(case.findings, now.findings)
                assert not change.come and {f.key for f in change.left} <= lost
                tried += 1
    assert tried >= 2


def test_a_number_that_another_bears_mends_nothing(at: Office) -> None:
    """`other` could have its stub's number, but not the number of `twin`."""
    with at.register.store.reading(SYSTEM) as conn:
        found = mending_of(at.register, conn, members(conn, ["other"])["other"], "en")
    assert found.ways
    for way in found.ways:
        numbers = {c.field: c.to for c in way.changes if c.field.startswith("letter.")}
        assert numbers.get("letter.serial") != "L1"
        assert all(c.acts for c in way.changes)


def test_choices_are_judged_one_by_one(at: Office) -> None:
    with at.register.store.reading(SYSTEM) as conn:
        case = look(at.register.judging, conn, members(conn, ["town"])["town"], "zh")
        found = {c.kind: c for c in choices(at.register.judging, conn, case, "zh")}
    values = at.register.vocabulary.fields["destination.kind"].values
    assert list(found) == list(values)
    assert found["employer_org"].outcome is Outcome.SATISFIED
    assert found["talent_service"].outcome is Outcome.VIOLATION
    assert found["talent_service"].conditions and found["talent_service"].clauses


def test_a_refused_act_says_what_would_let_it_through(at: Office) -> None:
    body: dict[str, Any] = {"inputs": {"letter.origin_address": "泉州"}}
    path = "/members/town/acts/issue"
    said = at.ask("POST", path, json=body).json()
    assert said["findings"] and said["fix"]["ways"], said
    assert at.ask("POST", path + "/preview", json=body).json()["fix"] == said["fix"]
    change = said["fix"]["ways"][0]["changes"][0]
    assert change["acts"] and not change["given"]
    done = at.ask("POST", f"/members/town/acts/{change['acts'][0]}", json={
        "inputs": {change["field"]: change["to"]}, "reason": "核对"})
    assert done.status_code == 200, done.text
    after = at.ask("POST", path + "/preview", json=body).json()
    mended = {f["clause"] for f in said["findings"]}
    assert not mended & {f["clause"] for f in after["findings"] if f["outcome"] == "violation"}


def draft(at: Office, act: str, member: str = "m1", **inputs: Any) -> ActDraft:
    asked = AskedAct(act, member, {n.replace("__", "."): v for n, v in inputs.items()})
    with at.register.store.reading(SYSTEM) as conn:
        return draft_act(at.register, conn, SYSTEM, asked, "zh")


def test_what_is_typed_is_judged_as_far_as_it_goes(at: Office) -> None:
    empty = draft(at, "settle")
    assert empty.lacking == ("destination.kind",) and not empty.is_ready
    wrong = draft(at, "settle", destination__kind="nowhere", employment__employed="是")
    assert set(wrong.unread) == {"destination.kind"} and not wrong.lacking
    town = draft(at, "settle", destination__kind="talent_service",
                 destination__talent_level="township")
    assert town.turned.come and town.is_ready  # the act is one of record, and says what comes of it
    good = draft(at, "settle", destination__kind="employer_org")
    assert good.is_ready and not good.turned.come
    assert draft(at, "void").obstacles
    future = draft(at, "brief", education__briefed_on="2027-01-01")
    assert future.unread["education.briefed_on"].code == "register.acts.future"


def test_a_draft_says_of_what_to_take_note_and_what_to_give(at: Office) -> None:
    at.add("blank", "maths", member__sex=None)
    found = draft(at, "issue", "blank")
    assert found.asked and found.forbidding and found.number and not found.is_ready
    assert found.fix is not None
    changes = {c.field: c for c in found.fix.ways[0].changes}
    address = changes["letter.origin_address"]
    assert address.given and address.open
    # What the act copies is not asked for twice.
    assert not changes["member.sex"].given and "letter.sex" not in changes
    better = draft(at, "issue", "blank", letter__origin_address="泉州")
    assert not better.forbidding and better.asked


def test_a_case_file_has_all_of_it(at: Office) -> None:
    at.ask("POST", "/members/p1/acts/correct", json={
        "inputs": {"member.phone": "13911111111"}, "reason": "换号"})
    with at.register.store.reading(SYSTEM) as conn:
        found = case_file(at.register, conn, SYSTEM, "no-p1", "zh")
        events, _ = history_of(conn, found.member.id)
        first, more = history_of(conn, found.member.id, limit=1)
        rest, end = history_of(conn, found.member.id, before=more, limit=1)
        names = names_of(conn, [event.actor for event in events])
    assert (found.member.id, found.unit) == ("p1", "物理系")
    assert {a.id for a in found.acts} == set(at.register.acts.desk.acts.acts)
    assert [e.kind for e in events] == ["member.corrected", "member.imported"]
    assert [*first, *rest] == events and end is None
    assert names[events[0].actor] == "department office"
