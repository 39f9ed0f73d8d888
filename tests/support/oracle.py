"""A second reading of the obligations, by hand. In: plain records. Out: how each comes out.

Nothing of the program is used here, no pack and no expression language: what the two say of the
same record has to be the same because both read the obligations rightly. A record maps field names
to values; a blank field is left out. `absent` are fields that the ledger has no column for: of these
nothing is known, not even whether they are filled.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

Record = Mapping[str, Any]

PERIODS = {
    "letter_validity_days": 90, "receipt_return_days": 30, "followup_days": 15,
    "branch_assign_days": 30, "certificate_days": 30, "contact_interval_days": 180,
    "verification_interval_days": 365, "file_transfer_days": 60, "origin_contact_days": 30,
    "probation_months": 12, "conversion_grace_days": 30,
    "extension_min_months": 6, "extension_max_months": 12,
}

LEVELS = ("county", "city", "province")


class Judged(NamedTuple):
    """How one obligation comes out for one record."""

    outcome: str
    due: date | None = None
    days_late: int | None = None
    missing: frozenset[str] = frozenset()
    clause: str = ""


class Maybe(NamedTuple):
    """A value, None where it is unknown, and then the blank fields it is unknown for."""

    value: Any
    missing: frozenset[str] = frozenset()


YES, NO = Maybe(True), Maybe(False)


def strict(apply: Callable[..., Any], *parts: Maybe) -> Maybe:
    """Unknown as soon as one part is."""
    dark = [p.missing for p in parts if p.value is None]
    if dark:
        return Maybe(None, frozenset().union(*dark))
    return Maybe(apply(*(p.value for p in parts)))


def same(a: Maybe, b: Maybe) -> Maybe:
    return strict(lambda x, y: x == y, a, b)


def until(a: Maybe, b: Maybe) -> Maybe:
    return strict(lambda x, y: x <= y, a, b)


def both(*parts: Maybe) -> Maybe:
    """Kleene's and: a single no settles it."""
    if any(p.value is False for p in parts):
        return NO
    return strict(lambda *_: True, *parts)


def either(*parts: Maybe) -> Maybe:
    """Kleene's or: a single yes settles it."""
    if any(p.value is True for p in parts):
        return YES
    return strict(lambda *_: False, *parts)


def no(part: Maybe) -> Maybe:
    return strict(lambda x: not x, part)


def choose(test: Maybe, yes: Maybe, other: Maybe) -> Maybe:
    """One of two values; unknown where the test is, even if both are the same."""
    if test.value is None:
        return Maybe(None, test.missing | yes.missing | other.missing)
    return yes if test.value else other


def days_after(day: Maybe, days: int) -> Maybe:
    return strict(lambda d: d + timedelta(days), day)


def months_after(day: Maybe, months: int) -> Maybe:
    """By the calendar; a day the shorter month lacks becomes its last."""
    def move(d: date) -> date:
        year, month = divmod(d.year * 12 + d.month - 1 + months, 12)
        return date(year, month + 1, min(d.day, monthrange(year, month + 1)[1]))

    return strict(move, day)


def is_phone(text: str) -> bool:
    """A mobile number, or a landline with its area code; blanks and width make no difference."""
    text = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text if c != " ")

    def digits(part: str, *sizes: int) -> bool:
        return len(part) in sizes and all(c in "0123456789" for c in part)

    if text[:1] == "1":
        return digits(text, 11)
    if text[:1] != "0":
        return False
    return any(
        digits(text[:code], code) and digits(text[code:].removeprefix("-"), 7, 8)
        for code in (3, 4)
    )


def required(when: Maybe, ask: Maybe) -> Judged:
    if when.value is False:
        return Judged("not_applicable")
    broken = both(when, no(ask))
    if broken.value is None:
        return Judged("undetermined", missing=broken.missing)
    return Judged("violation" if broken.value else "satisfied")


def deadline(as_of: date, when: Maybe, due: Maybe, done: Maybe, untold: bool = False) -> Judged:
    """`untold` says that nobody keeps when the act was done."""
    if when.value is False:
        return Judged("not_applicable")
    if due.value is None or untold:
        unknown = when.missing if when.value is None else frozenset()
        unknown |= due.missing if due.value is None else frozenset()
        return Judged("undetermined", missing=unknown | (done.missing if untold else frozenset()))
    counts = done.value is not None and done.value <= as_of
    if counts and done.value <= due.value:
        return Judged("satisfied", due.value)
    if when.value is None:
        return Judged("undetermined", missing=when.missing)
    if not counts and as_of <= due.value:
        return Judged("pending", due.value)
    return Judged("violation", due.value, ((done.value if counts else as_of) - due.value).days)


