"""Registers that ledgers come into, and what tests ask of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from zhuanjie.engine.api import load_policy, open_rows
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import SYSTEM, Actor, EventDraft
from zhuanjie.web.store.history import events
from zhuanjie.web.store.members import find, members
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import MEMBER_KEYS, MEMBERS
from zhuanjie.web.transfer import projection
from zhuanjie.web.transfer.plan import ImportOptions
from zhuanjie.web.transfer.preview import ImportPreview, preview
from zhuanjie.web.transfer.source import ImportSource, read_source
from zhuanjie.web.transfer.tables import IMPORTS

POLICY = load_policy("fujian-2007-80")
ACTOR = Actor("li", "department")
OPTIONS = ImportOptions(unit="office")
LEDGERS = Path(__file__).resolve().parents[2] / "fixtures" / "ledgers"


def register(database: RegisterDatabase) -> RegisterStore:
    vocabulary = POLICY.vocabulary
    store = RegisterStore(
        database, {key: vocabulary.fields[key].compared for key in vocabulary.keys},
        projectors=[projection.PROJECTORS], projections=projection.PROJECTIONS)
    store.begin()
    return store


def table(folder: Path, name: str, *lines: str) -> Path:
    file = folder / f"{name}.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def read(*files: Path, how: Mapping[str, Any] | None = None) -> ImportSource:
    with open_rows(list(files), POLICY) as rows:
        return read_source(rows, POLICY.vocabulary, how or {})


def look(store: RegisterStore, source: ImportSource,
         options: ImportOptions = OPTIONS) -> ImportPreview:
    return preview(store, source, options, ACTOR)


def records(store: RegisterStore) -> dict[str, dict[str, Any]]:
    """What the register holds of members that stand, by student number."""
    with store.reading(SYSTEM) as conn:
        found = members(conn, conn.execute(select(MEMBERS.c.id)).scalars().all())
    return {str(m.record["member.id"]): m.record for m in found.values() if not m.withdrawn}


def state(store: RegisterStore) -> Sequence[Any]:
    with store.reading(SYSTEM) as conn:
        return [sorted(map(tuple, conn.execute(select(t)))) for t in (MEMBERS, MEMBER_KEYS, IMPORTS)]


def size(store: RegisterStore) -> int:
    with store.reading(SYSTEM) as conn:
        return len(list(events(conn)))


def correct(store: RegisterStore, key: str, values: Mapping[str, tuple[Any, Any]]) -> str:
    with store.change(ACTOR) as work:
        id = find(work.conn, "member.id", [key])[key][0]
        work.record(EventDraft("member.corrected", id, None, values))
    return id
