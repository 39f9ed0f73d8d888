"""An import taken back. In: its id, a register. Out: events that restore what was there before.

What somebody changed since is kept and said. Taken back once, it stays so: a second time does
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from zhuanjie.engine.api import fail
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.errors import ForbiddenError, NotFoundError
from zhuanjie.web.store.event import Actor, Change, Event, EventDraft
from zhuanjie.web.store.history import events, events_of
from zhuanjie.web.store.members import ONLY_COLUMNS, Member, members
from zhuanjie.web.store.row_security import EVERYTHING, Scope
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import EVENTS
from zhuanjie.web.transfer.cases import UNDOES
from zhuanjie.web.transfer.projection import IMPORTED, UNDONE, PastImport, import_of

_AT_ONCE = 1000
_NAMED = 100
"""What was not taken back, as many as the event names."""


@dataclass(frozen=True, slots=True)
class KeptValue:
    """What was not taken back: a field of a member that was changed since, or, without a field, a
    member that came with the import and was changed since.
    """

    member: str
    field: str | None


@dataclass(slots=True)
class UndoneImport:
    """What became of an import that was taken back; `already` where it had been."""

    past: PastImport
    restored: int = 0
    withdrawn: int = 0
    kept: list[KeptValue] = field(default_factory=list)
    already: bool = False


def undo(store: RegisterStore, id: str, actor: Actor, reason: str | None = None, *,
         scope: Scope = EVERYTHING) -> UndoneImport:
    """Take an import back, in one transaction; raises NotFoundError where there is none.

    `scope` are the units in which `actor` may take imports back. Members that were moved out of
    them since are kept as they are; an import that was into others too is for whoever reaches all.
    """
    with store.change(actor) as work:
        past = import_of(work.conn, id)
        if past is None:
            raise fail(NotFoundError, "register.import.none", hint="register.import.none.hint",
                       id=id)
        out = UndoneImport(past, already=past.undone is not None)
        if out.already:
            return out
        with work.everything():
            for some in _imported(work, past):
                known = members(work.conn, (e.member for e in some if e.member is not None))
                drafts: list[EventDraft] = []
                for event in some:
                    member = known[event.member or ""]
                    if scope != EVERYTHING and (event.unit or "") not in scope:
                        raise fail(ForbiddenError, "register.import.others-too")
                    if scope != EVERYTHING and member.unit not in scope:
                        out.kept.append(KeptValue(member.id, None))
                    elif (draft := _draft(work, event, member, out, reason)) is not None:
                        drafts.append(draft)
                work.record_all(drafts)
        work.record(EventDraft(
            UNDONE, unit=past.unit, reason=reason,
            data={"import": past.id, "restored": out.restored, "withdrawn": out.withdrawn,
                  "kept": len(out.kept),
                  "left": [[k.member, k.field] for k in out.kept[:_NAMED]]}))
        return out


def _imported(work: UnitOfWork, past: PastImport) -> Iterator[Sequence[Event]]:
    after = past.first - 1
    while some := list(events(work.conn, EVENTS.c.kind == IMPORTED, EVENTS.c.seq < past.seq,
                              after=after, limit=_AT_ONCE)):
        after = some[-1].seq
        yield some


def _draft(work: UnitOfWork, event: Event, member: Member, out: UndoneImport,
           reason: str | None) -> EventDraft | None:
    """What takes an event back; None where nothing of it is left, or something came upon it."""
    data = {UNDOES: out.past.id}
    untouched = member.version == event.seq
    if event.data["new"]:
        if untouched:
            out.withdrawn += 1
            return EventDraft("member.withdrawn", member.id, member.unit, data=data, reason=reason)
        if not member.withdrawn:
            out.kept.append(KeptValue(member.id, None))
        return None
    since = set[str]() if untouched else {
        name for later in events_of(work.conn, member.id, after=event.seq)
        for name in (*later.values, *later.erased)}
    values: dict[str, Change] = {}
    for name, (before, _) in event.values.items():
        if name in since:
            out.kept.append(KeptValue(member.id, name))
        else:
            values[name] = (member.record.get(name), before)
    if event.erased - since:
        out.kept += [KeptValue(member.id, name) for name in sorted(event.erased - since)]
    if not values and not untouched:
        return None
    out.restored += 1
    if not untouched:
        return EventDraft("member.corrected", member.id, member.unit, values, data, reason)
    # What its tables keep is as it was too: a column that came with the import is gone again.
    return EventDraft("member.corrected", member.id, event.data["unit"], values,
                      {**data, ONLY_COLUMNS: True}, reason, event.data["columns"] or None)
