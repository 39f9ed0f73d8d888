"""The types of expressions. In: nothing. Out: kinds, and types with what is known of their values.

A whole number, date, month or duration carries bounds. The checker proves from them, before any
record is read, that no arithmetic can leave 64 bits or the years 1 to 9999; so no engine has to.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.core.dates import FIRST_DAY, LAST_DAY, Month, from_day, to_day
from zhuanjie.engine.core.workdays import WorkCalendar
from zhuanjie.engine.vocabulary.comparison import Comparison
from zhuanjie.engine.vocabulary.fields import Field

INT64 = (-(2**63), 2**63 - 1)
RECORD_DAYS = (to_day(date(1900, 1, 1)), to_day(date(2999, 12, 31)))
"""The dates a ledger's cell may hold, and the as-of day; others are not read."""


class Kind(StrEnum):
    """What sort of value an expression has."""

    BOOL = "bool"
    INT = "int"
    STRING = "string"
    DATE = "date"
    MONTH = "month"
    """A year and a month, held as the month's first day; its day is not known."""
    DURATION = "duration"
    PERIOD = "period"
    WORKDAYS = "workdays"
    LIST = "list"
    ANY = "any"
    """A field that a single evaluation has no value for: fits everywhere, always unknown."""


NUMERIC = frozenset({Kind.INT, Kind.DATE, Kind.MONTH, Kind.DURATION, Kind.PERIOD})
LENGTHS = frozenset({Kind.PERIOD, Kind.WORKDAYS})
"""What days are moved by, and nothing is compared with: how long it is depends on the day."""
MONTH_AND_DAY = frozenset({Kind.MONTH, Kind.DATE})
"""What is compared though it is not alike: unknown where the month's own day would decide."""
LIMITS: dict[Kind, tuple[int, int]] = {
    Kind.INT: INT64,
    Kind.DATE: (FIRST_DAY, LAST_DAY),
    # The month after it begins within the calendar too: its last day is found from there.
    Kind.MONTH: (FIRST_DAY, to_day(date(9999, 11, 1))),
    Kind.DURATION: (FIRST_DAY - LAST_DAY, LAST_DAY - FIRST_DAY),
    Kind.PERIOD: (-12 * 9999, 12 * 9999),
    Kind.WORKDAYS: (-100_000, 100_000),
}


class Type(Struct, frozen=True):
    """A kind, the values an enum may take, and the bounds of what counts days, months or units.

    `compare` says how the texts of a field are compared, `calendar` which days are working days.
    """

    kind: Kind
    values: frozenset[str] | None = None
    low: int = 0
    high: int = 0
    item: Kind | None = None
    compare: Comparison = "text"
    calendar: WorkCalendar | None = None

    def __str__(self) -> str:
        return f"list({self.item})" if self.item else str(self.kind)


BOOL = Type(Kind.BOOL)
STRING = Type(Kind.STRING)
ANY = Type(Kind.ANY)
MONTH = Type(Kind.MONTH, low=RECORD_DAYS[0], high=to_day(Month.of(from_day(RECORD_DAYS[1]))))
RECORD_DATE = Type(Kind.DATE, low=RECORD_DAYS[0], high=RECORD_DAYS[1])


def field_type(field: Field) -> Type:
    """The type of a record's field."""
    match field.type:
        case "bool":
            return BOOL
        case "string":
            return replace(STRING, compare=field.compare)
        case "enum":
            return Type(Kind.STRING, values=frozenset(field.values))
        case "int":
            return Type(Kind.INT, low=field.low, high=field.high)
        case "date":
            return RECORD_DATE
        case "month":
            return MONTH
