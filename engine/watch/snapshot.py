"""A register as the journal begins with it when it was shortened. In: a register. Out: entries, and
back.

What stands in it was said already; the events before it are not needed any more.
"""

from __future__ import annotations

from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from msgspec import Struct, field

from zhuanjie.engine.watch.cases import from_plain, plain
from zhuanjie.engine.watch.journal import Entry
from zhuanjie.engine.watch.register import WatchRegister

_CASES = 256
"""How many cases stand in one entry."""
_SUMS = 1 << 16


class Position(Struct):
    """How far events were taken and lines were said."""

    offset: int = 0
    number: int = 0
    said: int = 0
    sums: array[int] = field(default_factory=lambda: array("I"))
    """What the lines of the source are known by."""


def dump(register: WatchRegister, position: Position) -> Iterator[tuple[str, dict[str, Any]]]:
    """The entries that hold a register and its place in the source."""
    codec = register.codec
    yield "state", {"offset": position.offset, "line": position.number, "said": position.said}
    yield from (("written", {"ids": dict(some)}) for some in _parts(register.written.items()))
    for cases in _parts(register.cases.items()):
        yield "cases", {"cases": [[record, *plain(case, codec)] for record, case in cases]}
    keys: dict[str, dict[str, Any]] = {}
    for (rule, key), records in register.sharing.groups():
        names = register.sharing.fields_of(rule)
        held = codec.encode(dict(zip(names, key, strict=True)))
        for record, sure in records.items():
            if record in register.closed:
                keys.setdefault(record, {})[rule] = [held, sure]
    for closed in _parts(register.closed.items()):
        yield "closed", {"cases": [[record, b64encode(packed).decode(), keys.get(record, {})]
                                   for record, packed in closed]}
    if register.shares is not None and (standing := register.shares.standing()):
        yield "shares", {"standing": standing}
    for at in range(0, len(position.sums), _SUMS):
        yield "sums", {"sums": position.sums[at : at + _SUMS].tolist()}
    yield "whole", {}


def load(entry: Entry, register: WatchRegister, position: Position) -> bool:
    """Take in an entry that `dump` made; returns whether it was one."""
    data, codec = entry.data, register.codec
    match entry.kind:
        case "state":
            position.offset, position.number = data["offset"], data["line"]
            position.said = data["said"]
        case "written":
            register.written.update(data["ids"])
        case "cases":
            for record, *held in data["cases"]:
                register.cases[record] = from_plain(held, codec)
        case "closed":
            for record, packed, keys in data["cases"]:
                register.closed[record] = b64decode(packed)
                register.sharing.restore(record, {
                    rule: (tuple(codec.decode(key).values()), sure)
                    for rule, (key, sure) in keys.items()})
        case "shares" if register.shares is not None:
            register.shares.restore(data["standing"])
        case "sums":
            position.sums.extend(data["sums"])
        case _:
            return entry.kind == "whole"
    return True


def _parts(items: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(items)
    while part := list(islice(rest, _CASES)):
        yield part
