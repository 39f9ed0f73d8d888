"""Every act of both domains is done, and every condition of theirs is met and broken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from support.acts_office import LETTER, LI, WANG, Office, png

from zhuanjie.engine.api import condition_holds
from zhuanjie.web.store.event import SYSTEM
from zhuanjie.web.store.history import events_of

Step = tuple[str, str, dict[str, Any]]
WHY = {"reason": "更正"}


def asked(**inputs: Any) -> dict[str, Any]:
    return {"inputs": {name.replace("__", "."): value for name, value in inputs.items()}}


SEASON: Sequence[Step] = (
    ("m1", "brief", {}), ("m1", "notify", {}),
    ("m1", "settle", asked(destination__kind="employer_org", destination__org="某公司党委")),
    ("m1", "depart", asked(member__left_on="2007-07-02")),
    ("m1", "return", WHY), ("m1", "resubmit", {}),
    ("m1", "correct", {**asked(member__phone="13800000002"), **WHY}),
    ("m1", "issue", {"inputs": LETTER}), ("m1", "void", WHY), ("m1", "issue", {"inputs": LETTER}),
    ("m1", "reissue", asked(letter__reissue_reason="遗失", letter__original_returned=True)),
    ("m1", "track", asked(receipt__tracker="王老师")),
    ("m1", "follow_up", asked(receipt__followed_up_result="已电话联系")),
    ("m1", "accept", asked(arrival__presented_on="2007-07-02", arrival__by_proxy=False)),
    ("m1", "place", asked(arrival__branch="三支部")), ("m1", "request_file", {}),
    ("m1", "receive_file", {}), ("m1", "send_slip", {}), ("m1", "certify_arrived", {}),
    ("m1", "contact_arrived", {}), ("m1", "verify_arrived", {}),
    ("m1", "receive", {}), ("m1", "register_floating", {}), ("m1", "contact_origin", {}),
    ("m1", "place_floating", {}),
    ("m2", "apply", asked(retention__reason="出国")), ("m2", "cancel", WHY),
    ("m2", "apply", asked(retention__reason="出国")), ("m2", "refuse", WHY),
    ("m2", "apply", asked(retention__reason="出国", retention__application_form="口头")),
    ("m2", "cancel", WHY),
    ("m2", "apply", asked(retention__reason="出国")), ("m2", "approve", {}),
    ("m2", "file_stay", {}), ("m2", "assign", asked(retention__branch="留守支部")),
    ("m2", "certify", {}), ("m2", "contact", {}), ("m2", "verify", {}),
    ("m3", "apply_conversion", {}), ("m3", "decide_conversion", asked(probation__decision="full")),
    ("m3", "move", {**asked(member__school_branch="physics"), **WHY}),
    ("m3", "withdraw", WHY), ("m3", "restore", WHY),
    ("m4", "settle", asked(destination__kind="employer_org")),
    ("m4", "issue", {"inputs": {**LETTER, "letter.form": "two_part"}}),
)
OTHERS = {"m3": {"member.category": "probationary"}, "m5": {"destination.kind": "retained"},
          "m6": {"letter.issued_on": "2007-07-03", "receipt.returned_on": "2007-07-02",
                 "arrival.accepted_on": "2007-07-01"},
          "m7": {"retention.applied_on": "2007-07-03", "retention.approved_on": "2007-07-02",
                 "retention.application_form": "oral"}}
PERMIT = {"permit.number": "1", "permit.kind": "stall", "permit.district": "East",
          "application.complete": True, "application.received_on": "2024-04-01",
          "application.area": 10}
STREET: Sequence[Step] = (
    ("p1", "visit", asked(inspection__result="clear")),
    ("p1", "decide", asked(decision__outcome="granted")), ("p1", "pay", asked(fee__amount=120)),
    ("p1", "issue", {}), ("p1", "post", {}), ("p1", "inspect", {}), ("p1", "renew", {}),
    ("p1", "answer", {}), ("p1", "correct", {**asked(application__phone="059522000001"), **WHY}),
    ("p1", "void", WHY), ("p1", "withdraw", {}), ("p1", "restore", {}),
)
ANSWERS = ("approve", "refuse", "answer")


def walk(office: Office, steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Do every step; returns the records as they were before each, and at the end."""
    states = []
    for member, act, more in steps:
        files = {"attachments": [office.folder.receive([png()])]} if (
            (least := office.acts.acts[act].act.attachments) and least.least) else {}
        before = office.member(member)
        states.append(before.record)
        done = office.do(act, member, WANG if act in ANSWERS else LI, **more, **files)
        with office.store.reading(SYSTEM) as conn:
            event = next(e for e in events_of(conn, member) if e.id == done["event"])
        assert event.kind == f"member.{office.acts.acts[act].act.event}"
        assert office.member(member).record == {
            n: v for n, v in {**before.record, **done["changes"]}.items() if v is not None}
        states.append(office.member(member).record)
    return states


@pytest.mark.slow
def test_every_act_of_a_season(office: Office) -> None:
    for n in range(1, 8):
        office.add(f"m{n}", **OTHERS.get(f"m{n}", {}))
    states = walk(office, SEASON)
    states += [office.member(id).record for id in OTHERS]
    assert {act for _, act, _ in SEASON} == office.acts.acts.keys()
    every_condition_is_met_and_broken(office, states)


def test_every_act_of_a_permit(permits: Office) -> None:
    permits.add("p1", "East", **PERMIT)
    states = walk(permits, STREET)
    assert {act for _, act, _ in STREET} == permits.acts.acts.keys()
    every_condition_is_met_and_broken(permits, states)


def every_condition_is_met_and_broken(office: Office, states: Sequence[dict[str, Any]]) -> None:
    for act in office.acts.acts.values():
        for condition in (*act.possible, *act.valid):
            held = {condition_holds(condition.holds, state, office.policy.vocabulary, office.day)
                    is True for state in states}
            if held != {True, False}:
                pytest.fail(f"{act.id}: {condition.words.en}: {held}")
