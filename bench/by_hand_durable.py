"""The conditions of `conditions.py` as somebody would write them for durable-rules, in order."""

from __future__ import annotations

from typing import Any

from durable.lang import avalue


def its(name: str) -> Any:
    """Another field of the same fact, where it is compared with."""
    return avalue("$m", name)


def durable_conditions(m: Any) -> list[Any]:
    """`m` is durable-rules' own stand-in for the fact."""
    retained = m.destination_kind == "retained"
    three = m.letter_form != "two_part"
    away = m.arrival_attends == False
    return [
        m.education_briefed_on > its("member_left_on"),
        m.education_notice_on > its("member_left_on"),
        m.education_notice_form != "written",
        (m.employment_employed == True)
        & (m.employment_employer_has_party_org == True)
        & (m.destination_kind != "employer_org") & (m.destination_kind != "retained"),
        (m.employment_employed == False)
        & (m.destination_kind != "residence_township")
        & (m.destination_kind != "parents_township") & (m.destination_kind != "talent_service")
        & (m.destination_kind != "retained"),
        (m.destination_kind == "talent_service")
        & ((m.destination_talent_is_public == False)
           | (m.destination_file_moved_with == False)),
        retained & (m.retention_decision != "approved"),
        retained & (m.retention_approved_on < its("retention_applied_on")),
        (m.letter_name != its("member_name")) | (m.letter_sex != its("member_sex"))
        | (m.letter_category != its("member_category")),
        m.letter_stub_serial != its("letter_serial"),
        three & (m.letter_receipt_serial != its("letter_serial")),
        three & (m.receipt_returned_on > m.arrival_accepted_on + 30),
        m.arrival_presented_on > m.letter_issued_on + its("letter_valid_days"),
        m.arrival_credentials_checked_on > its("arrival_accepted_on"),
        m.arrival_branch_assigned_on > m.arrival_accepted_on + 30,
        m.arrival_file_received_on > m.arrival_accepted_on + 60,
        three & (m.arrival_receipt_sent_on > m.arrival_accepted_on + 30),
        (m.arrival_by_proxy == True)
        & (m.arrival_proxy_verified_on > its("arrival_accepted_on")),
        away & (m.arrival_certificate_on > m.arrival_accepted_on + 30),
        away & (m.arrival_last_contact_on < 13698),
        m.floating_origin_contacted_on > m.floating_registered_on + 30,
        (m.member_category == "probationary")
        & (m.probation_decided_on > m.member_admitted_on + 395),
    ]
