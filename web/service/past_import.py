"""An import that was saved, looked at again. In: its id. Out: what it changed, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from sqlalchemy import Connection

from zhuanjie.web.store.event import Event
from zhuanjie.web.store.history import events, events_numbered
from zhuanjie.web.store.members import Member, members
from zhuanjie.web.store.tables import EVENTS
from zhuanjie.web.transfer.projection import IMPORTED, PastImport

PAGE: Final = 25


@dataclass(frozen=True, slots=True)
class ImportedMember:
    """What an import made of a member, who is None where whoever looks does not see them any more.
    """

    event: Event
    member: Member | None

    @property
    def is_new(self) -> bool:
        """Whether the member came with the import."""
        return bool(self.event.data["new"])


@dataclass(frozen=True, slots=True)
class PastImportView:
    """An import with some of the members it changed; `next` is where the others begin."""

    past: PastImport
    files: Sequence[str]
    """What its files were called; none where that was erased."""
    members: Sequence[ImportedMember]
    next: int | None
    undone: Event | None
    left: Sequence[tuple[Member | None, str, str | None]]
    """What was not taken back: members, their ids, and fields, None for all of a member."""


def past_import(conn: Connection, past: PastImport, after: int = 0) -> PastImportView:
    """An import, and the members that it changed after an event."""
    some = list(events(conn, EVENTS.c.kind == IMPORTED, EVENTS.c.seq < past.seq,
                       after=max(after, past.first - 1), limit=PAGE + 1))
    marks = {e.seq: e for e in events_numbered(
        conn, [past.seq, *([past.undone] if past.undone is not None else [])])}
    undone = marks.get(past.undone) if past.undone is not None else None
    left: Sequence[Any] = undone.data.get("left", ()) if undone is not None else ()
    known = members(conn, {*(e.member for e in some if e.member), *(id for id, _ in left)})
    saved = marks.get(past.seq)
    files: Any = saved.values["files"][1] if saved is not None and "files" in saved.values else ()
    return PastImportView(
        past, [PurePath(str(file)).name for file in files],
        [ImportedMember(e, known.get(e.member or "")) for e in some[:PAGE]],
        some[PAGE - 1].seq if len(some) > PAGE else None, undone,
        [(known.get(id), id, field) for id, field in left])
