"""Ways to spoil a faultless record. In: a draft. Out: the same draft, changed.

Each makes one kind of change; `plants` says which clause that breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zhuanjie.engine.generate.draft import (
    CONTACT,
    EXTENSION,
    FOLLOW_UP,
    GRACE,
    RETURN,
    VALIDITY,
    Draft,
    Value,
    probation_end,
)
from zhuanjie.engine.results import Outcome

Change = Callable[[Draft], None]


def nothing(_: Draft) -> None:
    """Leave the record as it is."""


def blank(*names: str) -> Change:
    """Cells that nobody filled in."""
    return lambda draft: draft.blank(*names)


def put(name: str, *values: Value) -> Change:
    """One of some values in a cell."""
    def change(draft: Draft) -> None:
        draft.fields[name] = values[draft.between(0, len(values) - 1)]

    return change


def together(*changes: Change) -> Change:
    """Several changes, in order."""
    def change(draft: Draft) -> None:
        for each in changes:
            each(draft)

    return change


def late(done: str, start: str, period: int) -> Change:
    """An act done after `start` and its period are over."""
    def change(draft: Draft) -> None:
        draft.fields[done] = draft.past(draft.day(start) + period)

    return change


def before(name: str, other: str) -> Change:
    """A date that comes before another it should not come before."""
    def change(draft: Draft) -> None:
        draft.fields[name] = draft.day(other) - draft.between(1, 10)

    return change


def after(name: str, other: str) -> Change:
    """A date that comes after another it should not come after."""
    def change(draft: Draft) -> None:
        draft.fields[name] = draft.day(other) + draft.between(1, 10)

    return change


def recent(name: str, within: int) -> Change:
    """A date at most `within` days before the as-of day."""
    def change(draft: Draft) -> None:
        draft.fields[name] = draft.as_of - draft.between(0, within)

    return change


def neglected(last: str, start: str) -> Change:
    """A contact longer ago than the interval, or none at all."""
    def change(draft: Draft) -> None:
        spare = draft.as_of - CONTACT - 1 - draft.day(start)
        draft.blank(last)
        if spare > 0 and draft.chance() < 0.5:
            draft.fields[last] = draft.day(start) + draft.between(1, spare)

    return change


def employment(employed: bool | None, organised: bool | None) -> Change:
    """Employment as given, None for a blank cell."""
    def change(draft: Draft) -> None:
        for name, value in (("employment.employed", employed),
                            ("employment.employer_has_party_org", organised)):
            draft.blank(name)
            if value is not None:
                draft.fields[name] = value
        if employed is False:
            draft.blank("employment.employer")
        elif "employment.employer" not in draft.fields:
            draft.fields["employment.employer"] = draft.one_of("city") + draft.one_of("trade")

    return change


def wrong_name(draft: Draft) -> None:
    """Another given name on the letter than in the ledger."""
    name = str(draft.fields["member.name"])
    others = [c for c in ("明", "鸣", "铭") if c != name[-1]]
    draft.fields["letter.name"] = name[:-1] + others[draft.between(0, len(others) - 1)]


def other(name: str, values: Sequence[str]) -> Change:
    """The other of two values."""
    def change(draft: Draft) -> None:
        draft.fields[name] = values[draft.fields[name] == values[0]]

    return change


def other_serial(name: str) -> Change:
    """Another number on one part of the letter than on the letter itself."""
    def change(draft: Draft) -> None:
        draft.fields[name] = f"{draft.index + 2:07d}"

    return change


def expired(draft: Draft) -> None:
    """A letter that states fewer days than the member took to report."""
    gap = draft.day("arrival.presented_on") - draft.day("letter.issued_on")
    draft.fields["letter.valid_days"] = gap - draft.between(1, gap - 1)


def receipt_due(draft: Draft) -> int:
    """The day the receipt slip is due back."""
    accepted = draft.fields.get("arrival.accepted_on")
    if isinstance(accepted, int):
        return accepted + RETURN
    days = draft.fields.get("letter.valid_days", VALIDITY)
    assert isinstance(days, int)
    return draft.day("letter.issued_on") + days + RETURN


def outstanding(draft: Draft) -> None:
    """The slip never came back."""
    draft.blank("receipt.returned_on")


def followed_up(draft: Draft) -> None:
    """The slip never came back, and somebody asked in time."""
    outstanding(draft)
    draft.fields["receipt.followed_up_on"] = receipt_due(draft) + draft.between(0, FOLLOW_UP)
    draft.fields["receipt.followed_up_result"] = draft.one_of("followed")


def followed_late(draft: Draft) -> None:
    """The slip never came back, and somebody asked too late."""
    followed_up(draft)
    draft.fields["receipt.followed_up_on"] = draft.past(receipt_due(draft) + FOLLOW_UP)


def just_overdue(draft: Draft) -> None:
    """The slip is overdue, and there is still time to ask."""
    gap = receipt_due(draft) - draft.day("letter.issued_on") + draft.between(1, FOLLOW_UP)
    draft.fields["letter.issued_on"] = draft.as_of - gap


def sent_late(draft: Draft) -> None:
    """The slip was sent back too late, so it also came back too late, if it came at all."""
    draft.fields["arrival.receipt_sent_on"] = sent = draft.past(
        draft.day("arrival.accepted_on") + RETURN)
    back = sent + draft.between(1, 7)
    if back > draft.as_of:
        followed_up(draft)
    else:
        draft.fields["receipt.returned_on"] = back


def no_destination(draft: Draft) -> None:
    """Whether the member stays is not known then, and so is much that hangs on it."""
    if draft.as_of > draft.day("member.left_on") + CONTACT:
        draft.truth["1.4c"] = Outcome.UNDETERMINED


def short_extension(draft: Draft) -> None:
    """An extension that ends up to two months too early."""
    end = probation_end(draft.day("member.admitted_on"), EXTENSION[0])
    draft.fields["probation.extended_to"] = end - draft.between(1, 60)


def long_extension(draft: Draft) -> None:
    """An extension that ends up to three months too late."""
    end = probation_end(draft.day("member.admitted_on"), EXTENSION[1])
    draft.fields["probation.extended_to"] = end + draft.between(1, 90)


def converted_early(draft: Draft) -> None:
    """A conversion decided before the probationary year was over."""
    end = probation_end(draft.day("member.admitted_on"))
    draft.fields["probation.decided_on"] = decided = end - draft.between(1, 90)
    draft.fields["probation.applied_on"] = decided - draft.between(5, 40)


def decided_late(draft: Draft) -> None:
    """A conversion decided after the probationary year and its grace were over."""
    end = probation_end(draft.day("member.admitted_on"))
    draft.fields["probation.decided_on"] = draft.past(end + GRACE)


def undecided(draft: Draft) -> None:
    """A probationary year that is over, and no decision."""
    draft.blank("probation.decided_on", "probation.decision", "probation.applied_on")


def unconverted(draft: Draft) -> None:
    """A probationary member whose year and its grace are not over yet."""
    leaving = min(draft.day("member.left_on"), draft.as_of)
    draft.fields["member.admitted_on"] = max(draft.as_of - 380, leaving - draft.between(0, 60))
    undecided(draft)
