"""A member's story, told without a fault. In: a draft with its traits. Out: its fields filled in.

Everything happens in good time; what would happen after the as-of day has not happened yet, and its
duty is noted as pending. Nothing here breaks a clause or leaves one undetermined.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from zhuanjie.engine.days import from_day, to_day
from zhuanjie.engine.generate.draft import CONTACT, VERIFY, Draft, probation_end

UNIVERSITY: Final = "闽南示例学院"
ISSUER: Final = f"中共{UNIVERSITY}委员会组织部"
MATURE: Final = 170
"""Days after leaving by which every deadline of a transfer has passed."""

EMPLOYMENT: Final = {
    "employer_org": (True, True), "workplace_township": (True, False),
    "residence_township": (True, False), "parents_township": (False, None),
    "talent_service": (False, None), "retained": (False, None), "none": (False, None),
}
"""Whether employed, and whether the employer has a Party organisation, by destination."""


def live(draft: Draft) -> None:
    """Fill in the draft."""
    _person(draft)
    _membership(draft)
    _education(draft)
    _destination(draft)
    match draft.traits["kind"]:
        case "none":
            pass
        case "retained":
            _retention(draft)
        case _ if draft.traits["stage"] != "before":
            _letter(draft)
            if draft.traits["reported"]:
                _reception(draft)


def newest_class(as_of: int) -> int:
    """The year of the class that left last; it leaves in June and July."""
    day = from_day(as_of)
    return day.year if day.month >= 8 else day.year - 1


def _person(d: Draft) -> None:
    year = newest_class(d.as_of)
    grown = d.as_of - to_day(date(year, 7, 5)) >= MATURE
    if d.traits["age"] == "old" or (d.traits["stage"] == "settled" and not grown):
        year -= 1
    male = d.chance() < 0.5
    given = "male" if male else "female"
    name = d.one_of("surname") + d.one_of(given)
    if d.chance() < 0.7:
        name += d.one_of(given)
    department = d.one_of("department")
    d.fields = {
        "member.id": f"{year - 4}{d.between(1, 16):02d}{d.index + 1:05d}",
        "member.name": name,
        "member.sex": "male" if male else "female",
        "member.ethnicity": d.one_of("ethnicity"),
        # No operator gives out numbers that begin with 100.
        "member.phone": f"100{d.between(0, 99_999_999):08d}",
        "member.cohort": year,
        "member.school_branch": f"{department}党总支",
        "member.left_on": (
            d.as_of + d.between(1, 60) if d.traits["stage"] == "before"
            else to_day(date(year, 6, 20)) + d.between(0, 15)
        ),
    }


def _membership(d: Draft) -> None:
    kind = d.traits["membership"]
    f = d.fields
    f["member.category"] = "full" if kind in ("full", "converted") else "probationary"
    student = min(d.day("member.left_on"), d.as_of)
    if kind in ("full", "converted"):
        f["member.admitted_on"] = admitted = student - d.between(500, 1100)
        if kind == "full":
            return
    else:
        f["member.admitted_on"] = admitted = student - d.between(20, 360)
    decided = probation_end(admitted) + d.between(0, 20)
    if kind == "converted":
        f["probation.decided_on"] = decided
    elif not d.act("probation.decided_on", decided, "2.4a"):
        return
    f["probation.applied_on"] = decided - d.between(21, 40)
    f["probation.decision"] = "extended" if kind == "extended" else "full"
    if kind == "extended":
        f["probation.extended_to"] = probation_end(admitted, d.between(6, 12))


def _education(d: Draft) -> None:
    briefed = d.day("member.left_on") - d.between(5, 40)
    d.act("education.briefed_on", briefed, "1.1a")
    if d.act("education.notice_on", briefed + d.between(0, 4), "1.1b"):
        d.fields["education.notice_form"] = "written"


def _destination(d: Draft) -> None:
    kind = d.traits["kind"]
    f = d.fields
    employed, organised = EMPLOYMENT[str(kind)]
    if kind == "residence_township" and d.chance() < 0.5:
        employed, organised = False, None
    f["employment.employed"] = employed
    city = d.one_of("city")
    employer = city + d.one_of("trade")
    if employed:
        f["employment.employer"] = employer
    if organised is not None:
        f["employment.employer_has_party_org"] = organised
    if kind == "none":
        return
    f["destination.kind"] = kind
    match kind:
        case "employer_org":
            f["destination.org"] = f"中共{employer}委员会"
        case "retained":
            f["destination.org"] = f"中共{UNIVERSITY}委员会"
        case "talent_service":
            level = ("province", "city", "county")[d.between(0, 2)]
            place = {"province": "福建省", "city": city, "county": d.one_of("county")}[level]
            f["destination.org"] = f"中共{place}人才服务中心委员会"
            f["destination.talent_level"] = level
            f["destination.talent_is_public"] = f["destination.file_moved_with"] = True
        case _:
            f["destination.org"] = f"中共{d.one_of('township')}工作委员会"


def _retention(d: Draft) -> None:
    f, left = d.fields, d.day("member.left_on")
    applied = min(left, d.as_of) - d.between(10, 30)
    approved = applied + d.between(1, 8)
    f["retention.reason"] = d.one_of("reason")
    f["retention.applied_on"] = applied
    f["retention.application_form"] = "written"
    f["retention.applied_by"] = "self"
    f["retention.decision"] = "approved"
    f["retention.approved_by"] = "university_org_dept"
    f["retention.approved_on"] = approved
    if d.act("retention.branch_assigned_on", approved + d.between(0, 25), "1.4a"):
        f["retention.branch"] = d.one_of("branch")
    f["retention.attends"] = attends = d.traits["attends"]
    if attends:
        return
    certificate = left + d.between(0, 25)
    if d.act("retention.certificate_on", certificate, "1.4b"):
        _verified(d, "retention.last_verified_on", certificate)
        if d.traits["floating"]:
            _floating(d, certificate + d.between(5, 40))
    _contacted(d, "retention.last_contact_on", left)


def _floating(d: Draft, registered: int) -> None:
    """The member shows the certificate where he or she now lives."""
    if registered > d.as_of:
        return
    d.fields["floating.certificate_no"] = f"H{d.index + 1:07d}"
    d.fields["floating.registered_on"] = registered
    d.act("floating.origin_contacted_on", registered + d.between(0, 25), "2.3a")
    d.act("floating.branch_assigned_on", registered + d.between(0, 25), "2.3b")


def _contacted(d: Draft, name: str, start: int) -> None:
    """The last contact is never older than the interval; at first there may be none."""
    gap = d.as_of - start
    if gap > CONTACT or (gap > 30 and d.chance() < 0.6):
        d.fields[name] = d.as_of - d.between(0, min(CONTACT, gap))


def _verified(d: Draft, name: str, certificate: int) -> None:
    gap = d.as_of - certificate
    if gap > VERIFY:
        d.fields[name] = d.as_of - d.between(0, VERIFY)


def _letter(d: Draft) -> None:
    f, stage = d.fields, d.traits["stage"]
    two_part = d.traits["two_part"]
    if stage == "transit":
        issued = d.as_of - d.between(0, 25)
    elif stage == "fresh":
        issued = d.as_of - d.between(8, 55)
    else:
        issued = d.day("member.left_on") - d.between(0, 7)
    f["letter.form"] = "two_part" if two_part else "three_part"
    f["letter.serial"] = f["letter.stub_serial"] = serial = f"{d.index + 1:07d}"
    if not two_part:
        f["letter.receipt_serial"] = serial
    f["letter.issuer"] = ISSUER
    f["letter.issued_on"] = issued
    if d.chance() < 0.3:
        f["letter.valid_days"] = (60, 90)[d.between(0, 1)]
    f["letter.addressee"] = f["destination.org"]
    for part in ("name", "sex", "category"):
        f[f"letter.{part}"] = f[f"member.{part}"]
    # No exchange gives out numbers that begin with 0.
    f["letter.phone"] = (f["member.phone"] if d.chance() < 0.85
                         else f"0595-0{d.between(0, 9_999_999):07d}")
    f["letter.origin_address"] = f"福建省示例市学府路1号{UNIVERSITY}{f['member.school_branch']}"
    f["receipt.tracker"] = d.one_of("surname") + "老师"


def _reception(d: Draft) -> None:
    f, stage = d.fields, d.traits["stage"]
    issued = d.day("letter.issued_on")
    if stage == "fresh":
        accepted = max(issued + 5, d.as_of - d.between(0, 25))
        presented = accepted - d.between(0, 3)
    else:
        presented = issued + d.between(3, 8 if d.traits["quick"] else 55)
        accepted = presented + d.between(0, 2 if d.traits["quick"] else 5)
    slip = f["letter.form"] == "three_part"
    if stage == "transit" or presented > d.as_of:
        presented = accepted = d.as_of + 1
    else:
        f["arrival.presented_on"] = presented
    sent = accepted + d.between(0, 14)
    if slip:
        d.act("receipt.returned_on", sent + d.between(2, 15), "1.6b")
    if accepted > d.as_of:
        return
    f["arrival.accepted_on"] = accepted
    f["arrival.credentials_checked_on"] = checked = presented + (accepted - presented) // 2
    if slip:
        d.act("arrival.receipt_sent_on", sent, "2.2a")
    if d.act("arrival.branch_assigned_on", accepted + d.between(0, 25), "2.1b"):
        f["arrival.branch"] = d.one_of("branch")
    if (requested := accepted + d.between(0, 10)) <= d.as_of:
        f["arrival.file_requested_on"] = requested
    d.act("arrival.file_received_on", accepted + d.between(12, 55), "2.1c")
    f["arrival.by_proxy"] = d.traits["proxy"]
    if d.traits["proxy"]:
        f["arrival.proxy_verified_on"] = checked
    f["arrival.attends"] = attends = d.traits["attends"]
    if attends:
        return
    certificate = accepted + d.between(0, 5 if d.traits["quick"] else 25)
    if d.act("arrival.certificate_on", certificate, "2.5b"):
        _verified(d, "arrival.last_verified_on", certificate)
    _contacted(d, "arrival.last_contact_on", accepted)
