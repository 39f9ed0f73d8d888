"""What can be planted. In: nothing. Out: a table of outcomes and how a record comes to have them.

A line says which clause comes out how, which traits the member's story needs for it, what is
changed, and what else this entails. Two changes with the same `zone` never meet in one record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from zhuanjie.engine.core.results import Outcome
from zhuanjie.synthetic import changes as do
from zhuanjie.synthetic.changes import Change, blank, late, put, together
from zhuanjie.synthetic.draft import ASSIGN, CERTIFY, FILE, ORIGIN, RETURN
from zhuanjie.synthetic.life import MOVED, TOWNSHIPS
from zhuanjie.synthetic.traits import Needs

V, U, P = Outcome.VIOLATION, Outcome.UNDETERMINED, Outcome.PENDING

SHARES: Final = {V: 0.005, U: 0.002, P: 0.001}
"""How often each is planted unless the caller says otherwise."""

_GONE: Final[Needs] = {"stage": ("natural", "settled", "fresh", "transit")}
_ISSUED: Final[Needs] = {**_GONE, "kind": MOVED}
_OVER: Final[Needs] = {"stage": ("settled",)}
_OLD: Final[Needs] = {**_OVER, "age": ("old",)}
_ACCEPTED: Final[Needs] = {**_OVER, "kind": MOVED, "reported": (True,)}
_SLIP: Final[Needs] = {**_ACCEPTED, "two_part": (False,)}
_SILENT: Final[Needs] = {**_SLIP, "reported": (False,)}
_ABSENT: Final[Needs] = {**_ACCEPTED, "attends": (False,)}
_FRESH: Final[Needs] = {"stage": ("fresh",), "kind": MOVED, "reported": (True,)}
_FRESH_SLIP: Final[Needs] = {**_FRESH, "two_part": (False,)}
_STAYS: Final[Needs] = {**_OVER, "kind": ("retained",)}
_AWAY: Final[Needs] = {**_STAYS, "attends": (False,), "floating": (False,)}
_FLOATS: Final[Needs] = {**_AWAY, "floating": (True,)}
_EARLY: Final[Needs] = {"stage": ("before",)}


def key_of(clause: str, outcome: Outcome) -> str:
    """How a caller asks for an outcome: the clause, and the outcome where it is no violation."""
    return clause if outcome is V else f"{clause}:{outcome.value}"


@dataclass(frozen=True, slots=True)
class InjectedOutcome:
    """One way to make `clause` come out as `outcome`; `entails` are other clauses this settles."""

    clause: str
    outcome: Outcome
    zone: str
    needs: Needs
    change: Change
    entails: Mapping[str, Outcome] = field(default_factory=dict)
    once_due: Mapping[str, Outcome] = field(default_factory=dict)
    """What it entails besides, once contact with a member who left would be due."""
    twin: bool = False
    """Whether the record after it is spoilt with it."""

    @property
    def key(self) -> str:
        """How a caller asks for it."""
        return key_of(self.clause, self.outcome)


_row = InjectedOutcome
"""The tables below have one a line."""


def _entails(outcome: Outcome, *clauses: str) -> Mapping[str, Outcome]:
    return dict.fromkeys(clauses, outcome)


_EDUCATION = (
    _row("1.1a", V, "briefing", _OVER, late("education.briefed_on", "member.left_on", 0)),
    _row("1.1a", V, "briefing", _OVER, blank("education.briefed_on")),
    _row("1.1a", P, "briefing", _EARLY, blank("education.briefed_on")),
    _row("1.1b", V, "notice", _OVER, late("education.notice_on", "member.left_on", 0)),
    _row("1.1b", V, "notice", _OVER, blank("education.notice_on", "education.notice_form")),
    _row("1.1b", P, "notice", _EARLY, blank("education.notice_on", "education.notice_form")),
    _row("1.1c", V, "notice", _GONE, put("education.notice_form", "oral")),
    _row("1.1c", U, "notice", _GONE, blank("education.notice_form")),
)

_DESTINATION = (
    _row("1.2a", V, "employment", {"kind": TOWNSHIPS}, do.employment(True, True)),
    _row("1.2b", V, "employment", {"kind": ("employer_org", "parents_township")},
          do.employment(True, False)),
    _row("1.2c", V, "employment", {"kind": ("employer_org", "workplace_township")},
          do.employment(False, None)),
    # Whatever the employer has, an employed member goes to neither of these.
    _row("1.2", V, "employment", {"kind": ("talent_service", "parents_township")},
          do.employment(True, None)),
    _row("1.2", U, "employment", {"kind": ("employer_org", "workplace_township")},
          do.employment(True, None)),
    _row("1.2", U, "employment", {"kind": ("employer_org",)}, do.employment(None, True)),
    _row("1.2d", V, "talent", {"kind": ("talent_service",)},
          put("destination.talent_level", "township")),
    _row("1.2d", V, "talent", {"kind": ("talent_service",)},
          put("destination.talent_is_public", False)),
    _row("1.2d", V, "talent", {"kind": ("talent_service",)},
          put("destination.file_moved_with", False)),
    *(_row("1.2d", U, "talent", {"kind": ("talent_service",)}, blank(f"destination.{cell}"))
      for cell in ("talent_level", "talent_is_public", "file_moved_with")),
    # Whether the member stays is not known then, and so is much that hangs on it.
    _row("1.5b", V, "destination", {**_OVER, "kind": ("none",)}, do.nothing,
          _entails(U, "1.2d", "1.2e", "1.2f", "1.2g", "1.4a", "1.4b"), _entails(U, "1.4c")),
)

_RETENTION = (
    _row("1.2e", V, "approval", _STAYS, put("retention.application_form", "oral")),
    _row("1.2e", V, "approval", _STAYS, put("retention.applied_by", "other")),
    _row("1.2e", V, "approval", _STAYS, blank("retention.applied_on"), _entails(U, "1.2f")),
    _row("1.2e", U, "approval", _STAYS, blank("retention.application_form")),
    _row("1.2e", U, "approval", _STAYS, blank("retention.applied_by")),
    # Nobody who was refused has to be assigned to a branch.
    _row("1.2f", V, "approval", _STAYS, put("retention.decision", "refused")),
    _row("1.2f", V, "approval", _STAYS, put("retention.approved_by", "general_branch", "other")),
    _row("1.2f", V, "approval", _STAYS, together(
        do.before("retention.approved_on", "retention.applied_on"),
        do.after("retention.branch_assigned_on", "retention.approved_on"))),
    _row("1.2f", U, "approval", _STAYS, blank("retention.approved_by")),
    _row("1.2f", U, "approval", _STAYS, blank("retention.decision")),
    _row("1.2g", V, "reason", _STAYS, blank("retention.reason")),
    _row("1.4a", V, "approval", _STAYS,
          late("retention.branch_assigned_on", "retention.approved_on", ASSIGN)),
    _row("1.4a", V, "approval", _STAYS,
          blank("retention.branch_assigned_on", "retention.branch")),
    _row("1.4a", U, "approval", _STAYS, blank("retention.approved_on"), _entails(V, "1.2f")),
    _row("1.4a", P, "approval", _STAYS, together(
        do.recent("retention.approved_on", 25),
        blank("retention.branch_assigned_on", "retention.branch"))),
    _row("1.4b", V, "absence", _AWAY,
          late("retention.certificate_on", "member.left_on", CERTIFY)),
    _row("1.4b", V, "absence", _AWAY,
          blank("retention.certificate_on", "retention.last_verified_on")),
    _row("1.4b", U, "absence", _AWAY, blank("retention.attends", "retention.certificate_on",
                                             "retention.last_verified_on")),
    _row("1.4b", P, "absence", {**_EARLY, "kind": ("retained",), "attends": (False,)},
          do.nothing),
    _row("1.4c", V, "absence", {**_AWAY, **_OLD},
          do.neglected("retention.last_contact_on", "member.left_on")),
    _row("1.4c", U, "absence", {**_AWAY, **_OLD},
          blank("retention.attends", "retention.last_contact_on")),
    _row("1.4d", V, "absence", {**_AWAY, **_OLD}, blank("retention.last_verified_on")),
    _row("2.3a", V, "floating", _FLOATS,
          late("floating.origin_contacted_on", "floating.registered_on", ORIGIN)),
    _row("2.3a", V, "floating", _FLOATS, blank("floating.origin_contacted_on")),
    _row("2.3a", P, "floating", _FLOATS, together(
        do.recent("floating.registered_on", 25),
        blank("floating.origin_contacted_on", "floating.branch_assigned_on")),
        _entails(P, "2.3b")),
    _row("2.3b", V, "floating", _FLOATS,
          late("floating.branch_assigned_on", "floating.registered_on", ASSIGN)),
    _row("2.3b", V, "floating", _FLOATS, blank("floating.branch_assigned_on")),
    _row("2.3b", P, "floating", _FLOATS, together(
        do.recent("floating.registered_on", 25), blank("floating.branch_assigned_on"),
        do.recent("floating.origin_contacted_on", 0))),
)

_LETTER = (
    _row("1.3a", V, "identity", _ISSUED, do.wrong_name),
    _row("1.3a", V, "identity", _ISSUED, blank("letter.name")),
    _row("1.3a", V, "identity", _ISSUED, do.other("letter.sex", ("male", "female"))),
    _row("1.3a", V, "identity", _ISSUED, do.other("letter.category", ("full", "probationary"))),
    *(InjectedOutcome("1.3a", U, "identity", _ISSUED, blank(cell))
      for cell in ("letter.sex", "letter.category", "member.sex")),
    _row("1.3b", V, "phone", _ISSUED, blank("letter.phone")),
    _row("1.3b", V, "phone", _ISSUED, put(
        "letter.phone", "1000000000", "100000000000", "1OO00000000", "１０００００００００",
        "200000000", "0595-000000", "00000000")),
    _row("1.3c", V, "address", _ISSUED, blank("letter.origin_address")),
    _row("1.3d", V, "serial", _ISSUED, do.other_serial("letter.stub_serial")),
    _row("1.3d", V, "serial", _ISSUED, blank("letter.stub_serial")),
    _row("1.3d", V, "serial", _ISSUED, blank("letter.serial")),
    *(InjectedOutcome("1.3d", V, "serial", {**_ISSUED, "two_part": (False,)}, change)
      for change in (do.other_serial("letter.receipt_serial"), blank("letter.receipt_serial"))),
    _row("1.3e", V, "serial", _ISSUED, do.nothing, twin=True),
    _row("1.6a", V, "tracker", _ISSUED, blank("receipt.tracker")),
    _row("1.6b", V, "receipt", _SLIP,
          late("receipt.returned_on", "arrival.accepted_on", RETURN)),
    _row("1.6b", V, "receipt", _SLIP, do.followed_up),
    _row("1.6b", V, "receipt", _SILENT, do.followed_up),
    _row("1.6b", P, "receipt", _FRESH_SLIP, do.outstanding),
    _row("1.6b", P, "receipt", {"stage": ("transit",), "kind": MOVED, "two_part": (False,)},
          do.nothing),
    _row("1.6c", V, "receipt", _SLIP, do.outstanding, _entails(V, "1.6b")),
    _row("1.6c", V, "receipt", _SLIP, do.followed_late, _entails(V, "1.6b")),
    _row("1.6c", V, "receipt", _SILENT, do.outstanding, _entails(V, "1.6b")),
    _row("1.6c", V, "receipt", _SILENT, do.followed_late, _entails(V, "1.6b")),
    _row("1.6c", P, "receipt", _SILENT, do.just_overdue, _entails(V, "1.6b")),
    _row("1.6d", V, "validity", _ACCEPTED, do.expired),
)

_RECEPTION = (
    _row("2.1a", V, "credentials", _ACCEPTED, blank("arrival.credentials_checked_on")),
    _row("2.1a", V, "credentials", _ACCEPTED,
          do.after("arrival.credentials_checked_on", "arrival.accepted_on")),
    _row("2.1b", V, "branch", _ACCEPTED,
          late("arrival.branch_assigned_on", "arrival.accepted_on", ASSIGN)),
    _row("2.1b", V, "branch", _ACCEPTED, blank("arrival.branch_assigned_on", "arrival.branch")),
    _row("2.1b", P, "branch", _FRESH, blank("arrival.branch_assigned_on", "arrival.branch")),
    _row("2.1c", V, "file", _ACCEPTED,
          late("arrival.file_received_on", "arrival.accepted_on", FILE)),
    _row("2.1c", V, "file", _ACCEPTED, blank("arrival.file_received_on")),
    _row("2.1c", P, "file", _FRESH, blank("arrival.file_received_on")),
    # The slip came back, so it was sent; only the day was not written down.
    _row("2.2a", V, "receipt", _SLIP, blank("arrival.receipt_sent_on")),
    _row("2.2a", V, "receipt", _SLIP, do.sent_late, _entails(V, "1.6b")),
    _row("2.2a", P, "receipt", _FRESH_SLIP,
          blank("arrival.receipt_sent_on", "receipt.returned_on"), _entails(P, "1.6b")),
    _row("2.5a", V, "proxy", {**_ACCEPTED, "proxy": (True,)}, blank("arrival.proxy_verified_on")),
    _row("2.5a", V, "proxy", {**_ACCEPTED, "proxy": (True,)},
          do.after("arrival.proxy_verified_on", "arrival.accepted_on")),
    _row("2.5a", U, "proxy", _ACCEPTED, blank("arrival.by_proxy", "arrival.proxy_verified_on")),
    _row("2.5b", V, "absence", _ABSENT,
          late("arrival.certificate_on", "arrival.accepted_on", CERTIFY)),
    _row("2.5b", V, "absence", _ABSENT,
          blank("arrival.certificate_on", "arrival.last_verified_on")),
    _row("2.5b", U, "absence", _ABSENT, blank("arrival.attends", "arrival.certificate_on",
                                               "arrival.last_verified_on")),
    _row("2.5b", P, "absence", {**_FRESH, "attends": (False,)},
          blank("arrival.certificate_on", "arrival.last_verified_on")),
    _row("2.5c", V, "absence", {**_ABSENT, **_OLD},
          do.neglected("arrival.last_contact_on", "arrival.accepted_on")),
    _row("2.5c", U, "absence", {**_ABSENT, **_OLD},
          blank("arrival.attends", "arrival.last_contact_on")),
    _row("2.5d", V, "absence", {**_ABSENT, **_OLD, "quick": (True,)},
          blank("arrival.last_verified_on")),
)

_PROBATION = (
    _row("2.4a", V, "probation", {**_OLD, "membership": ("probationary",)}, do.decided_late),
    _row("2.4a", V, "probation", {**_OLD, "membership": ("probationary",)}, do.undecided),
    _row("2.4a", U, "probation", {**_OLD, "membership": ("probationary",)},
          blank("member.admitted_on"), _entails(U, "2.4c")),
    _row("2.4a", P, "probation", {"age": ("new",), "membership": ("probationary",)},
          do.unconverted),
    _row("2.4b", V, "probation", {**_OLD, "membership": ("extended",)}, do.short_extension),
    _row("2.4b", V, "probation", {**_OLD, "membership": ("extended",)}, do.long_extension),
    _row("2.4b", U, "probation", {**_OLD, "membership": ("extended",)},
          blank("member.admitted_on")),
    _row("2.4c", V, "probation", {**_OLD, "membership": ("probationary",)}, do.converted_early),
    _row("2.4c", V, "probation", {"membership": ("converted",)}, do.converted_early),
    _row("2.4c", U, "probation", {"membership": ("converted",)}, blank("member.admitted_on")),
    _row("2.4c", U, "probation", {"membership": ("converted",)},
          together(do.converted_early, blank("probation.decision"))),
)

PLANTS: Final = (*_EDUCATION, *_DESTINATION, *_RETENTION, *_LETTER, *_RECEPTION, *_PROBATION)

SECOND: Final = InjectedOutcome("1.3e", V, "serial", _ISSUED, do.same_serial)
"""What befalls the record after a twin; it is never planted by itself."""

ROSTER: Final = "1.5a"
"""Planted in the roster, not in a record: somebody whom the ledger lacks."""