def recurring(as_of: date, when: Maybe, start: Maybe, last: Maybe, every: int,
              untold: bool = False) -> Judged:
    """`untold` says that nobody keeps when it was last done."""
    if when.value is False:
        return Judged("not_applicable")
    if untold:
        unknown = [m.missing for m in (when, start) if m.value is None]
        return Judged("undetermined", missing=last.missing.union(*unknown))
    counts = last.value is not None and last.value <= as_of
    due = days_after(last if counts else start, every)
    if due.value is None:
        unknown = due.missing | (when.missing if when.value is None else frozenset())
        return Judged("undetermined", missing=unknown)
    if as_of <= due.value:
        return Judged("satisfied", due.value)
    if when.value is None:
        return Judged("undetermined", missing=when.missing)
    return Judged("violation", due.value, (as_of - due.value).days)


def judge(record: Record, as_of: date, params: Mapping[str, int] | None = None,
          absent: frozenset[str] = frozenset()) -> dict[str, Judged]:
    """Every obligation that looks at one record alone, by its clause, in the order of the list."""
    p = {**PERIODS, **(params or {})}

    def get(name: str) -> Maybe:
        value = record.get(name)
        return Maybe(value, frozenset() if value is not None else frozenset((name,)))

    def has(name: str) -> Maybe:
        if name in absent:
            return Maybe(None, frozenset((name,)))
        return Maybe(record.get(name) is not None)

    def equals(name: str, value: Any) -> Maybe:
        return same(get(name), Maybe(value))

    def among(name: str, values: Sequence[str]) -> Maybe:
        return strict(lambda v: v in values, get(name))

    def by_day(when: Maybe, due: Maybe, done: str) -> Judged:
        return deadline(as_of, when, due, get(done), done in absent)

    def repeated(when: Maybe, start: str, last: str, every: str) -> Judged:
        return recurring(as_of, when, get(start), get(last), p[every], last in absent)

    left, issued, accepted = has("member.left_on"), has("letter.issued_on"), has(
        "arrival.accepted_on")
    kind = get("destination.kind")
    retained = equals("destination.kind", "retained")
    approved = equals("retention.decision", "approved")
    two_part = both(has("letter.form"), equals("letter.form", "two_part"))
    validity = choose(has("letter.valid_days"), get("letter.valid_days"),
                      Maybe(p["letter_validity_days"]))
    expiry = strict(lambda day, days: day + timedelta(days), get("letter.issued_on"), validity)
    receipt_due = days_after(choose(accepted, get("arrival.accepted_on"), expiry),
                             p["receipt_return_days"])
    employed, organised = get("employment.employed"), get("employment.employer_has_party_org")
    out: dict[str, Judged] = {}

    out["1.1a"] = by_day(left, get("member.left_on"), "education.briefed_on")
    out["1.1b"] = by_day(left, get("member.left_on"), "education.notice_on")
    out["1.1c"] = required(has("education.notice_on"), equals("education.notice_form", "written"))

    rows = {
        "1.2a": (both(employed, organised), ("employer_org",)),
        "1.2b": (both(employed, no(organised)), ("workplace_township", "residence_township")),
        "1.2c": (no(employed), ("residence_township", "parents_township", "talent_service")),
    }
    held = [clause for clause, (when, _) in rows.items()
            if when.value is True and has("destination.kind").value is not False]
    out["1.2"] = required(has("destination.kind"), either(
        *(both(when, strict(lambda k, allowed=allowed: k in allowed, kind))
          for when, allowed in rows.values()),
        retained,
    ))._replace(clause=held[0] if len(held) == 1 else "1.2")
    out["1.2d"] = required(equals("destination.kind", "talent_service"), both(
        among("destination.talent_level", LEVELS), get("destination.talent_is_public"),
        get("destination.file_moved_with")))
    out["1.2e"] = required(retained, both(
        has("retention.applied_on"), equals("retention.application_form", "written"),
        equals("retention.applied_by", "self")))
    out["1.2f"] = required(retained, both(
        has("retention.approved_on"), approved,
        equals("retention.approved_by", "university_org_dept"),
        until(get("retention.applied_on"), get("retention.approved_on"))))
    out["1.2g"] = required(retained, has("retention.reason"))

    out["1.3a"] = required(issued, both(
        has("letter.name"), *(same(get(f"letter.{f}"), get(f"member.{f}"))
                              for f in ("name", "sex", "category"))))
    out["1.3b"] = required(issued, both(
        has("letter.phone"), strict(is_phone, get("letter.phone"))))
    out["1.3c"] = required(issued, has("letter.origin_address"))
    serial = get("letter.serial")
    out["1.3d"] = required(issued, both(
        has("letter.serial"), has("letter.stub_serial"), same(get("letter.stub_serial"), serial),
        either(two_part, both(has("letter.receipt_serial"),
                              same(get("letter.receipt_serial"), serial)))))

    out["1.4a"] = by_day(both(retained, approved), days_after(
        get("retention.approved_on"), p["branch_assign_days"]), "retention.branch_assigned_on")
    away = both(retained, left, no(get("retention.attends")))
    out["1.4b"] = by_day(away, days_after(get("member.left_on"), p["certificate_days"]),
                         "retention.certificate_on")
    out["1.4c"] = repeated(away, "member.left_on", "retention.last_contact_on",
                           "contact_interval_days")
    out["1.4d"] = repeated(both(retained, has("retention.certificate_on")),
                           "retention.certificate_on", "retention.last_verified_on",
                           "verification_interval_days")
    gone = both(left, until(get("member.left_on"), Maybe(as_of)))
    out["1.5b"] = required(gone, has("destination.kind"))

    out["1.6a"] = required(issued, has("receipt.tracker"))
    slip = both(issued, no(two_part))
    out["1.6b"] = by_day(slip, receipt_due, "receipt.returned_on")
    returned = both(has("receipt.returned_on"), until(get("receipt.returned_on"), Maybe(as_of)))
    out["1.6c"] = by_day(
        both(slip, no(until(Maybe(as_of), receipt_due)), no(returned)),
        days_after(receipt_due, p["followup_days"]), "receipt.followed_up_on")
    out["1.6d"] = required(both(issued, has("arrival.presented_on")),
                           until(get("arrival.presented_on"), expiry))

    def checked_first(name: str) -> Maybe:
        return both(has(name), until(get(name), get("arrival.accepted_on")))

    def after_acceptance(period: str) -> Maybe:
        return days_after(get("arrival.accepted_on"), p[period])

    out["2.1a"] = required(accepted, checked_first("arrival.credentials_checked_on"))
    out["2.1b"] = by_day(accepted, after_acceptance("branch_assign_days"),
                         "arrival.branch_assigned_on")
    out["2.1c"] = by_day(accepted, after_acceptance("file_transfer_days"),
                         "arrival.file_received_on")
    out["2.2a"] = by_day(both(accepted, no(two_part)), after_acceptance("receipt_return_days"),
                         "arrival.receipt_sent_on")
    floating, registered = has("floating.registered_on"), get("floating.registered_on")
    out["2.3a"] = by_day(floating, days_after(registered, p["origin_contact_days"]),
                         "floating.origin_contacted_on")
    out["2.3b"] = by_day(floating, days_after(registered, p["branch_assign_days"]),
                         "floating.branch_assigned_on")

    admitted, extended_to = get("member.admitted_on"), get("probation.extended_to")
    full_year = months_after(admitted, p["probation_months"])
    end = choose(has("probation.extended_to"), extended_to, full_year)
    out["2.4a"] = by_day(equals("member.category", "probationary"),
                         days_after(end, p["conversion_grace_days"]), "probation.decided_on")
    shortest, longest = (
        months_after(admitted, p["probation_months"] + p[f"extension_{bound}_months"])
        for bound in ("min", "max"))
    out["2.4b"] = required(has("probation.extended_to"), both(
        until(shortest, extended_to), until(extended_to, longest)))
    out["2.4c"] = required(
        both(has("probation.decided_on"), equals("probation.decision", "full")),
        until(full_year, get("probation.decided_on")))

    out["2.5a"] = required(both(accepted, get("arrival.by_proxy")),
                           checked_first("arrival.proxy_verified_on"))
    elsewhere = both(accepted, no(get("arrival.attends")))
    out["2.5b"] = by_day(elsewhere, after_acceptance("certificate_days"), "arrival.certificate_on")
    out["2.5c"] = repeated(elsewhere, "arrival.accepted_on", "arrival.last_contact_on",
                           "contact_interval_days")
    out["2.5d"] = repeated(has("arrival.certificate_on"), "arrival.certificate_on",
                           "arrival.last_verified_on", "verification_interval_days")
    return {rule: found._replace(clause=found.clause or rule) for rule, found in out.items()}


