"""Values of requests. In: nothing. Out: types with bounds that every database and log bears."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from zhuanjie.web.trail.canonical import EXACT

_LONGEST: Final = 4000
_PRINTED: Final = frozenset("\n\r\t")


def _clean(text: str) -> str:
    if any(not c.isprintable() and c not in _PRINTED and ord(c) < 0xA0 for c in text):
        raise PydanticCustomError("string_pattern_mismatch", "control characters")
    return text


def _day(text: str) -> str:
    try:
        return text and date.fromisoformat(text).isoformat()
    except ValueError:
        raise PydanticCustomError("date_parsing", "no day") from None


Line = Annotated[str, StringConstraints(max_length=200), AfterValidator(_clean)]
"""A short text: a name, an id."""
Paragraph = Annotated[str, StringConstraints(max_length=_LONGEST), AfterValidator(_clean)]
"""A text that a person wrote: a reason, a note."""
Id = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[!-~]+$")]
"""A name that programs gave: of a member, a user, an event, a job."""
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
MaybeDay = Annotated[str, StringConstraints(pattern=r"^(\d{4}-\d{2}-\d{2})?$"),
                     AfterValidator(_day)]
"""A day of the calendar in a form, where an empty text is none."""
Whole = Annotated[int, Field(ge=-EXACT, le=EXACT)]
"""A whole number that every reader of JSON keeps exactly."""


def _record(record: dict[str, Any]) -> dict[str, Any]:
    for value in record.values():
        for inner in (value.values() if isinstance(value, dict) else (value,)):
            _cell(inner)
    return record


def _cell(value: object) -> None:
    if isinstance(value, str):
        if len(value) > _LONGEST:
            raise PydanticCustomError("string_too_long", "long", {"max_length": _LONGEST})
        _clean(value)
    elif isinstance(value, int | float):
        if abs(value) > EXACT:
            raise PydanticCustomError("less_than_equal", "large", {"le": EXACT})
    elif value is not None:
        raise PydanticCustomError("string_type", "no cell of a ledger")


Record = Annotated[dict[Line, Any], Field(max_length=500), AfterValidator(_record)]
"""A record as `check` takes one: fields by their names, dotted or nested, or by headings."""
