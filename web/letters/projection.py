"""What is awaited, as events left it. In: events. Out: rows of `awaited`.

Whether something is awaited of a member follows from the member's record alone, so that no
projector need know an act by name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import orjson
from sqlalchemy import Connection, delete, insert, select

from zhuanjie.engine.api import RegisterActs, TypedAwaited, holding
from zhuanjie.web.letters.tables import AWAITED, AWAITED_BASIS
from zhuanjie.web.store.among import AmongTexts
from zhuanjie.web.store.change import Projector
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import Event
from zhuanjie.web.store.inserting import insert_rows
from zhuanjie.web.store.members import AT_ONCE, Member, members
from zhuanjie.web.store.tables import MEMBERS

PROJECTIONS: Final = (AWAITED.name,)
_KINDS: Final = ("imported", "set", "corrected", "moved", "withdrawn", "restored")
_NO_DAY: Final = date.min
"""What is awaited asks no day: it is so until something happens."""
_BATCH: Final = 2000


def projectors(acts: RegisterActs) -> dict[str, Projector]:
    """What keeps the table as events of members have it; nothing where nothing is awaited."""
    if not acts.awaited:
        return {}

    def project(conn: Connection, events: Sequence[Event]) -> None:
        ids = list(dict.fromkeys(e.member for e in events if e.member is not None))
        for at in range(0, len(ids), AT_ONCE):
            part = ids[at:at + AT_ONCE]
            _put(conn, acts, members(conn, part).values(), part)

    return dict.fromkeys(("values.redacted", *(
        f"member.{name}" for name in dict.fromkeys((*_KINDS, *acts.events)))), project)


def bring_up_awaited(database: RegisterDatabase, acts: RegisterActs) -> None:
    """Make the table anew for what is awaited by another condition than it was made by."""
    wanted = {name: _basis(each) for name, each in acts.awaited.items()}
    with database.reading() as conn:
        had = _bases(conn)
    if had == wanted:
        return
    with database.writing() as conn:
        conn.execute(delete(AWAITED))
        conn.execute(delete(AWAITED_BASIS))
        last = ""
        while ids := list(conn.execute(select(MEMBERS.c.id).where(
                MEMBERS.c.id > last).order_by(MEMBERS.c.id).limit(_BATCH)).scalars()):
            _put(conn, acts, members(conn, ids).values(), ())
            last = ids[-1]
        if wanted:
            conn.execute(insert(AWAITED_BASIS), [
                {"what": name, "basis": basis} for name, basis in wanted.items()])


def _bases(conn: Connection) -> dict[str, str]:
    return {row.what: row.basis for row in conn.execute(select(AWAITED_BASIS))}


def _basis(each: TypedAwaited) -> str:
    said = each.awaited
    return hashlib.sha256(orjson.dumps([said.holds, list(said.since)])).hexdigest()[:16]


_NOTHING_AWAITED = delete(AWAITED).where(
    AmongTexts(AWAITED.c.member, "members"))


def _put(conn: Connection, acts: RegisterActs, found: Iterable[Member], had: Sequence[str]) -> None:
    """Write what is awaited of `found`, in place of what was of `had`."""
    standing = [member for member in found if not member.withdrawn]
    rows = []
    for name, each in acts.awaited.items():
        since = {m.id: day for m in standing
                 if (day := _since(m.record, each.awaited.since)) is not None}
        asked = [m for m in standing if m.id in since]
        holds = holding((m.record for m in asked), each.holds, acts, _NO_DAY)
        rows += [{"what": name, "member": m.id, "since": since[m.id], "unit": m.unit}
                 for m, awaited in zip(asked, holds, strict=True) if awaited]
    if had:
        conn.execute(_NOTHING_AWAITED, {"members": list(had)})
    if rows:
        insert_rows(conn, AWAITED, rows)


def _since(record: Mapping[str, Any], names: Sequence[str]) -> str | None:
    return next((str(record[name]) for name in names if record.get(name) is not None), None)
