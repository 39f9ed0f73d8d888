"""Twenty-two conditions of the provincial notice, once for each peer. In: nothing. Out: texts.

Each is true where the record breaks the clause. Dates are day numbers, so that every peer compares
plain integers; fields are grouped, as records are. The forms differ only in each peer's syntax.
"""

from __future__ import annotations

import re

TODAY = 13878  # 2007-12-31 as a day number

# CEL's syntax; the peers' own is derived below where it differs by spelling alone.
CONDITIONS: tuple[str, ...] = (
    "education.briefed_on > member.left_on",
    "education.notice_on > member.left_on",
    "education.notice_form != 'written'",
    "employment.employed && employment.employer_has_party_org"
    " && destination.kind != 'employer_org' && destination.kind != 'retained'",
    "!employment.employed && destination.kind != 'residence_township'"
    " && destination.kind != 'parents_township' && destination.kind != 'talent_service'"
    " && destination.kind != 'retained'",
    "destination.kind == 'talent_service' && !(destination.talent_is_public"
    " && destination.file_moved_with)",
    "destination.kind == 'retained' && retention.decision != 'approved'",
    "destination.kind == 'retained' && retention.approved_on < retention.applied_on",
    "letter.name != member.name || letter.sex != member.sex || letter.category != member.category",
    "letter.stub_serial != letter.serial",
    "letter.form != 'two_part' && letter.receipt_serial != letter.serial",
    "letter.form != 'two_part' && receipt.returned_on > arrival.accepted_on + 30",
    "arrival.presented_on > letter.issued_on + letter.valid_days",
    "arrival.credentials_checked_on > arrival.accepted_on",
    "arrival.branch_assigned_on > arrival.accepted_on + 30",
    "arrival.file_received_on > arrival.accepted_on + 60",
    "letter.form != 'two_part' && arrival.receipt_sent_on > arrival.accepted_on + 30",
    "arrival.by_proxy && arrival.proxy_verified_on > arrival.accepted_on",
    "!arrival.attends && arrival.certificate_on > arrival.accepted_on + 30",
    "!arrival.attends && 13878 > arrival.last_contact_on + 180",
    "floating.origin_contacted_on > floating.registered_on + 30",
    "member.category == 'probationary' && probation.decided_on > member.admitted_on + 395",
)

RECORD: dict[str, dict[str, object]] = {
    "member": {"name": "张三", "sex": "male", "category": "probationary", "left_on": 13685,
               "admitted_on": 13330},
    "education": {"briefed_on": 13680, "notice_on": 13681, "notice_form": "written"},
    "employment": {"employed": True, "employer_has_party_org": True},
    "destination": {"kind": "employer_org", "talent_is_public": True, "file_moved_with": True},
    "retention": {"decision": "approved", "applied_on": 13600, "approved_on": 13610},
    "letter": {"name": "张三", "sex": "male", "category": "probationary", "serial": "0601",
               "stub_serial": "0601", "receipt_serial": "0602", "form": "three_part",
               "issued_on": 13690, "valid_days": 90},
    "receipt": {"returned_on": 13760},
    "arrival": {"presented_on": 13700, "credentials_checked_on": 13700, "accepted_on": 13700,
                "branch_assigned_on": 13720, "file_received_on": 13790, "receipt_sent_on": 13710,
                "by_proxy": False, "proxy_verified_on": 13700, "attends": False,
                "certificate_on": 13720, "last_contact_on": 13760},
    "floating": {"registered_on": 13700, "origin_contacted_on": 13710},
    "probation": {"decided_on": 13740},
}

_WORDS = {"&&": "and", "||": "or", "!": "not "}


def in_words(condition: str) -> str:
    """A condition with `and`, `or` and `not`, as zen-engine and rule-engine write it."""
    return re.sub(r"&&|\|\||!(?!=)", lambda m: _WORDS[m[0]], condition)


def in_python(condition: str) -> str:
    """A condition on a dict of dicts, as somebody would write it by hand."""
    text = in_words(condition)
    return re.sub(r"\b(" + "|".join(RECORD) + r")\.(\w+)", r"r['\1']['\2']", text)
