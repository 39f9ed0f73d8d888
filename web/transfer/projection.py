"""Imports as events left them. In: events. Out: rows of `imports`, of `import_columns`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, delete, insert, select, update

from zhuanjie.web.store.change import Projector
from zhuanjie.web.store.event import Event
from zhuanjie.web.transfer.tables import IMPORT_COLUMNS, IMPORTS

SAVED: Final = "import.saved"
UNDONE: Final = "import.undone"
IMPORTED: Final = "member.imported"
COLUMNS_SET: Final = "columns.set"
COLUMNS: Final = "columns"
"""Under this name an event keeps headings: they are an office's words, and can be erased."""


@dataclass(frozen=True, slots=True)
class PastImport:
    """An import that was saved; its events are numbered from `first` up to `seq`."""

    id: str
    first: int
    seq: int
    at: str
    actor: str
    unit: str | None
    sha256: str
    counts: Mapping[str, int]
    undone: int | None


def imports(conn: Connection, *, before: int | None = None,
            limit: int | None = None) -> list[PastImport]:
    """All imports, the latest first; so many of those that ended `before` an event."""
    query = select(IMPORTS).order_by(IMPORTS.c.seq.desc())
    if before is not None:
        query = query.where(IMPORTS.c.seq < before)
    return [_read(row) for row in conn.execute(query.limit(limit))]


def import_of(conn: Connection, id: str) -> PastImport | None:
    """The import with an id, or with an id that alone begins so."""
    found = conn.execute(select(IMPORTS).where(
        IMPORTS.c.id.startswith(id, autoescape=True)).limit(2)).all() if id else []
    return _read(found[0]) if len(found) == 1 else None


def import_read_so(conn: Connection, reading: str) -> PastImport | None:
    """The latest import that stands of the same files, read alike."""
    row = conn.execute(select(IMPORTS).where(
        IMPORTS.c.reading == reading, IMPORTS.c.undone.is_(None)).order_by(
            IMPORTS.c.seq.desc()).limit(1)).first()
    return None if row is None else _read(row)


def _read(row: Any) -> PastImport:
    return PastImport(row.id, row.first, row.seq, row.at, row.actor, row.unit, row.sha256,
                      orjson.loads(row.counts), row.undone)


def _saved(conn: Connection, events: Sequence[Event]) -> None:
    conn.execute(insert(IMPORTS), [
        {"id": e.data["import"], "first": e.data["first"], "seq": e.seq, "at": e.at,
         "actor": e.actor, "unit": e.unit, "sha256": e.data["sha256"],
         "reading": e.data["reading"], "undone": None,
         # As the event's body has them, in whichever order they came.
         "counts": orjson.dumps(e.data["counts"], option=orjson.OPT_SORT_KEYS)}
        for e in events])


def _undone(conn: Connection, events: Sequence[Event]) -> None:
    for event in events:
        conn.execute(update(IMPORTS).where(IMPORTS.c.id == event.data["import"]).values(
            undone=event.seq))


def _columns_set(conn: Connection, events: Sequence[Event]) -> None:
    after: list[tuple[Event, Any]] = [(e, e.values[COLUMNS][1]) for e in events
                                      if COLUMNS in e.values]
    rows = [{"unit": e.unit or "", "heading": heading, "field": field, "seq": e.seq}
            for e, pairs in after for heading, field in pairs]
    if rows:
        conn.execute(insert(IMPORT_COLUMNS), rows)


def _redacted(conn: Connection, events: Sequence[Event]) -> None:
    for event in events:
        gone = [seq for seq, names in event.data["events"] if COLUMNS in names]
        if gone and event.member is None:
            conn.execute(delete(IMPORT_COLUMNS).where(IMPORT_COLUMNS.c.seq.in_(gone)))


PROJECTORS: Final[Mapping[str, Projector]] = {
    SAVED: _saved, UNDONE: _undone, COLUMNS_SET: _columns_set, "values.redacted": _redacted}
PROJECTIONS: Final = (IMPORTS.name, IMPORT_COLUMNS.name)
