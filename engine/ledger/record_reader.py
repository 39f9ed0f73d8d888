"""Records of the same shape, read fast. In: mappings. Out: typed values and unreadable cells.

A program that checks records one by one hands in the same keys again and again: which field each
key means is found once, and a value that is already what its field wants is taken as it is. All
else goes through `read_record`'s own cell parser, so that both always agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from msgspec import Struct

from zhuanjie.engine.core.dates import from_day
from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.expr.types import RECORD_DAYS
from zhuanjie.engine.ledger.cells.faults import fault
from zhuanjie.engine.ledger.cells.parser import read_cell
from zhuanjie.engine.ledger.cells.text import CellError
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.record import RecordReading, read_record, unknown_notices
from zhuanjie.engine.vocabulary.fields import Field

_SHAPES = 256  # kept key sets
_VALUES = 4096  # kept readings of texts, for each field
_FIRST, _LAST = map(from_day, RECORD_DAYS)

Read = Callable[[Any], Any]


class _Shape(Struct, frozen=True):
    """What is known of records with the same keys: how each is read, and which nobody knows."""

    cells: list[tuple[str, str, Read]]
    notices: list[Diagnostic]


class CachedRecordReader:
    """Reads mappings as `read_record` does, and remembers the shapes it has met."""

    def __init__(self, mapping: HeadingMap) -> None:
        self._mapping = mapping
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        self._reads: dict[str, Read] = {}

    def __call__(self, record: Mapping[str, Any]) -> RecordReading:
        """The typed values of a record, blanks left out; cells that could not be read; notices."""
        shape = tuple(record)
        plan = self._shapes.get(shape)
        if plan is None:
            if (any(isinstance(value, Mapping) for value in record.values())
                    or not all(isinstance(name, str) for name in shape)):
                return read_record(record, self._mapping)
            plan = self._learn(shape)
        values = {}
        try:
            for key, name, read in plan.cells:
                raw = record[key]
                if raw is not None and (value := read(raw)) is not None:
                    values[name] = value
        except CellError:
            # Something cannot be read: the slow way says what and why.
            return read_record(record, self._mapping)
        return values, [], list(plan.notices)

    def _learn(self, shape: tuple[str, ...]) -> _Shape:
        match = self._mapping.match(list(shape), single=True)
        plan = _Shape(
            [(shape[at], field.name, self._read(field)) for at, field in match.fields.items()],
            unknown_notices(match, Place()))
        if len(self._shapes) < _SHAPES:
            self._shapes[shape] = plan
        return plan

    def _read(self, field: Field) -> Read:
        if field.name not in self._reads:
            self._reads[field.name] = _MAKERS.get(field.type, _remembering)(field)
        return self._reads[field.name]


def _remembering(field: Field) -> Read:
    """Reads texts through the parser once each."""
    known: dict[Any, Any] = {}

    def read(raw: Any) -> Any:
        if type(raw) is not str:
            return read_cell(field, raw)
        value = known.get(raw)
        if value is None:
            value = read_cell(field, raw)
            if value is not None and len(known) < _VALUES:
                known[raw] = value
        return value

    return read


def _date(field: Field) -> Read:
    slow = _remembering(field)

    def read(raw: Any) -> Any:
        return raw if type(raw) is date and _FIRST <= raw <= _LAST else slow(raw)

    return read


def _bool(field: Field) -> Read:
    slow = _remembering(field)

    def read(raw: Any) -> Any:
        return raw if raw is True or raw is False else slow(raw)

    return read


def _int(field: Field) -> Read:
    slow = _remembering(field)

    def read(raw: Any) -> Any:
        return raw if type(raw) is int and field.low <= raw <= field.high else slow(raw)

    return read


def _string(field: Field) -> Read:
    if field.check is not None:
        return _checked(field)
    words = field.blank.words

    def read(raw: Any) -> Any:
        # Letters, digits and ideographs alone need no trimming.
        plain = type(raw) is str and raw.isalnum() and raw not in words
        return raw if plain else read_cell(field, raw)

    return read


def _checked(field: Field) -> Read:
    """Reads a text that is checked; one that is wrong is for the slow way to say."""

    def read(raw: Any) -> Any:
        value = read_cell(field, raw)
        if value is not None and (wrong := fault(field, str(value))) is not None:
            raise wrong
        return value

    return read


_MAKERS: dict[str, Callable[[Field], Read]] = {
    "date": _date, "bool": _bool, "int": _int, "string": _string,
}
