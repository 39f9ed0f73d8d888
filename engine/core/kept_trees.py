"""Trees as text. In: a tree of known classes. Out: JSON, and the same tree from it.

A text names classes of a table that the reader has, and gives their values; nothing in it is ever
run. What is the same is written once and read once. A text that is not of the form raises one of
`UNREADABLE`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from enum import Enum
from itertools import islice
from typing import Any, Final

import msgspec
from msgspec import Struct

from zhuanjie.engine.core.kept_models import KeptModel, values_of

UNREADABLE: Final = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)
"""What reading or writing raises where a text or tree is not of the form."""

_TUPLE, _DICT, _SET, _DAY, _BYTES, _LIST = range(6)
_OWN = 6
"""Classes of the table come after the kinds that every text has."""
_MODEL = "model_fields_set"

Classes = Mapping[str, type]
"""Classes by the names they have in texts."""


class _Writer:
    def __init__(self, classes: Classes) -> None:
        self.names = {cls: name for name, cls in classes.items()}
        self.table: list[str] = []
        self.rows: list[Any] = []
        self.places: dict[Any, int] = {}
        self.seen: dict[int, int] = {}
        self.held: list[Any] = []  # so that no id is used twice

    def put(self, value: Any) -> int:
        """The place of a value, which is written if it is not there yet."""
        kind = type(value)
        if kind in _SCALARS:
            return self._place((kind, value), value)
        place = self.seen.get(id(value))
        if place is None:
            row = self._row(value, kind)
            self.held.append(value)
            # What may be changed is no one's but its owner's, however alike.
            key = (kind, id(value)) if kind in (dict, list) else (list, *row)
            place = self.seen[id(value)] = self._place(key, row)
        return place

    def _place(self, key: Any, row: Any) -> int:
        place = self.places.get(key)
        if place is None:
            self.rows.append(row)
            place = self.places[key] = len(self.rows) - 1
        return place

    def _row(self, value: Any, kind: type) -> list[Any]:
        if kind is tuple:
            return [_TUPLE, *map(self.put, value)]
        if kind is dict:
            return [_DICT, *(self.put(part) for item in value.items() for part in item)]
        if kind is frozenset:
            return [_SET, *map(self.put, sorted(value))]
        if kind is date:
            return [_DAY, value.toordinal()]
        if kind is bytes:
            return [_BYTES, value.hex()]
        if kind is list:
            return [_LIST, *map(self.put, value)]
        name = self.names.get(kind)
        if name is None:
            raise TypeError(kind.__name__)
        if name not in self.table:
            self.table.append(name)
        return [_OWN + self.table.index(name), *map(self.put, self._values(value, kind))]

    def _values(self, value: Any, kind: type) -> list[Any]:
        if issubclass(kind, Enum):
            return [value.value]
        if isinstance(value, Struct):
            return [getattr(value, name) for name in value.__struct_fields__]
        if isinstance(value, KeptModel):
            return [value.said, dict(values_of(value))]
        if hasattr(value, _MODEL):
            return [frozenset(value.model_fields_set), dict(value.__dict__)]
        return list(value)


_SCALARS: Final = (str, int, bool, type(None))


def write_tree(value: Any, classes: Classes) -> str:
    """A tree as text; raises one of `UNREADABLE` where it holds what no class is known of."""
    writer = _Writer(classes)
    writer.put(value)
    return json.dumps([writer.table, writer.rows], ensure_ascii=False, separators=(",", ":"))


def read_tree(text: str, classes: Classes, models: Mapping[str, type[KeptModel]]) -> Any:
    """The tree of a text; raises one of `UNREADABLE` where there is none.

    Where `models` has a class for a name, it is read as that.
    """
    table, rows = msgspec.json.decode(text)
    make: list[Callable[[Iterator[Any]], Any]] = [
        tuple, _dict, frozenset, _unused, _unused, list,
        *(_maker(name, classes, models) for name in table)]
    made: list[Any] = []
    add, at = made.append, made.__getitem__
    for row in rows:
        if type(row) is not list:
            add(row)
        elif row[0] == _DAY:
            add(date.fromordinal(row[1]))
        elif row[0] == _BYTES:
            add(bytes.fromhex(row[1]))
        else:
            add(make[row[0]](map(at, islice(row, 1, None))))
    return made[-1]


def _dict(parts: Iterator[Any]) -> dict[Any, Any]:
    return dict(zip(parts, parts, strict=True))


def _unused(_parts: Iterator[Any]) -> Any:
    raise ValueError


def _maker(name: str, classes: Classes,
           models: Mapping[str, type[KeptModel]]) -> Callable[[Iterator[Any]], Any]:
    model = models.get(name)
    if model is not None:
        return lambda parts: model(*reversed([*parts]))
    cls = classes[name]
    if issubclass(cls, Enum | Struct):
        return lambda parts: cls(*parts)
    return cls
