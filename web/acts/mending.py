"""What would let a refused act through. In: an act looked at. Out: changes, and acts for them.

A change is either given to the act itself, or made by another act before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from zhuanjie.engine.api import (
    CellChange,
    Finding,
    Fix,
    Lang,
    RecordFix,
    RegisterActs,
    Scalar,
    TypedAct,
    plain,
)
from zhuanjie.web.acts.perform import ActDesk, PreparedAct
from zhuanjie.web.acts.values import input_fields
from zhuanjie.web.judging.mending import mend


@dataclass(frozen=True, slots=True)
class FixChange:
    """One field of a fix. Where `open`, any true value of the form of `to` will do.

    `given` says that the act that is asked for takes it; `acts` are those that can set it.
    """

    field: str
    now: Scalar | None
    to: Scalar
    kind: str
    open: bool
    given: bool = False
    acts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FixWay:
    """Changes that together mend a record, and what is then still to be done by a day."""

    changes: tuple[FixChange, ...]
    pending: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class MendingWays:
    """The ways to mend a record, the smallest first, and what none of them mends, each with why."""

    ways: tuple[FixWay, ...]
    beyond: tuple[tuple[Finding, str], ...] = ()


def ways_of(found: RecordFix, acts: RegisterActs, act: TypedAct | None = None) -> MendingWays:
    """Fixes with the acts that make their changes; `act` is one that is asked for.

    What that act itself copies from a field that changes is no change to be made.
    """
    given = {} if act is None else input_fields(act, acts)
    copies = {} if act is None else {
        name: setting.field for name, setting in act.act.sets.items() if setting.field is not None}

    def way(fix: Fix) -> FixWay:
        to = {c.field: c.value for c in fix.changes}
        return FixWay(tuple(
            change(c) for c in fix.changes
            if c.field not in copies or to.get(copies[c.field]) != c.value), fix.pending)

    def change(each: CellChange) -> FixChange:
        return FixChange(each.field, plain(each.was), plain(each.value), str(each.kind), each.open,
                         each.field in given, setters(acts, each.field, plain(each.value)))

    return MendingWays(
        tuple(map(way, found.alternatives)),
        tuple((b.finding, str(b.reason)) for b in found.beyond))


def setters(acts: RegisterActs, field: str, value: Any) -> tuple[str, ...]:
    """The acts that can set a field to a value: those that are for it, then those for any field."""
    own, any_ = [], []
    for act in acts.acts.values():
        setting = act.act.sets.get(field)
        if setting is not None and (setting.input is not None or setting.series is not None
                                    or setting.take is not None or setting.value == value):
            own.append(act.id)
        elif act.act.sets_any and field not in act.act.sets and field not in act.act.not_fields:
            any_.append(act.id)
    return (*own, *any_)


def refusal_fix(desk: ActDesk, conn: Connection, prepared: PreparedAct,
                lang: Lang) -> MendingWays | None:
    """What would mend what forbids an act, in the record as it would be; None where nothing does.
    """
    if prepared.refusal is None or prepared.case is None:
        return None
    refused = {found["id"] for found in prepared.refusal.findings}
    keys = {f.key for f in prepared.case.findings if f.id in refused}
    found = mend(desk.judging, conn, prepared.case, lang, values=prepared.judged, keep_to=keys)
    return ways_of(found, desk.acts, prepared.act)


def plain_ways(found: MendingWays) -> dict[str, Any]:
    """Ways to mend, as answers have them."""
    return {
        "ways": [{
            "changes": [{
                "field": c.field, "now": c.now, "to": None if c.open else c.to, "open": c.open,
                "example": c.to if c.open else None, "kind": c.kind, "given": c.given,
                "acts": list(c.acts)} for c in way.changes],
            "pending": [{"clause": f.clause, "message": f.message} for f in way.pending],
        } for way in found.ways],
        "beyond": [{"rule": f.rule, "clause": f.clause, "message": f.message, "reason": reason}
                   for f, reason in found.beyond]}
