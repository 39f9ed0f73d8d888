"""An event's values with what commits to them. In: a row of `event_values`. Out: the same, read.

As long as nothing was erased the salts follow from the row's secret; afterwards those of what is
left stand there themselves, and of what was erased its commitment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from zhuanjie.web.store.event import Change
from zhuanjie.web.trail.leaf import commitments, salts_of


@dataclass(frozen=True, slots=True)
class HeldValues:
    """Values (an event's reason among them), their salts, and the commitments of what is erased."""

    values: Mapping[str, Change]
    salts: Mapping[str, bytes]
    erased: Mapping[str, str]

    @property
    def commitments(self) -> dict[str, str]:
        """The commitment to every value that the event ever had."""
        return {**self.erased, **commitments(self.salts, self.values)}

    def without(self, fields: Iterable[str]) -> HeldValues:
        """The same, with the values of `fields` erased."""
        gone = [name for name in self.values if name in set(fields)]
        lost = commitments(self.salts, {name: self.values[name] for name in gone})
        return HeldValues(
            {name: change for name, change in self.values.items() if name not in lost},
            {name: salt for name, salt in self.salts.items() if name not in lost},
            {**self.erased, **lost})

    def row(self) -> dict[str, Any]:
        """What the row holds once something was erased."""
        salts = {name: salt.hex() for name, salt in self.salts.items()}
        return {"secret": None, "content": orjson.dumps(dict(self.values)),
                "salts": orjson.dumps(salts), "erased": orjson.dumps(dict(self.erased))}


def read_values(secret: bytes | None, content: bytes, salts: bytes | None,
                erased: bytes | None) -> HeldValues:
    """The values of a row; raises ValueError for one that was not written so to the byte."""
    held = orjson.loads(content)
    if orjson.dumps(held) != content:
        raise ValueError("content")
    if secret is not None:
        if salts is not None or erased is not None:
            raise ValueError("secret")
        return HeldValues(held, salts_of(secret, held), {})
    if salts is None or erased is None:
        raise ValueError("salts")
    told, gone = orjson.loads(salts), orjson.loads(erased)
    made = HeldValues(held, {name: bytes.fromhex(salt) for name, salt in told.items()}, gone)
    if set(held) != set(told) or set(held) & set(gone) or made.row() != {
            "secret": None, "content": content, "salts": salts, "erased": erased}:
        raise ValueError("salts")
    return made
