"""What a fact says. In: the fields and terms that patterns ask about. Out: facts of a record.

Rules that follow one another share a fact with just what their patterns ask: presence (true or
false: the engine never has to match an absence), values (dates as day numbers) and what the engine
cannot work out by itself (calendar months, choices, texts), worked out beforehand. No two facts
have a key in common, so that the engine looks at none but the patterns on a fact's own keys; and
keys are short, since the engine says a whole fact again with each firing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from zhuanjie.engine.backends.record_terms import compiled
from zhuanjie.engine.core.dates import from_day
from zhuanjie.engine.core.errors import UnsupportedError, fail
from zhuanjie.engine.lowering.conditions import ColumnRef, Term, Value
from zhuanjie.engine.lowering.walk import Node

Fact = dict[str, Any]

SID, ID = "sid", "id"
"""The engine's own keys of a fact."""

RECORD = "record"
"""The `sid` of every fact: there is one record at a time."""

MAX_KEYS = 250
"""The engine refuses a message of 255 keys, its own among them."""

_EPOCH = from_day(0).toordinal()
_FNV_BASIS, _FNV_PRIME = 2166136261, 16777619


class FactKeys:
    """The keys that the patterns on one fact use, gathered while the patterns are written."""

    def __init__(self, name: str, presence: Iterable[str] = (), values: Iterable[str] = (),
                 made: Iterable[Node] = ()) -> None:
        """Keys for what is asked so far, if anything is: fields, fields, terms and conditions."""
        self.name = name
        self.presence_keys = {field: f"{name}h{n}" for n, field in enumerate(presence)}
        self.value_keys = {field: f"{name}v{n}" for n, field in enumerate(values)}
        self.made_keys = {node: f"{name}m{n}" for n, node in enumerate(made)}

    def copy(self) -> FactKeys:
        """The same, to write on."""
        return FactKeys(self.name, self.presence_keys, self.value_keys, self.made_keys)

    def presence(self, field: str) -> str:
        """The key that says whether a field is filled."""
        return self.presence_keys.setdefault(field, f"{self.name}h{len(self.presence_keys)}")

    def value(self, term: Term) -> str:
        """The key of a field's value, or of a term that is worked out beforehand."""
        assert not isinstance(term, Value)
        if isinstance(term, ColumnRef):
            return self.value_keys.setdefault(term.name, f"{self.name}v{len(self.value_keys)}")
        return self.made(term)

    def made(self, node: Node) -> str:
        """The key of a term or condition that is worked out beforehand."""
        return self.made_keys.setdefault(node, f"{self.name}m{len(self.made_keys)}")

    @property
    def always(self) -> str:
        """The key of what is true in any case."""
        return f"{self.name}a"

    @property
    def all(self) -> list[str]:
        """Every key of the fact, the engine's own among them."""
        return [SID, ID, self.always, *self.presence_keys.values(), *self.value_keys.values(),
                *self.made_keys.values()]

    def refuse_more_than_fit(self, about: str) -> None:
        """Raise UnsupportedError where the fact has more keys than the engine takes."""
        if len(self.all) > MAX_KEYS:
            raise fail(UnsupportedError, "backend.durable-keys", hint="backend.hint.durable",
                       about=about, keys=len(self.all), most=MAX_KEYS)


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
    """Writes the fact about some rules for one record after another."""

    def __init__(self, keys: FactKeys, alone: Mapping[str, int]) -> None:
        self._always: Fact = {SID: RECORD, ID: keys.name, keys.always: True}
        # What a record by itself counts of the ledger is known, where nobody counted it.
        self._counted = {field: number for field, number in alone.items()
                         if field in keys.presence_keys or field in keys.value_keys}
        self._presence = tuple(keys.presence_keys.items())
        self._values = tuple(keys.value_keys.items())
        self._made = tuple(keys.made_keys.values())
        self._work: Callable[[Mapping[str, Any]], tuple[Any, ...]] | None = (
            compiled(tuple(keys.made_keys), alone) if keys.made_keys else None)

    def __call__(self, record: Mapping[str, Any]) -> Fact:
        """The fact; a value that is missing has no key."""
        fact = dict(self._always)
        work = self._work
        known = work(record) if work is not None else ()
        if self._counted:
            record = {**record, **{field: number for field, number in self._counted.items()
                                   if record.get(field) is None}}
        get = record.get
        for field, key in self._presence:
            fact[key] = get(field) is not None
        for field, key in self._values:
            value = get(field)
            if value is not None:
                fact[key] = value.toordinal() - _EPOCH if isinstance(value, date) else value
        fact.update((key, value) for key, value in zip(self._made, known, strict=True)
                    if value is not None)
        return fact
