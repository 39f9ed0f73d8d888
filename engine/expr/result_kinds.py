"""What arithmetic gives. In: nothing. Out: the kind of the result, by operator and kinds."""

from __future__ import annotations

from zhuanjie.engine.expr.types import Kind

RESULTS: dict[tuple[str, Kind, Kind], Kind] = {
    ("+", Kind.INT, Kind.INT): Kind.INT,
    ("-", Kind.INT, Kind.INT): Kind.INT,
    ("*", Kind.INT, Kind.INT): Kind.INT,
    ("/", Kind.INT, Kind.INT): Kind.INT,
    ("%", Kind.INT, Kind.INT): Kind.INT,
    ("+", Kind.DATE, Kind.DURATION): Kind.DATE,
    ("+", Kind.DURATION, Kind.DATE): Kind.DATE,
    ("-", Kind.DATE, Kind.DURATION): Kind.DATE,
    ("+", Kind.DATE, Kind.PERIOD): Kind.DATE,
    ("+", Kind.PERIOD, Kind.DATE): Kind.DATE,
    ("-", Kind.DATE, Kind.PERIOD): Kind.DATE,
    ("+", Kind.DATE, Kind.WORKDAYS): Kind.DATE,
    ("+", Kind.WORKDAYS, Kind.DATE): Kind.DATE,
    ("-", Kind.DATE, Kind.WORKDAYS): Kind.DATE,
    ("+", Kind.MONTH, Kind.PERIOD): Kind.MONTH,
    ("+", Kind.PERIOD, Kind.MONTH): Kind.MONTH,
    ("-", Kind.MONTH, Kind.PERIOD): Kind.MONTH,
    ("-", Kind.DATE, Kind.DATE): Kind.DURATION,
    ("+", Kind.DURATION, Kind.DURATION): Kind.DURATION,
    ("-", Kind.DURATION, Kind.DURATION): Kind.DURATION,
    ("+", Kind.PERIOD, Kind.PERIOD): Kind.PERIOD,
    ("-", Kind.PERIOD, Kind.PERIOD): Kind.PERIOD,
}
"""What is not here is refused."""
