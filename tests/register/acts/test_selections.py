"""What can be done, acts on a selection, tables made anew, and another domain."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from support.acts_office import LI, WANG, Office, png
from support.values import replace

from zhuanjie.engine.api import InputError, say_diagnostic
from zhuanjie.web.access import projection as access
from zhuanjie.web.access.guard import AccessGuard
from zhuanjie.web.access.units import set_unit
from zhuanjie.web.acts.numbers import fates
from zhuanjie.web.acts.perform import AskedAct
from zhuanjie.web.acts.possible import possible_acts
from zhuanjie.web.acts.projection import PROJECTIONS, projectors
from zhuanjie.web.store.errors import ConflictError, ForbiddenError, RefusedError
from zhuanjie.web.store.event import SYSTEM, Actor
from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import MEMBERS


def test_what_can_be_done_now_and_what_not_and_why(office: Office) -> None:
    office.add(**{"destination.kind": "talent_service", "destination.talent_level": "township",
                  "destination.talent_is_public": True, "destination.file_moved_with": True,
                  "employment.employed": False})

    def now() -> dict[str, Any]:
        with office.store.reading(SYSTEM) as conn:
            return {a.id: a for a in possible_acts(office.desk, conn, office.member(), LI)}

    found = now()
    assert [f.clause for f in found["issue"].against] == ["1.2d"]
    assert not found["issue"].is_possible and found["brief"].is_possible
    assert [f.clause for f in found["issue"].asked_about] == ["1.3c"]
    assert found["settle"].inputs["destination.kind"] and found["withdraw"].reason_needed
    assert "没有可以作废" in say_diagnostic(found["void"].why_not[0], "zh")
    office.do("settle", inputs={"destination.kind": "parents_township"})
    found = now()
    assert found["issue"].is_possible
    office.issue()
    found = now()
    assert found["void"].is_possible and not found["issue"].is_possible


def test_who_may_not_do_an_act_is_not_told_what_rules_say(office: Office) -> None:
    office.add(**{"member.phone": None})
    desk = replace(office.desk, guard=AccessGuard(
        {act.id: act.act.permission for act in office.acts.acts.values()}))
    room = replace(office.room, desk=desk)
    clerk = Actor("zhao", "branch", "maths")
    store = RegisterStore(
        office.database, {}, projectors=[projectors(office.acts), access.PROJECTORS])
    with store.change(SYSTEM) as work:
        set_unit(work, "office", title="党委")
        set_unit(work, "maths", title="数学系", parent="office")
    for act in ("issue", "approve", "withdraw"):
        with pytest.raises(ForbiddenError):
            room.do(clerk, AskedAct(act, "m1", reason="x"))
    with pytest.raises(ForbiddenError):
        room.preview(clerk, AskedAct("issue", "m1"))
    room.do(clerk, AskedAct("brief", "m1"))
    with office.store.reading(SYSTEM) as conn:
        found = {a.id: a for a in possible_acts(desk, conn, office.member(), clerk)}
    assert found["brief"].is_possible and not found["issue"].is_possible
    assert found["issue"].why_not[0].code == "register.access.forbidden"


def test_a_selection_is_looked_at_before_it_is_acted_on(office: Office) -> None:
    for id in ("m1", "m2", "m3"):
        office.add(id)
    office.issue("m2")
    asked = AskedAct("issue", "", inputs={"letter.origin_address": "某路"})
    looked = office.room.preview_all(LI, asked, ["m1", "m2", "m3", "m4"])
    assert [r.error is None for r in looked] == [True, False, True, False]
    assert looked[0].answer and looked[0].answer["changes"]["letter.serial"] == "200700002"
    with office.store.reading(SYSTEM) as conn:
        assert len(fates(conn, "letter")) == 1
    versions = {r.member: r.answer["version"] for r in looked if r.answer}
    office.do("brief", "m3")
    done = office.room.do_all(LI, asked, versions, key="all")
    assert [(r.member, r.error is None) for r in done] == [("m1", True), ("m3", False)]
    assert isinstance(done[1].error, ConflictError)
    again = office.room.do_all(LI, asked, versions, key="all")
    assert again[0].answer == done[0].answer


def tables(office: Office) -> dict[str, Any]:
    with office.store.reading(SYSTEM) as conn:
        return {name: sorted(map(repr, conn.execute(select(METADATA.tables[name]))))
                for name in (*PROJECTIONS, MEMBERS.name)}


def test_tables_are_made_anew_from_events(office: Office) -> None:
    for id in ("m1", "m2"):
        office.add(id)
        office.issue(id)
    office.do("void", "m2", reason="x")
    office.do("return", "m1", reason="x")
    office.do("receive", "m1", attachments=[office.folder.receive([png()])])
    before = tables(office)
    assert all(before[name] for name in ("numbers", "series", "requests", "attachments"))
    office.store.rebuild()
    assert tables(office) == before


def test_another_domain_has_acts_of_its_own(permits: Office) -> None:
    permits.add("p1", "East", **{
        "permit.number": "1", "permit.kind": "stall", "permit.district": "East",
        "application.complete": True, "application.received_on": "2024-04-01",
        "application.area": 10,
        "fee.amount": None, "fee.paid_on": None})
    with pytest.raises(InputError, match="1 to 3"):
        permits.do("visit", "p1", inputs={"inspection.result": "clear"})
    permits.do("visit", "p1", inputs={"inspection.result": "clear"},
               attachments=[permits.folder.receive([png()])])
    with pytest.raises(RefusedError, match="H3"):
        permits.do("decide", "p1", inputs={"decision.outcome": "conditional"}, lang="en")
    permits.do("decide", "p1", inputs={"decision.outcome": "granted"})
    with pytest.raises(RefusedError) as error:
        permits.do("issue", "p1")
    assert {f["clause"] for f in error.value.findings} == {"H5"}
    permits.do("pay", "p1", inputs={"fee.amount": "120元"})
    assert permits.do("issue", "p1")["number"] == "P-East-0001"
    with pytest.raises(RefusedError, match="certificate was issued"):
        permits.do("issue", "p1")
    permits.do("void", "p1", reason="x")
    permits.do("renew", "p1")
    with pytest.raises(RefusedError, match="does not decide"):
        permits.do("answer", "p1")
    permits.do("answer", "p1", actor=WANG)
    permits.do("post", "p1")
    permits.do("inspect", "p1")
