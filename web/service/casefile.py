"""All there is of one member. In: an id or a key, who asks. Out: what the member's page shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from zhuanjie.engine.api import DestinationAnswer, Lang, TableRow, Text
from zhuanjie.web.access.tables import API_KEYS, USERS
from zhuanjie.web.access.units import unit_tree
from zhuanjie.web.acts.attachments import Attachment
from zhuanjie.web.acts.mending import MendingWays, ways_of
from zhuanjie.web.acts.numbers import NumberFate, fates_of
from zhuanjie.web.acts.possible import PossibleAct, possible_acts
from zhuanjie.web.acts.projection import FILE, WAITING
from zhuanjie.web.acts.tables import ATTACHMENTS, REQUESTS
from zhuanjie.web.acts.waivers import KeptWaiver, kept_waivers
from zhuanjie.web.judging.casework import look
from zhuanjie.web.judging.mending import choices, mend, table_rows
from zhuanjie.web.service.cases import LookedCase, looked_at, member_of
from zhuanjie.web.service.register import Register
from zhuanjie.web.store.event import Actor, Event
from zhuanjie.web.store.history import events, events_numbered
from zhuanjie.web.store.members import Member
from zhuanjie.web.store.tables import EVENTS

_KEY: Final = "key:"
"""Before the id of a key: the name by which its program acts."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a member: what it is, and the event that brought it."""

    file: Attachment
    at: str
    actor: str


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """Something that was asked and is not answered."""

    title: Text
    waiting: Text
    asked_by: str
    at: str


@dataclass(frozen=True, slots=True)
class MemberFile:
    """A member with everything that is said of it, and what can be done."""

    member: Member
    unit: str
    looked: LookedCase
    acts: list[PossibleAct]
    choices: list[DestinationAnswer]
    waiting: list[WaitingRequest]
    numbers: list[NumberFate]
    waivers: list[KeptWaiver]
    files: list[KeptFile]


def case_file(register: Register, conn: Connection, actor: Actor, key: str,
              lang: Lang) -> MemberFile:
    """All there is of a member that `actor` sees; raises NotFoundError, ConflictError."""
    member = member_of(conn, key, register.vocabulary)
    looked = looked_at(register.judging, conn, member, lang)
    return MemberFile(
        member, unit_title(conn, member.unit), looked,
        possible_acts(register.acts.desk, conn, member, actor, lang=lang),
        [] if member.withdrawn else choices(register.judging, conn, looked.case, lang),
        _waiting(register, conn, member.id), fates_of(conn, member.id),
        kept_waivers(conn, member=member.id), files_of(conn, member.id))


def mending_of(register: Register, conn: Connection, member: Member, lang: Lang) -> MendingWays:
    """The smallest changes that mend what is wrong with a member today, and the acts for them."""
    found = mend(register.judging, conn, look(register.judging, conn, member, lang), lang)
    return ways_of(found, register.acts.desk.acts)


def open_acts_of(register: Register, conn: Connection, member: Member, actor: Actor,
                 lang: Lang) -> frozenset[str]:
    """The acts that are possible to a member now."""
    return frozenset(each.id for each in possible_acts(
        register.acts.desk, conn, member, actor, lang=lang) if each.is_possible)


def choices_of(register: Register, conn: Connection, member: Member, lang: Lang,
               ) -> tuple[list[DestinationAnswer], list[TableRow]]:
    """Which values the decision table allows a member, and what its rows lack."""
    case = look(register.judging, conn, member, lang)
    return (choices(register.judging, conn, case, lang),
            table_rows(register.judging, conn, case, lang))


def unit_title(conn: Connection, id: str) -> str:
    """What a unit is called; its id where there is none."""
    unit = unit_tree(conn).units.get(id)
    return unit.title if unit is not None else id


def history_of(conn: Connection, member: str, *, before: int | None = None,
               limit: int = 30) -> tuple[list[Event], int | None]:
    """What happened to a member, the last first, before an event; and where the next page begins.
    """
    where = [EVENTS.c.member == member]
    if before is not None:
        where.append(EVENTS.c.seq < before)
    found = list(events(conn, *where, limit=limit + 1, latest_first=True))
    return found[:limit], found[limit - 1].seq if len(found) > limit else None


def names_of(conn: Connection, actors: Iterable[str]) -> dict[str, str]:
    """What those who acted are called: people by name, programs by what their key is for."""
    ids = sorted(set(actors))
    keys = [id.removeprefix(_KEY) for id in ids if id.startswith(_KEY)]
    found = {_KEY + id: title for id, title in conn.execute(
        select(API_KEYS.c.id, API_KEYS.c.title).where(API_KEYS.c.id.in_(keys)))}
    found |= {id: name for id, name in conn.execute(
        select(USERS.c.id, USERS.c.name).where(USERS.c.id.in_(ids))) if name}
    return found


def files_of(conn: Connection, member: str) -> list[KeptFile]:
    """The files of a member that were not removed, with what they are called."""
    rows = conn.execute(select(ATTACHMENTS).where(
        ATTACHMENTS.c.member == member, ATTACHMENTS.c.removed.is_(False))
        .order_by(ATTACHMENTS.c.added, ATTACHMENTS.c.sha256)).all()
    brought = {e.seq: e for e in events_numbered(conn, [row.added for row in rows])}
    return [KeptFile(Attachment(row.sha256, row.size, row.type,
                                str(brought[row.added].after.get(FILE + row.sha256) or "")),
                     brought[row.added].at, brought[row.added].actor) for row in rows]


def _waiting(register: Register, conn: Connection, member: str) -> list[WaitingRequest]:
    rows = conn.execute(select(REQUESTS).where(
        REQUESTS.c.member == member, REQUESTS.c.state == WAITING)
        .order_by(REQUESTS.c.opened)).all()
    opened: Mapping[int, Event] = {
        e.seq: e for e in events_numbered(conn, [row.opened for row in rows])}
    known = register.acts.desk.acts.requests
    return [WaitingRequest(known[row.request].title, known[row.request].waiting, row.asked_by,
                           opened[row.opened].at) for row in rows if row.request in known]
