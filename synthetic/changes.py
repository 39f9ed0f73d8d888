"""Ways to spoil a faultless record. In: an edit of a record. Out: the same, with changes noted.

Each makes one kind of change; `plants` says which clause that breaks. An edit speaks of many
records at once: of all those that are spoilt in this one way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import polars as pl

from zhuanjie.synthetic.draft import (
    CONTACT,
    EXTENSION,
    FOLLOW_UP,
    GRACE,
    NUMBER,
    RETURN,
    VALIDITY,
    Number,
    Value,
    at,
    between,
    chance,
    pick,
    pools,
    probation_end,
)
from zhuanjie.synthetic.life import serial

BLANK: Final = pl.lit(None)


class RecordEdit:
    """Changes of one kind of record. `fields` are those changed; draws are told apart by `name`."""

    def __init__(self, name: str, as_of: int) -> None:
        self.as_of = as_of
        self.fields: dict[str, pl.Expr] = {}
        self._name = name
        self._draws = 0

    def __getitem__(self, field: str) -> pl.Expr:
        """A field as it stands by now."""
        return self.fields.get(field, pl.col(field))

    def __setitem__(self, field: str, value: pl.Expr | Value) -> None:
        self.fields[field] = value if isinstance(value, pl.Expr) else pl.lit(value)

    def blank(self, *names: str) -> None:
        """Take fields out."""
        self.fields.update(dict.fromkeys(names, BLANK))

    def draw(self) -> str:
        """A name for one more draw of chance."""
        self._draws += 1
        return f"{self._name} {self._draws}"

    def between(self, low: Number, high: Number) -> pl.Expr:
        """A whole number from `low` to `high`, both included."""
        return between(self.draw(), low, high)

    def past(self, day: pl.Expr) -> pl.Expr:
        """A day after `day`, not long after and not after the as-of day."""
        return day + self.between(1, pl.min_horizontal(self.as_of - day, 40))


Change = Callable[[RecordEdit], None]


def nothing(_: RecordEdit) -> None:
    """Leave the record as it is."""


def blank(*names: str) -> Change:
    """Cells that nobody filled in."""
    return lambda edit: edit.blank(*names)


def put(name: str, *values: Value) -> Change:
    """One of some values in a cell."""
    def change(edit: RecordEdit) -> None:
        texts = tuple(v for v in values if isinstance(v, str))
        edit[name] = pick(edit.draw(), texts) if texts else values[0]

    return change


def together(*changes: Change) -> Change:
    """Several changes, in order."""
    def change(edit: RecordEdit) -> None:
        for each in changes:
            each(edit)

    return change


def late(done: str, start: str, period: int) -> Change:
    """An act done after `start` and its period are over."""
    def change(edit: RecordEdit) -> None:
        edit[done] = edit.past(edit[start] + period)

    return change


def before(name: str, other: str) -> Change:
    """A date that comes before another it should not come before."""
    def change(edit: RecordEdit) -> None:
        edit[name] = edit[other] - edit.between(1, 10)

    return change


def after(name: str, other: str) -> Change:
    """A date that comes after another it should not come after."""
    def change(edit: RecordEdit) -> None:
        edit[name] = edit[other] + edit.between(1, 10)

    return change


def recent(name: str, within: int) -> Change:
    """A date at most `within` days before the as-of day."""
    def change(edit: RecordEdit) -> None:
        edit[name] = edit.as_of - edit.between(0, within)

    return change


def neglected(last: str, start: str) -> Change:
    """A contact longer ago than the interval, or none at all."""
    def change(edit: RecordEdit) -> None:
        spare = edit.as_of - CONTACT - 1 - edit[start]
        some = (spare > 0) & chance(edit.draw(), 0.5)
        edit[last] = pl.when(some).then(edit[start] + edit.between(1, spare))

    return change


def employment(employed: bool | None, organised: bool | None) -> Change:
    """Employment as given, None for a blank cell."""
    def change(edit: RecordEdit) -> None:
        edit["employment.employed"] = pl.lit(employed, dtype=pl.Boolean)
        edit["employment.employer_has_party_org"] = pl.lit(organised, dtype=pl.Boolean)
        if employed is False:
            edit.blank("employment.employer")
        else:
            employer = pick(edit.draw(), pools()["city"]) + pick(edit.draw(), pools()["trade"])
            edit["employment.employer"] = edit["employment.employer"].fill_null(employer)

    return change


def wrong_name(edit: RecordEdit) -> None:
    """Another given name on the letter than in the ledger."""
    own = edit["member.name"].str.slice(-1)
    first = edit.between(0, 1)
    # One of three letters that sound alike; the next one where it is the own one.
    like = ("明", "鸣", "铭")
    letter = pl.when(at(like, first) == own).then(at(like, first + 1)).otherwise(at(like, first))
    edit["letter.name"] = edit["member.name"].str.head(-1) + letter


def other(name: str, values: Sequence[str]) -> Change:
    """The other of two values."""
    def change(edit: RecordEdit) -> None:
        one, two = values
        edit[name] = pl.when(edit[name] == one).then(pl.lit(two)).otherwise(pl.lit(one))

    return change


def other_serial(name: str) -> Change:
    """Another number on one part of the letter than on the letter itself."""
    def change(edit: RecordEdit) -> None:
        edit[name] = serial(pl.col(NUMBER) + 1)

    return change


def same_serial(edit: RecordEdit) -> None:
    """The number of the letter before, on all parts this letter has."""
    number = serial(pl.col(NUMBER) - 1)
    edit["letter.serial"] = edit["letter.stub_serial"] = number
    edit["letter.receipt_serial"] = pl.when(
        edit["letter.receipt_serial"].is_not_null()).then(number)


def expired(edit: RecordEdit) -> None:
    """A letter that states fewer days than the member took to report."""
    gap = edit["arrival.presented_on"] - edit["letter.issued_on"]
    edit["letter.valid_days"] = gap - edit.between(1, gap - 1)


def receipt_due(edit: RecordEdit) -> pl.Expr:
    """The day the receipt slip is due back."""
    stated = edit["letter.issued_on"] + edit["letter.valid_days"].fill_null(VALIDITY)
    return edit["arrival.accepted_on"].fill_null(stated) + RETURN


def outstanding(edit: RecordEdit) -> None:
    """The slip never came back."""
    edit.blank("receipt.returned_on")


def followed_up(edit: RecordEdit) -> None:
    """The slip never came back, and somebody asked in time."""
    outstanding(edit)
    edit["receipt.followed_up_on"] = receipt_due(edit) + edit.between(0, FOLLOW_UP)
    edit["receipt.followed_up_result"] = pick(edit.draw(), pools()["followed"])


def followed_late(edit: RecordEdit) -> None:
    """The slip never came back, and somebody asked too late."""
    followed_up(edit)
    edit["receipt.followed_up_on"] = edit.past(receipt_due(edit) + FOLLOW_UP)


def just_overdue(edit: RecordEdit) -> None:
    """The slip is overdue, and there is still time to ask."""
    gap = receipt_due(edit) - edit["letter.issued_on"] + edit.between(1, FOLLOW_UP)
    edit["letter.issued_on"] = edit.as_of - gap


def sent_late(edit: RecordEdit) -> None:
    """The slip was sent back too late, so it also came back too late, if it came at all."""
    sent = edit.past(edit["arrival.accepted_on"] + RETURN)
    back = sent + edit.between(1, 7)
    lost = back > edit.as_of
    asked = RecordEdit(edit.draw(), edit.as_of)
    followed_up(asked)
    edit["arrival.receipt_sent_on"] = sent
    edit["receipt.returned_on"] = pl.when(~lost).then(back)
    for name in ("receipt.followed_up_on", "receipt.followed_up_result"):
        edit[name] = pl.when(lost).then(asked[name]).otherwise(pl.col(name))


def short_extension(edit: RecordEdit) -> None:
    """An extension that ends up to two months too early."""
    end = probation_end(edit["member.admitted_on"], edit.as_of, EXTENSION[0])
    edit["probation.extended_to"] = end - edit.between(1, 60)


def long_extension(edit: RecordEdit) -> None:
    """An extension that ends up to three months too late."""
    end = probation_end(edit["member.admitted_on"], edit.as_of, EXTENSION[1])
    edit["probation.extended_to"] = end + edit.between(1, 90)


def converted_early(edit: RecordEdit) -> None:
    """A conversion decided before the probationary year was over."""
    decided = probation_end(edit["member.admitted_on"], edit.as_of) - edit.between(1, 90)
    edit["probation.decided_on"] = decided
    edit["probation.applied_on"] = decided - edit.between(5, 40)


def decided_late(edit: RecordEdit) -> None:
    """A conversion decided after the probationary year and its grace were over."""
    end = probation_end(edit["member.admitted_on"], edit.as_of)
    edit["probation.decided_on"] = edit.past(end + GRACE)


def undecided(edit: RecordEdit) -> None:
    """A probationary year that is over, and no decision."""
    edit.blank("probation.decided_on", "probation.decision", "probation.applied_on")


def unconverted(edit: RecordEdit) -> None:
    """A probationary member whose year and its grace are not over yet."""
    leaving = pl.min_horizontal("member.left_on", edit.as_of)
    edit["member.admitted_on"] = pl.max_horizontal(
        leaving - edit.between(0, 60), edit.as_of - 380).cast(pl.Int32)
    undecided(edit)
