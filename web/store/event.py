"""Events. In: nothing. Out: what happened, as it is drafted, kept and read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from zhuanjie.web.trail.canonical import ATOMS, Plain, canonical
from zhuanjie.web.trail.leaf import REASON, commitments, salts_of, values_hash

FORMAT: Final = 1
"""The version of an event's body."""

Change = tuple[Plain, Plain]
"""What a field held before an event, and after it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a user, or a program with a key. `via` is how: session, key, command or clock.

    `second_factor` says that a session's user has shown one.
    """

    id: str
    role: str
    unit: str | None = None
    via: str = "command"
    second_factor: bool = False


SYSTEM: Final = Actor("system", "system", via="command")
"""The program itself, which sees everything: commands at the machine, clocks, what is sent."""


@dataclass(frozen=True, slots=True)
class EventDraft:
    """What is to become an event.

    `data` holds nothing personal: it is in the body for good. `values` are what fields of the
    member hold before and after, plain (days as ISO texts). `columns` is the set of columns of the
    table that they came from. `reason` is kept as values are, so that it can be erased.
    """

    kind: str
    member: str | None = None
    unit: str | None = None
    values: Mapping[str, Change] = field(default_factory=dict)
    data: Mapping[str, Plain] = field(default_factory=dict)
    reason: str | None = None
    columns: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What happened. `values` lacks what was erased, whose fields are `erased`."""

    seq: int
    id: str
    at: str
    kind: str
    member: str | None
    unit: str | None
    actor: str
    role: str
    via: str
    values: Mapping[str, Change]
    data: Mapping[str, Any]
    reason: str | None
    columns: str | None
    leaf: bytes
    erased: frozenset[str] = frozenset()
    actor_unit: str | None = None
    """The unit for which the actor acted."""

    @property
    def fields(self) -> dict[str, Change]:
        """What of `values` are fields of the member: names that begin with # stand beside them."""
        return {name: change for name, change in self.values.items() if not name.startswith("#")}

    @property
    def after(self) -> dict[str, Plain]:
        """What the fields hold since."""
        return {name: after for name, (_, after) in self.values.items()}


def body_of(draft: EventDraft, held: Mapping[str, Change], actor: Actor, *, seq: int, id: str,
            at: str, previous: bytes, secret: bytes) -> bytes:
    """The canonical text of an event, which its hash covers; `held` are its `kept_values`."""
    root = values_hash(commitments(salts_of(secret, held), held)) if held else None
    return canonical({
        "v": FORMAT, "seq": seq, "id": id, "at": at, "kind": draft.kind, "member": draft.member,
        "unit": draft.unit, "actor": actor.id, "role": actor.role, "via": actor.via,
        "actor_unit": actor.unit, "data": dict(draft.data), "columns": draft.columns,
        "values": root, "previous": previous.hex()})


def kept_values(draft: EventDraft) -> dict[str, Change]:
    """The values of an event as they are read again, its reason among them: what can be erased."""
    held = {name: (before if type(before) in ATOMS else orjson.loads(canonical(before)),
                   after if type(after) in ATOMS else orjson.loads(canonical(after)))
            for name, (before, after) in draft.values.items()}
    if draft.reason is not None:
        held[REASON] = (None, draft.reason)
    return held


def event_of(draft: EventDraft, held: Mapping[str, Change], actor: Actor, *, seq: int, id: str,
             at: str, leaf: bytes) -> Event:
    """The event that a draft became, as it will be read again."""
    values = dict(held)
    values.pop(REASON, None)
    data = orjson.loads(orjson.dumps(draft.data)) if draft.data else {}
    return Event(seq, id, at, draft.kind, draft.member, draft.unit, actor.id, actor.role,
                 actor.via, values, data, draft.reason, draft.columns, leaf)


def read_event(body: bytes, leaf: bytes, content: bytes | None, erased: bytes | None) -> Event:
    """The event that was kept as these."""
    said = orjson.loads(body)
    held = orjson.loads(content) if content is not None else {}
    _, reason = held.pop(REASON, (None, None))
    return Event(
        said["seq"], said["id"], said["at"], said["kind"], said["member"], said["unit"],
        said["actor"], said["role"], said["via"],
        {name: (before, after) for name, (before, after) in held.items()}, said["data"], reason,
        said["columns"], leaf, frozenset(orjson.loads(erased)) if erased else frozenset(),
        said.get("actor_unit"))
