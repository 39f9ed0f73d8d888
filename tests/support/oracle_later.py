"""The second reading of the later documents, by hand. In: plain records. Out: how each comes out.

What the notice of 2015 and the Regulations of 2019 change is written down here from their text as the
packs' clauses word it, without any of the program; the rest is `oracle.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from support.oracle import (
    PERIODS,
    Judged,
    Maybe,
    Record,
    both,
    days_after,
    deadline,
    either,
    judge,
    months_after,
    no,
    recurring,
    required,
    same,
    strict,
    until,
)

LATER = {**PERIODS, "reissue_months": 6, "filing_days": 30, "retention_max_months": 24,
         "abroad_contact_days": 183}
GONE_2015 = ("1.2", "1.2e", "1.2f", "1.2g", "1.4a", "1.4c")
STATED = ("place", "until", "manner", "phone", "home_contact")


class _Record:
    """Questions to a record."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def get(self, name: str) -> Maybe:
        value = self.record.get(name)
        return Maybe(value, frozenset() if value is not None else frozenset((name,)))

    def has(self, name: str) -> Maybe:
        return Maybe(self.record.get(name) is not None)

    def equals(self, name: str, value: Any) -> Maybe:
        return same(self.get(name), Maybe(value))

    def among(self, name: str, *values: str) -> Maybe:
        return strict(lambda v: v in values, self.get(name))


def judge_2015(record: Record, as_of: date,
               params: Mapping[str, int] | None = None) -> dict[str, Judged]:
    """Every obligation from 1 July 2015 on, by its clause."""
    p, r = {**LATER, **(params or {})}, _Record(record)
    out = {c: j for c, j in judge(record, as_of, params).items() if c not in GONE_2015}
    kind, left = r.get("destination.kind"), r.has("member.left_on")
    employed, organised = r.get("employment.employed"), r.get("employment.employer_has_party_org")
    away, home = r.has("abroad.leaves_on"), no(r.has("abroad.leaves_on"))
    rows = {
        "33.1a": (both(home, employed, organised), ("employer_org",)),
        "33.1b": (both(home, employed, no(organised)),
                  ("workplace_township", "residence_township", "talent_service")),
        "33.2a": (both(home, no(employed)), ("retained", "residence_township", "talent_service")),
        "33.3a": (away, ("retained",)),
    }
    held = [c for c, (when, _) in rows.items() if when.value is True and kind.value is not None]
    out["33"] = required(r.has("destination.kind"), either(*(
        both(when, strict(lambda k, allowed=allowed: k in allowed, kind))
        for when, allowed in rows.values())))._replace(clause=held[0] if len(held) == 1 else "33")

    stays = r.equals("destination.kind", "retained")
    abroad, gone = both(stays, away), both(stays, left)
    out["33.3b"] = required(abroad, both(
        r.has("retention.applied_on"),
        until(r.get("retention.applied_on"), r.get("abroad.leaves_on")),
        r.equals("retention.application_form", "written"),
        r.equals("retention.applied_by", "self")))
    out["33.3c"] = required(abroad, both(
        r.has("retention.approved_on"), r.equals("retention.decision", "approved"),
        r.among("retention.approved_by", "general_branch", "university_org_dept"),
        until(r.get("retention.applied_on"), r.get("retention.approved_on"))))
    out["33.3d"] = deadline(
        as_of, both(abroad, r.equals("retention.decision", "approved")),
        days_after(r.get("retention.approved_on"), p["filing_days"]), r.get("retention.filed_on"))
    out["33.3e"] = required(abroad, both(*(r.has(f"abroad.{n}") for n in STATED)))
    out["33.2b"] = deadline(
        as_of, gone, days_after(r.get("member.left_on"), p["branch_assign_days"]),
        r.get("retention.branch_assigned_on"))
    out["33.2c"] = required(gone, r.has("retention.liaison"))
    out["33.2d"] = recurring(as_of, gone, r.get("member.left_on"),
                             r.get("retention.last_contact_on"), p["contact_interval_days"])
    out["33.1c"] = required(r.has("letter.reissued_on"), both(
        until(r.get("letter.reissued_on"),
              months_after(r.get("letter.issued_on"), p["reissue_months"])),
        r.get("letter.original_returned"), r.has("letter.reissue_reason")))
    if record.get("letter.reissued_on") is not None:
        # The letter's days count from when it was issued anew; that it was issued at all does not.
        anew = judge({**record, "letter.issued_on": record["letter.reissued_on"]}, as_of, params)
        if record.get("letter.issued_on") is not None:
            out |= {c: anew[c] for c in ("1.6b", "1.6c", "1.6d")}
    return {c: j._replace(clause=j.clause or c) for c, j in out.items()}


def judge_2019(record: Record, as_of: date,
               params: Mapping[str, int] | None = None) -> dict[str, Judged]:
    """Every obligation from 6 May 2019 on, by its clause."""
    p, r = {**LATER, **(params or {})}, _Record(record)
    out = judge_2015(record, as_of, params)
    stays, away = r.equals("destination.kind", "retained"), r.has("abroad.leaves_on")
    back = record.get("abroad.returned_on")
    is_back = Maybe(back is not None and back <= as_of)
    left, last = r.has("member.left_on"), r.get("retention.last_contact_on")
    out["33.2d"] = recurring(as_of, both(stays, left, either(no(away), is_back)),
                             r.get("member.left_on"), last, p["contact_interval_days"])
    out["A25"] = required(r.has("letter.issued_on"), both(
        r.get("letter.issuer_may_admit"), r.get("letter.addressee_may_admit")))
    out["A34a"] = deadline(
        as_of, both(stays, left, no(away)),
        months_after(r.get("member.left_on"), p["retention_max_months"]),
        r.get("letter.issued_on"))
    out["A34b"] = recurring(as_of, both(stays, away, no(is_back)), r.get("abroad.leaves_on"),
                            last, p["abroad_contact_days"])
    return {c: j._replace(clause=j.clause or c) for c, j in out.items()}
