"""Events. In: a line of JSON. Out: an update of one record, a move of the clock, or a refusal.

An update names a record by its key and gives fields, dotted, nested or by their headings; a
null takes a value away. `{"clock": "2007-10-01"}` moves the as-of day forward.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.ledger.documents import parse_json
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.record import flatten, read_record

CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Update:
    """New values of one record's fields; None takes a value away."""

    record: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Clock:
    """The as-of day moves to `day`; `told` by an event or the caller, not by the calendar."""

    day: date
    told: bool = True


Event = Update | Clock


def read_event(line: str, name: str, number: int, mapping: HeadingMap) -> Event:
    """The event of a line; raises InputError, with the line's number, for one that is malformed."""
    data = parse_json(line, name, number)
    if not isinstance(data, dict):
        raise fail(InputError, "watch.not-object")
    if CLOCK in data:
        return _clock(data)
    values = read_values(data, mapping)
    key = values.pop(mapping.vocabulary.key, None)
    if key is None:
        known = mapping.vocabulary.fields[mapping.vocabulary.key]
        raise fail(InputError, "watch.no-id", key=known.name, heading=known.heading)
    return Update(str(key), values)


def read_values(data: Mapping[str, Any], mapping: HeadingMap) -> dict[str, Any]:
    """What the cells of an event hold, by field: None for those that are blank.

    Raises InputError for a cell that cannot be read and for a field that there is not.
    """
    cells = dict(flatten(data))
    unknown = [heading for heading in cells if mapping.find(heading) is None]
    if unknown:
        close = suggest(unknown[0], ["clock", *cells])
        raise fail(InputError, "watch.unknown-field", name=unknown[0], near=close)
    values, unread, _ = read_record(data, mapping)
    if unread:
        raise InputError(*(
            Diagnostic(u.code, {"value": u.value, "column": u.column, "field": u.field, **u.args},
                       Place(column=u.column)) for u in unread))
    cleared: dict[str, Any] = {}
    for heading in cells:
        field = mapping.find(heading)
        if field is not None and field.name not in values:
            cleared[field.name] = None
    return {**cleared, **values}


def _clock(data: Mapping[str, Any]) -> Clock:
    if len(data) > 1:
        raise fail(InputError, "watch.clock-alone")
    try:
        return Clock(date.fromisoformat(str(data[CLOCK])))
    except ValueError:
        raise fail(InputError, "watch.clock", value=str(data[CLOCK])) from None


def to_json(event: Event, key: str) -> dict[str, Any]:
    """An event as the journal keeps it, to be read back by `read_event`."""
    if isinstance(event, Clock):
        return {CLOCK: event.day.isoformat()}
    plain = {name: value.isoformat() if isinstance(value, date) else value
             for name, value in event.values.items()}
    return {key: event.record, **plain}


def dumps(data: Any) -> str:
    """One line of JSON."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