def judge_ledger(records: Sequence[Record], as_of: date, params: Mapping[str, int] | None = None,
                 absent: frozenset[str] = frozenset()) -> list[dict[str, Judged]]:
    """Every obligation but the roster's, record by record."""
    def taking_part(record: Record) -> Maybe:
        """Whether a letter with a serial was issued."""
        return both(*(Maybe(None, frozenset((name,))) if name in absent
                      else Maybe(record.get(name) is not None)
                      for name in ("letter.issued_on", "letter.serial")))

    def key(record: Record) -> tuple[str | None, str | None]:
        return record.get("letter.serial"), record.get("letter.issuer")

    perhaps = Counter(key(r) for r in records if taking_part(r).value is not False)
    surely = Counter(key(r) for r in records if taking_part(r).value is True)
    out = []
    for record in records:
        found, mine, when = judge(record, as_of, params, absent), key(record), taking_part(record)
        if when.value is False:
            once = Judged("not_applicable", clause="1.3e")
        elif mine[0] is None:
            once = Judged("undetermined", clause="1.3e",
                          missing=when.missing | frozenset(("letter.serial",)))
        elif perhaps[mine] < 2:
            once = Judged("satisfied", clause="1.3e")
        elif when.value is True and surely[mine] > 1:
            once = Judged("violation", clause="1.3e")
        else:
            once = Judged("undetermined", missing=when.missing, clause="1.3e")
        out.append({**found, "1.3e": once})
    return out


def absent_from(records: Iterable[Record], roster: Iterable[str]) -> list[str]:
    """The ids on the roster that no record has, each once (clause 1.5a)."""
    there = {r.get("member.id") for r in records}
    return [i for i in dict.fromkeys(roster) if i not in there]
