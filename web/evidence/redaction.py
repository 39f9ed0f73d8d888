"""Values erased, as the law may ask. In: a change, what is to go. Out: less in clear, and an event.

The value, its salt and the secret of its event go; its commitment stays, so that the hash of the
event, and every one after it, still holds. Which events and fields is said for good, what they
held is not. Copies that were made before (backups, exports) are the office's to erase.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, select, update

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.evidence.values import HeldValues, read_values
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import Actor, Event, EventDraft
from zhuanjie.web.store.members import members
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import EVENT_VALUES, EVENTS

KIND: Final = "values.redacted"
_TOGETHER: Final = 200
"""How many events one event of redaction names."""


@dataclass(frozen=True, slots=True)
class _Held:
    """An event that holds values, or held some."""

    seq: int
    values: HeldValues

    def gone(self, fields: frozenset[str] | None) -> list[str]:
        """What of it is to go: `fields`, or all."""
        return sorted(name for name in self.values.values if fields is None or name in fields)


def redact_event(work: UnitOfWork, seq: int, fields: Iterable[str] | None = None, *,
                 reason: str | None = None) -> list[Event]:
    """Erase `fields` of one event, or all that it held, its own reason too (REASON among fields).

    Raises NotFoundError where there is no such event, UsageError where it holds nothing of that.
    """
    row = work.conn.execute(select(EVENTS.c.member, EVENTS.c.unit).where(
        EVENTS.c.seq == seq)).first()
    if row is None:
        raise fail(NotFoundError, "register.trail.no-event", number=seq)
    with work.everything():  # what it held is no row of any unit; who may is asked of the event
        return _redact(work, _held(work, EVENTS.c.seq == seq), fields, row.member, row.unit, reason)


def redact_member(work: UnitOfWork, member: str, fields: Iterable[str] | None = None, *,
                  reason: str | None = None) -> list[Event]:
    """Erase `fields` of a member in all events, or all that they held of the member.

    Raises UsageError where nothing is there to erase.
    """
    with work.everything():  # what happened in a unit that the member has left is erased as well
        return _redact(work, _held(work, EVENTS.c.member == member), fields, member, None, reason)


def redact(store: RegisterStore, actor: Actor, *, event: int | None = None,
           case: str | None = None, fields: Iterable[str] | None = None,
           reason: str | None = None, only_show: bool = False) -> list[Event]:
    """Erase in one change what an event or a case held; `only_show` takes it back at once."""
    done: list[Event] = []
    try:
        with store.change(actor) as work:
            if event is not None:
                done = redact_event(work, event, fields, reason=reason)
            elif case is not None:
                done = redact_member(work, case, fields, reason=reason)
            if only_show:
                raise _TakenBack
    except _TakenBack:
        pass
    return done


class _TakenBack(Exception):
    """Ends a change that is not to be kept."""


def _held(work: UnitOfWork, where: ColumnElement[bool]) -> list[_Held]:
    rows = work.conn.execute(
        select(EVENT_VALUES).join(EVENTS, EVENTS.c.seq == EVENT_VALUES.c.seq)
        .where(where).order_by(EVENT_VALUES.c.seq)).all()
    return [_Held(r.seq, read_values(r.secret, r.content, r.salts, r.erased)) for r in rows]


def _redact(work: UnitOfWork, held: Sequence[_Held], fields: Iterable[str] | None,
            member: str | None, unit: str | None, reason: str | None) -> list[Event]:
    wanted = None if fields is None else frozenset(fields)
    erased: list[tuple[int, list[str]]] = []
    for each in held:
        gone = each.gone(wanted)
        if gone:
            erased.append((each.seq, list(gone)))
            work.conn.execute(update(EVENT_VALUES).where(EVENT_VALUES.c.seq == each.seq).values(
                **each.values.without(gone).row()))
    if not erased:
        raise fail(UsageError, "register.trail.nothing-erased")
    lost: list[str] = []
    if member is not None:
        unit = next((m.unit for m in members(work.conn, [member]).values()), None)
        lost = _lost(_held(work, EVENTS.c.member == member), erased)
    return work.record_all([
        EventDraft(KIND, member, unit, reason=reason,
                   data={"events": erased[at:at + _TOGETHER], "lost": lost})
        for at in range(0, len(erased), _TOGETHER)])


def _lost(history: Sequence[_Held], erased: Sequence[tuple[int, Sequence[str]]]) -> list[str]:
    """The fields of a member whose present value was erased, so that the member has it no more."""
    last: dict[str, bool] = {}
    for each in history:
        last |= dict.fromkeys(each.values.values, False) | dict.fromkeys(each.values.erased, True)
    touched = {name for _, names in erased for name in names}
    return sorted(name for name, is_erased in last.items() if is_erased and name in touched)
