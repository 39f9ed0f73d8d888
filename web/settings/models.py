"""What can be set. In: what somebody sent. Out: it, checked.

Lengths are whole tenths of a millimetre: events hold no fractions. A secret is never part of a
setting: where one belongs to it stands the name of the file that has it.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.reminders.mail import checked_address, is_loopback

FARTHEST: Final = 500
"""By how many tenths of a millimetre a form is moved at most."""
LONGEST_SHEET: Final = 10_000
"""How many tenths of a millimetre a sheet is long at most."""
MOST_PLACES: Final = 300
_MOST_DAYS: Final = 400
_MONTHS: Final = 12
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
SecretName = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class OfficeSetting(BaseModel):
    """Base of what can be set. `act` is what the table of permissions asks besides, if anything."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    act: ClassVar[str | None] = None
    secrets: ClassVar[tuple[str, ...]] = ()
    """The parts that are secrets."""
    where: ClassVar[tuple[str, ...]] = ()
    """The parts that say who is told the secrets: with another of them they are asked for anew."""

    @classmethod
    def read(cls, said: object) -> Self:
        """What `said` sets; raises UsageError, which names the part that cannot be."""
        try:
            return cls.model_validate(said)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise fail(UsageError, "register.settings.value",
                       part=".".join(map(str, first["loc"])) or "-") from None

    def check(self) -> None:
        """Raise UsageError for what has no sense as a whole."""


class ClosingDays(OfficeSetting):
    """The days as of which an office closes its figures: one of each month, and days by name."""

    monthly: int | None = Field(default=None, ge=1, le=31)
    """The day of each month; its last where the month is shorter."""
    days: tuple[date, ...] = Field(default=(), max_length=_MOST_DAYS)

    @field_validator("days")
    @classmethod
    def _in_order(cls, days: tuple[date, ...]) -> tuple[date, ...]:
        return tuple(sorted(set(days)))

    def upto(self, day: date, count: int) -> list[date]:
        """The last `count` closing days that are no later than `day`, the earliest first."""
        named = [each for each in self.days if each <= day]
        monthly = islice(self._monthly(day), count)
        return sorted({*named, *monthly})[-count:] if count > 0 else []

    def _monthly(self, day: date) -> Iterator[date]:
        """The closing days of months, from `day` back."""
        if self.monthly is None:
            return
        year, month = day.year, day.month
        while year >= date.min.year:
            found = date(year, month, min(self.monthly, monthrange(year, month)[1]))
            if found <= day:
                yield found
            year, month = (year, month - 1) if month > 1 else (year - 1, _MONTHS)


class FormOffset(OfficeSetting):
    """By how much a printer's forms are moved, in tenths of a millimetre; less than 0: back."""

    right: int = Field(default=0, ge=-FARTHEST, le=FARTHEST)
    down: int = Field(default=0, ge=-FARTHEST, le=FARTHEST)


class FormPlace(BaseModel):
    """Where a blank of a part is on a form that is printed already: from the sheet's left edge to
    where its line begins, from the upper edge down to that line, and how long it is, in tenths of a
    millimetre; the type in tenths of a point.

    With `value`, a choice's, it is where that is struck.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    part: int = Field(ge=1, le=20)
    blank: Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]{0,63}$")]
    value: Annotated[str, StringConstraints(max_length=100)] | None = None
    right: int = Field(ge=0, le=LONGEST_SHEET)
    down: int = Field(ge=0, le=LONGEST_SHEET)
    width: int = Field(ge=1, le=LONGEST_SHEET)
    size: int = Field(default=120, ge=50, le=600)


class FormPlaces(OfficeSetting):
    """A form that an office has had printed elsewhere: its sheet, and where its blanks are."""

    width: int = Field(default=2100, ge=100, le=LONGEST_SHEET)
    height: int = Field(default=2970, ge=100, le=LONGEST_SHEET)
    places: tuple[FormPlace, ...] = Field(default=(), max_length=MOST_PLACES)

    def off_sheet(self) -> FormPlace | None:
        """The first place that is not on the sheet."""
        return next((each for each in self.places if each.right + each.width > self.width
                     or each.down > self.height), None)

    def check(self) -> None:
        """As `OfficeSetting` has it."""
        if (off := self.off_sheet()) is not None:
            raise fail(UsageError, "register.settings.off-sheet", where=f"{off.part}.{off.blank}",
                       width=self.width / 10, height=self.height / 10)


class MailServer(OfficeSetting):
    """The server that takes the office's mail."""

    act = "settings.mail"
    secrets = ("password",)
    where = ("host", "port", "encryption")

    host: Text
    port: int = Field(default=587, gt=0, lt=65536)
    sender: Text
    encryption: Literal["starttls", "tls", "none"] = "starttls"
    user: Text | None = None
    password: SecretName | None = None

    def check(self) -> None:
        """As `OfficeSetting` has it."""
        checked_address(self.sender)
        if self.encryption == "none" and not is_loopback(self.host):
            raise fail(UsageError, "register.reminders.plain-mail", host=self.host)


class Robot(OfficeSetting):
    """A group's robot: its address holds a key, and is a secret as a whole."""

    act = "settings.robot"
    secrets = ("url", "secret")
    where = ("kind", "url")

    kind: Literal["wecom", "dingtalk"]
    url: SecretName | None = None
    secret: SecretName | None = None
    """What 钉钉 signs with."""

    def check(self) -> None:
        """As `OfficeSetting` has it."""
        if self.url is None:
            raise fail(UsageError, "register.settings.robot-address")
