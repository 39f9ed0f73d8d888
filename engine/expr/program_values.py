"""Values as programs have them. In: an evaluator's value and its kind. Out: a date, a month, …"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from zhuanjie.engine.core.dates import Month, from_day
from zhuanjie.engine.expr.types import Kind


def program_value(value: Any, kind: Kind) -> Any:
    """A value of an evaluator, which counts in days; what is unknown is no value of any kind."""
    if kind is Kind.DATE:
        return from_day(value)
    if kind is Kind.MONTH:
        return Month.of(from_day(value))
    return timedelta(days=value) if kind is Kind.DURATION else value
