"""A register as the journal begins with it when it was shortened. In: a register. Out: entries, and
back.

What stands in it was said already; the events before it are not needed any more. Cases of the same
fields are written column by column, so that a name or a day stands in an entry once, and with what
follows from their values, which need not be worked out again.
"""

from __future__ import annotations

import sys
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from msgspec import Struct, field

from zhuanjie import __version__
from zhuanjie.engine.ledger.value_codec import ValueCodec
from zhuanjie.engine.watch.cases import LiveCase, RuleStatus, from_plain, status
from zhuanjie.engine.watch.journal import Entry
from zhuanjie.engine.watch.register import WatchRegister
from zhuanjie.engine.watch.sharing import Key

_CASES = 1024
"""How many cases stand in one entry."""
_SUMS = 1 << 18


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
    yield "state", {"offset": position.offset, "line": position.number, "said": position.said,
                    "by": __version__}
    yield from (("written", {"ids": dict(some)}) for some in _parts(register.written.items()))
    for cases in _parts(register.cases.items()):
        yield "block", _block(cases, register)
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
        yield "sums", {"packed": b64encode(_plain(position.sums[at : at + _SUMS])).decode()}
    yield "whole", {}


def load(entry: Entry, register: WatchRegister, position: Position) -> bool:
    """Take in an entry that `dump` made, now or before; returns whether it was one."""
    data, codec = entry.data, register.codec
    match entry.kind:
        case "state":
            position.offset, position.number = data["offset"], data["line"]
            position.said = data["said"]
            register.derived.trusted = data.get("by") == __version__
        case "written":
            register.written.update(data["ids"])
        case "block":
            _take_block(data, register)
        case "cases":  # as they were written before there were blocks
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
        case "sums" if "packed" in data:
            packed = array("I", b64decode(data["packed"]))
            position.sums.frombytes(_plain(packed))
        case "sums":
            position.sums.extend(data["sums"])
        case _:
            return entry.kind == "whole"
    return True


def _block(cases: Sequence[tuple[str, LiveCase]], register: WatchRegister) -> dict[str, Any]:
    """Cases, by the fields they have."""
    statuses: dict[int, int] = {}  # cases share what is alike, so that its place in memory tells it
    listed: list[RuleStatus] = []
    rules: dict[tuple[str, ...], int] = {}
    shapes: dict[tuple[str, ...], list[tuple[str, LiveCase]]] = {}
    for record, case in cases:
        shapes.setdefault(tuple(case.values), []).append((record, case))
        for held in case.standing.values():
            if id(held) not in statuses:
                statuses[id(held)] = len(listed)
                listed.append(held)
    parts, codec, sharing = [], register.codec, register.sharing
    for names, alike in shapes.items():
        columns = zip(*(case.values.values() for _, case in alike), strict=True)
        parts.append({
            "ids": [record for record, _ in alike], "fields": names,
            "columns": [codec.encode_column(name, column)
                        for name, column in zip(names, columns, strict=True)],
            "rules": [rules.setdefault(tuple(case.standing), len(rules)) for _, case in alike],
            "standing": [[statuses[id(held)] for held in case.standing.values()]
                         for _, case in alike],
            "keys": {rule: list(_written_keys(codec, sharing.fields_of(rule), sharing.keys(
                rule, alike))) for rule in sharing.rules},
            "wakes": [case.next_evaluation for _, case in alike]})
    return {"statuses": [[s.outcome, s.since, s.due] for s in listed], "rules": list(rules),
            "parts": parts}


def _written_keys(codec: ValueCodec, names: Sequence[str], keys: Iterable[Key | None],
                  ) -> Iterator[list[Any] | None]:
    """The keys that cases take part with, each behind whether it is sure to."""
    plain = not any(map(codec.is_day, names))
    for held in keys:
        if held is None:
            yield None
        elif plain:
            yield [held[1], *held[0]]
        else:
            yield [held[1], *codec.encode(dict(zip(names, held[0], strict=True))).values()]


def _take_block(data: dict[str, Any], register: WatchRegister) -> None:
    """Take in the cases that `_block` wrote."""
    statuses = [status(*held) for held in data["statuses"]].__getitem__
    codec, sharing = register.codec, register.sharing
    for part in data["parts"]:
        ids, names = part["ids"], part["fields"]
        values = zip(*(codec.decode_column(name, column) for name, column in zip(
            names, part["columns"], strict=True)), strict=True) if names else [()] * len(ids)
        made = [LiveCase(dict(zip(names, held, strict=True)),
                         dict(zip(data["rules"][of], map(statuses, standing), strict=True)),
                         {}, wakes)
                for held, of, standing, wakes in zip(
                    values, part["rules"], part["standing"], part["wakes"], strict=True)]
        register.cases.update(zip(ids, made, strict=True))
        for rule, keys in part["keys"].items():
            sharing.restore_all(rule, zip(ids, made, _keys(codec, sharing.fields_of(rule), keys),
                                          strict=True))


def _keys(codec: ValueCodec, names: Sequence[str],
          held: Iterable[list[Any] | None]) -> Iterator[Key | None]:
    """The keys that `_written_keys` wrote."""
    plain = not any(map(codec.is_day, names))
    for one in held:
        if one is None:
            yield None
        elif plain:
            yield tuple(one[1:]), one[0]
        else:
            yield tuple(codec.decode(dict(zip(names, one[1:], strict=True))).values()), one[0]


def _plain(sums: array[int]) -> bytes:
    """Numbers of four bytes, the lowest first, whatever the machine; or back."""
    assert sums.itemsize == 4
    if sys.byteorder == "big":
        sums = sums[:]
        sums.byteswap()
    return sums.tobytes()


def _parts(items: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(items)
    while part := list(islice(rest, _CASES)):
        yield part
