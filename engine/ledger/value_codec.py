"""Values as JSON has them. In: typed values. Out: plain ones, and back.

What is kept was read once already, and is taken back by the type of its field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from typing import Any

from zhuanjie.engine.ledger.cells.parser import read_cell
from zhuanjie.engine.vocabulary.fields import Field, FieldTable

_DATES = frozenset({"date", "month"})
_MONTHS = 1 << 12
"""How many months are kept read."""


class ValueCodec:
    """Writes and reads the values of a vocabulary's fields."""

    def __init__(self, fields: FieldTable) -> None:
        self._readers = {field.name: _reader(field) for field in fields if field.type in _DATES}
        self._months = frozenset(field.name for field in fields if field.type == "month")

    def encode(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values by field as JSON has them; those taken away are null."""
        return {name: value.isoformat() if isinstance(value, date) else value
                for name, value in values.items()}

    def decode(self, plain: Mapping[str, Any]) -> dict[str, Any]:
        """The values that `encode` wrote."""
        readers = self._readers
        return {name: readers[name](value) if value is not None and name in readers else value
                for name, value in plain.items()}

    def is_day(self, name: str) -> bool:
        """Whether a field's values are days or months, which JSON has as text."""
        return name in self._readers

    def encode_column(self, name: str, values: Sequence[Any]) -> Sequence[Any]:
        """Values of one field, none of them missing, as JSON has them; days may stay days."""
        return [day.isoformat() for day in values] if name in self._months else values

    def decode_column(self, name: str, plain: Sequence[Any]) -> Iterable[Any]:
        """The values that `encode_column` wrote."""
        return map(self._readers[name], plain) if name in self._readers else plain


def _reader(field: Field) -> Callable[[str], Any]:
    if field.type == "date":
        return _day
    return lru_cache(maxsize=_MONTHS)(lambda text: read_cell(field, text))


@cache
def _day(text: str) -> date:
    """A day by its ISO text: one object for all that hold it, and there are not many days."""
    return date.fromisoformat(text)
