"""Values set for parameters. In: a caller's numbers and days. Out: whole numbers, days counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.expr.types import INT64, Kind, Type
from zhuanjie.engine.policy.ways import as_number

if TYPE_CHECKING:
    from zhuanjie.engine.policy.model import Parameter

ParamValue = int | str | date
"""What a caller may set a parameter to: a whole number, a day, or a day as ISO 8601 writes it."""


def is_value(value: object) -> bool:
    """Whether a parameter could be set to it."""
    return type(value) in (int, date) or (isinstance(value, str) and day_in(value) is not None)


def day_in(text: str) -> date | None:
    """The day that a text writes as ISO 8601 does, if it does."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def plain_value(value: ParamValue) -> int | date:
    """A value for an expression by itself, where no pack says what it counts."""
    if isinstance(value, str):
        value = date.fromisoformat(value)
    return value.date() if isinstance(value, datetime) else value


def numbers(params: Mapping[str, Any], parameters: Mapping[str, Parameter]) -> dict[str, int]:
    """Values set for a run, a day as its number.

    Raises UsageError for a parameter that there is not, and for a value that is none of its kind.
    """
    known = [name for name in parameters if "@" not in name]
    out = {}
    for name, value in params.items():
        if name not in known:
            close = suggest(name, known)
            raise fail(UsageError, "policy.unknown-param",
                       hint="hint.near" if close else "hint.known", name=name, near=close,
                       known=", ".join(known))
        held = plain_value(value)
        if (parameters[name].unit == "date") != isinstance(held, date):
            code = "policy.param-date" if parameters[name].unit == "date" else "policy.param-number"
            raise fail(UsageError, code, name=name, value=str(value))
        out[name] = as_number(held)
        if not INT64[0] <= out[name] <= INT64[1]:
            raise fail(UsageError, "policy.param-range", name=name)
    return out


def parameter_types(parameters: Mapping[str, Parameter],
                    overrides: Mapping[str, int]) -> dict[str, Type]:
    """The type of each parameter, with the least and the greatest value that it may take."""
    types = {}
    for name, parameter in parameters.items():
        values = parameter.numbers + ([overrides[name]] if name in overrides else [])
        kind = Kind.DATE if parameter.unit == "date" else Kind.INT
        types[name] = Type(kind, low=min(values), high=max(values))
    return types


def undeclared_type(unit: object) -> Type:
    """The type of a parameter of a pack that is refused anyway; any bounds will do."""
    if unit != "date":
        return Type(Kind.INT)
    return Type(Kind.DATE, low=to_day(date(2000, 1, 1)), high=to_day(date(2000, 1, 1)))


