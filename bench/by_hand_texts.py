"""The conditions of `conditions.py` in the languages of OPA (Rego) and CLIPS, in the same order.

In: nothing. Out: for each condition its Rego bodies, any of which may hold, and its CLIPS pattern.
"""

from __future__ import annotations

# `r` is a record. Rego has no `or` within a body, and what does not hold of `&&` is two bodies.
REGO: tuple[tuple[str, ...], ...] = (
    ("r.education.briefed_on > r.member.left_on",),
    ("r.education.notice_on > r.member.left_on",),
    ('r.education.notice_form != "written"',),
    ('r.employment.employed; r.employment.employer_has_party_org;'
     ' not r.destination.kind in {"employer_org", "retained"}',),
    ('r.employment.employed == false; not r.destination.kind in {"residence_township",'
     ' "parents_township", "talent_service", "retained"}',),
    ('r.destination.kind == "talent_service"; r.destination.talent_is_public == false',
     'r.destination.kind == "talent_service"; r.destination.file_moved_with == false'),
    ('r.destination.kind == "retained"; r.retention.decision != "approved"',),
    ('r.destination.kind == "retained"; r.retention.approved_on < r.retention.applied_on',),
    ("r.letter.name != r.member.name", "r.letter.sex != r.member.sex",
     "r.letter.category != r.member.category"),
    ("r.letter.stub_serial != r.letter.serial",),
    ('r.letter.form != "two_part"; r.letter.receipt_serial != r.letter.serial',),
    ('r.letter.form != "two_part"; r.receipt.returned_on > r.arrival.accepted_on + 30',),
    ("r.arrival.presented_on > r.letter.issued_on + r.letter.valid_days",),
    ("r.arrival.credentials_checked_on > r.arrival.accepted_on",),
    ("r.arrival.branch_assigned_on > r.arrival.accepted_on + 30",),
    ("r.arrival.file_received_on > r.arrival.accepted_on + 60",),
    ('r.letter.form != "two_part"; r.arrival.receipt_sent_on > r.arrival.accepted_on + 30',),
    ("r.arrival.by_proxy; r.arrival.proxy_verified_on > r.arrival.accepted_on",),
    ("r.arrival.attends == false; r.arrival.certificate_on > r.arrival.accepted_on + 30",),
    ("r.arrival.attends == false; 13878 > r.arrival.last_contact_on + 180",),
    ("r.floating.origin_contacted_on > r.floating.registered_on + 30",),
    ('r.member.category == "probationary"; r.probation.decided_on > r.member.admitted_on + 395',),
)

# Slots are fields with `_` for the dot; truth values are the symbols TRUE and FALSE.
CLIPS: tuple[str, ...] = (
    "(member_left_on ?l) (education_briefed_on ?b&:(> ?b ?l))",
    "(member_left_on ?l) (education_notice_on ?n&:(> ?n ?l))",
    '(education_notice_form ~"written")',
    "(employment_employed TRUE) (employment_employer_has_party_org TRUE)"
    ' (destination_kind ~"employer_org"&~"retained")',
    '(employment_employed FALSE) (destination_kind ~"residence_township"&~"parents_township"'
    '&~"talent_service"&~"retained")',
    '(destination_kind "talent_service") (destination_talent_is_public ?p)'
    " (destination_file_moved_with ?m&:(not (and ?p ?m)))",
    '(destination_kind "retained") (retention_decision ~"approved")',
    '(destination_kind "retained") (retention_applied_on ?a) (retention_approved_on ?o&:(< ?o ?a))',
    "(member_name ?n) (member_sex ?s) (member_category ?c) (letter_name ?ln) (letter_sex ?ls)"
    " (letter_category ?lc&:(or (neq ?ln ?n) (neq ?ls ?s) (neq ?lc ?c)))",
    "(letter_serial ?s) (letter_stub_serial ~?s)",
    '(letter_form ~"two_part") (letter_serial ?s) (letter_receipt_serial ~?s)',
    '(letter_form ~"two_part") (arrival_accepted_on ?a) (receipt_returned_on ?r&:(> ?r (+ ?a 30)))',
    "(letter_issued_on ?i) (letter_valid_days ?d) (arrival_presented_on ?p&:(> ?p (+ ?i ?d)))",
    "(arrival_accepted_on ?a) (arrival_credentials_checked_on ?c&:(> ?c ?a))",
    "(arrival_accepted_on ?a) (arrival_branch_assigned_on ?b&:(> ?b (+ ?a 30)))",
    "(arrival_accepted_on ?a) (arrival_file_received_on ?f&:(> ?f (+ ?a 60)))",
    '(letter_form ~"two_part") (arrival_accepted_on ?a)'
    " (arrival_receipt_sent_on ?s&:(> ?s (+ ?a 30)))",
    "(arrival_by_proxy TRUE) (arrival_accepted_on ?a) (arrival_proxy_verified_on ?v&:(> ?v ?a))",
    "(arrival_attends FALSE) (arrival_accepted_on ?a)"
    " (arrival_certificate_on ?c&:(> ?c (+ ?a 30)))",
    "(arrival_attends FALSE) (arrival_last_contact_on ?c&:(> 13878 (+ ?c 180)))",
    "(floating_registered_on ?r) (floating_origin_contacted_on ?o&:(> ?o (+ ?r 30)))",
    '(member_category "probationary") (member_admitted_on ?a)'
    " (probation_decided_on ?d&:(> ?d (+ ?a 395)))",
)


def rego() -> str:
    """A module whose `broken` holds [record, condition] for each condition that holds."""
    rules = "".join(f"broken contains [i, {n}] if {{ some i, r in input; {body} }}\n"
                    for n, bodies in enumerate(REGO) for body in bodies)
    return f"package gate\n{rules}"


def clips() -> list[str]:
    """Constructs that count in the global `n<condition>` the records of which one holds."""
    return [text for n, pattern in enumerate(CLIPS) for text in (
        f"(defglobal ?*n{n}* = 0)",
        f"(defrule r{n} (record {pattern}) => (bind ?*n{n}* (+ ?*n{n}* 1)))")]
