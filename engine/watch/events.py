"""Events. In: a line of JSON. Out: an update of one record, a move of the clock, or a refusal.

An update names a record by its key and gives fields, dotted, nested or by their headings; a
null takes a value away. `{"clock": "2007-10-01"}` moves the as-of day forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import NoneType
from typing import Any

from msgspec import Struct

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.ledger.documents import parse_json
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.record import flatten
from zhuanjie.engine.ledger.record_reader import CachedRecordReader

CLOCK = "clock"
_PLAIN = frozenset({str, int, bool, float, NoneType})
_SHAPES = 256
"""How many shapes of events are kept."""


class Update(Struct, frozen=True):
    """New values of one record's fields; None takes a value away."""

    record: str
    values: Mapping[str, Any]


class Clock(Struct, frozen=True):
    """The as-of day moves to `day`; `told` by an event or the caller, not by the calendar."""

    day: date
    told: bool = True


Event = Update | Clock


class EventReader:
    """Reads events by what their keys mean, and remembers the shapes it has met."""

    def __init__(self, mapping: HeadingMap) -> None:
        self._mapping = mapping
        self._read = CachedRecordReader(mapping)
        self._shapes: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __call__(self, line: str, name: str, number: int) -> Event:
        """The event of a line; raises InputError, with the line's number, for a malformed one."""
        data = parse_json(line, name, number)
        if not isinstance(data, dict):
            raise fail(InputError, "watch.not-object")
        if CLOCK in data:
            return _clock(data)
        values = self.values(data)
        vocabulary = self._mapping.vocabulary
        key = values.pop(vocabulary.key, None)
        if key is None:
            known = vocabulary.fields[vocabulary.key]
            raise fail(InputError, "watch.no-id", key=known.name, heading=known.heading)
        return Update(str(key), values)

    def values(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """What the cells of an event hold, by field: None for those that are blank.

        Raises InputError for a cell that cannot be read and for a field that there is not.
        """
        names = self._names(data)
        values, unread, _ = self._read(data)
        if unread:
            raise InputError(*(
                Diagnostic(u.code, {"value": u.value, "column": u.column, "field": u.field,
                                    **u.args}, Place(column=u.column)) for u in unread))
        return {**{name: None for name in names if name not in values}, **values}

    def _names(self, data: Mapping[str, Any]) -> tuple[str, ...]:
        """The fields that the keys of an event mean; raises InputError for one that there is not.
        """
        plain = all(type(value) in _PLAIN or not isinstance(value, Mapping)
                    for value in data.values())
        shape = tuple(data)
        names = self._shapes.get(shape) if plain else None
        if names is None:
            cells = shape if plain else tuple(dict(flatten(data)))
            fields = [self._mapping.find(heading) for heading in cells]
            if None in fields:
                unknown = cells[fields.index(None)]
                raise fail(InputError, "watch.unknown-field", name=unknown,
                           near=suggest(unknown, [CLOCK, *cells]))
            names = tuple(field.name for field in fields if field is not None)
            if plain and len(self._shapes) < _SHAPES:
                self._shapes[shape] = names
        return names


def read_event(line: str, name: str, number: int, mapping: HeadingMap) -> Event:
    """The event of a single line; see `EventReader`."""
    return EventReader(mapping)(line, name, number)


def _clock(data: Mapping[str, Any]) -> Clock:
    if len(data) > 1:
        raise fail(InputError, "watch.clock-alone")
    try:
        return Clock(date.fromisoformat(str(data[CLOCK])))
    except ValueError:
        raise fail(InputError, "watch.clock", value=str(data[CLOCK])) from None
