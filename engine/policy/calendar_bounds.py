"""Whether what recurs stays in the calendar. In: a recurring duty, typed names. Out: what is wrong.

Its next day is a sum of days that no expression of the pack writes out.
"""

from __future__ import annotations

from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import ExpressionError
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.names import PackSchema
from zhuanjie.engine.expr.type_checker import check
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.policy.model import Recurring


def beyond_calendar(duty: Recurring, schema: PackSchema, place: Place) -> list[Diagnostic]:
    """What is wrong where the next day, counted from either of its days, might be none."""
    for day in (duty.start, duty.last):
        text = f"({day}) + days({duty.every})"
        try:
            check(read(text), schema, text, Kind.DATE)
        except ExpressionError as error:
            return [replace(d, place=place) for d in error.diagnostics]
    return []
