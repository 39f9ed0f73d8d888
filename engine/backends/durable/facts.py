"""What a fact says. In: the fields and terms that patterns ask about. Out: facts of a record.

Every rule gets a fact of its own with just what its patterns ask: presence (`has.` and the field,
true or false: the engine never has to match an absence), values (`is.` and the field; dates as day
numbers) and what the engine cannot work out by itself (calendar months, choices, texts), worked
out beforehand (`made.0`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from zhuanjie.engine.backends.record_terms import compiled
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.errors import UnsupportedError, fail
from zhuanjie.engine.lowering.conditions import ColumnRef, Term, Value
from zhuanjie.engine.lowering.walk import Node

Fact = dict[str, Any]

SID, ID, ABOUT = "sid", "id", "about"
"""The engine's own keys of a fact, and ours: what the fact is about (a rule, or a table's row)."""

MAX_KEYS = 250
"""The engine refuses a message of 255 keys, its own among them."""

_FNV_BASIS, _FNV_PRIME = 2166136261, 16777619


class FactKeys:
    """The keys that the patterns of one rule use, gathered while the patterns are written."""

    def __init__(self) -> None:
        self._presence: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._made: dict[Node, str] = {}

    def presence(self, field: str) -> str:
        """The key that says whether a field is filled."""
        return self._presence.setdefault(field, f"has.{field}")

    def value(self, term: Term) -> str:
        """The key of a field's value, or of a term that is worked out beforehand."""
        assert not isinstance(term, Value)
        if isinstance(term, ColumnRef):
            return self._values.setdefault(term.name, f"is.{term.name}")
        return self.made(term)

    def made(self, node: Node) -> str:
        """The key of a term or condition that is worked out beforehand."""
        return self._made.setdefault(node, f"made.{len(self._made)}")

    def writer(self, about: str, alone: Mapping[str, int]) -> FactWriter:
        """What writes the fact `about` a record.

        Raises UnsupportedError where it would have more keys than the engine takes.
        """
        keys = [*self._presence.values(), *self._values.values(), *self._made.values()]
        if len(keys) > MAX_KEYS:
            raise fail(UnsupportedError, "backend.durable-keys", hint="backend.hint.durable",
                       about=about, keys=len(keys), most=MAX_KEYS)
        refuse_clashes([SID, ID, ABOUT, *keys])
        return FactWriter(about, dict(self._presence), dict(self._values), dict(self._made), alone)


def refuse_clashes(keys: Iterable[str]) -> None:
    """Raise UnsupportedError for keys that the engine would take for one another.

    It knows the keys of facts, and their ids, by a 32-bit hash alone.
    """
    seen: dict[int, str] = {}
    for key in keys:
        other = seen.setdefault(_hash(key), key)
        if other != key:
            raise fail(UnsupportedError, "backend.durable-clash", hint="backend.hint.durable",
                       one=other, other=key)


def _hash(text: str) -> int:
    found = _FNV_BASIS
    for byte in text.encode():
        found = (found ^ byte) * _FNV_PRIME % 2**32
    return found


class FactWriter:
    """Writes the fact about one rule for one record after another."""

    def __init__(self, about: str, presence: Mapping[str, str], values: Mapping[str, str],
                 made: Mapping[Node, str], alone: Mapping[str, int]) -> None:
        self._about = about
        self._presence, self._values = presence, values
        self._made = tuple(made.values())
        self._alone = alone
        self._work: Callable[[Mapping[str, Any]], tuple[Any, ...]] | None = (
            compiled(tuple(made), alone) if made else None)

    def __call__(self, record: Mapping[str, Any]) -> Fact:
        """The fact, without its `sid`; a value that is missing has no key."""
        fact: Fact = {ID: self._about, ABOUT: self._about}
        for field, key in self._presence.items():
            fact[key] = self._read(record, field) is not None
        for field, key in self._values.items():
            value = self._read(record, field)
            if value is not None:
                fact[key] = to_day(value) if isinstance(value, date) else value
        if self._work is not None:
            for key, value in zip(self._made, self._work(record), strict=True):
                if value is not None:
                    fact[key] = value
        return fact

    def _read(self, record: Mapping[str, Any], field: str) -> Any:
        value = record.get(field)
        return self._alone.get(field) if value is None else value
