"""An import as it is saved. In: a source, what was shown of it. Out: events, all or none."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from zhuanjie.engine.api import Diagnostic, UsageError, fail
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.errors import ConflictError
from zhuanjie.web.store.event import Actor, EventDraft
from zhuanjie.web.store.history import events
from zhuanjie.web.store.members import column_set
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import EVENTS
from zhuanjie.web.transfer.changes import MemberChange
from zhuanjie.web.transfer.plan import ImportOptions, ImportPlan, plan_import
from zhuanjie.web.transfer.preview import standing
from zhuanjie.web.transfer.projection import IMPORTED, SAVED, PastImport
from zhuanjie.web.transfer.source import ImportSource

Saving = Callable[[int, int | None], None]
"""Told how many members were gone through, and of how many."""
_COUNTED = ("new", "changed", "unchanged", "contradicted", "elsewhere", "withdrawn", "nameless")
_SHOWN = 100
"""Events that somebody who came second is told of."""


@dataclass(frozen=True, slots=True)
class SavedImport:
    """What was saved: the import's id, None where nothing changed; `before` is why, where the same
    files were imported already.
    """

    id: str | None
    counts: Mapping[str, int]
    before: PastImport | None = None


def save(store: RegisterStore, source: ImportSource, options: ImportOptions, actor: Actor, *,
         token: str | None = None, saving: Saving = lambda _done, _all: None) -> SavedImport:
    """Save an import in one transaction: what a preview's `token` stands for, or what there is.

    Raises ConflictError, and saves nothing, where what would be saved is not what was shown;
    UsageError for what is no token.
    """
    seen = _seen(token)
    with store.change(actor) as work:
        if (before := standing(work.conn, source, options)) is not None:
            return SavedImport(None, {}, before)
        id, first = uuid.uuid4().hex, work.size + 1
        with work.everything():
            plan = plan_import(work.conn, source, options, work.size)
            _record(work, plan, id, saving)
            if seen is not None and seen[1] != plan.digest[:len(seen[1])]:
                raise _conflict(work.conn, plan, seen[0], first)
        counts = {name: plan.counts[name] for name in _COUNTED}
        if not work.leaves:
            return SavedImport(None, counts)
        work.record(EventDraft(
            SAVED, unit=options.unit or None,
            # What files are called may name somebody, so it is where it can be erased.
            values={"files": (None, source.files)},
            data={"import": id, "first": first, "sha256": source.sha256,
                  "reading": source.reading, "counts": counts, "clear": options.clear,
                  "tables": [{"records": t.columns.records,
                              "columns": column_set(work.conn, t.kept)} for t in source.tables]}))
        return SavedImport(id, counts)


def _seen(token: str | None) -> tuple[int, str] | None:
    if token is None:
        return None
    version, _, digest = token.partition("-")
    if not version.isascii() or not version.isdecimal() or len(digest) != 32:
        raise fail(UsageError, "register.import.token", hint="register.import.token.hint",
                   token=token)
    return int(version), digest


def _record(work: UnitOfWork, plan: ImportPlan, id: str, saving: Saving) -> None:
    sets: dict[frozenset[str], str] = {}
    done = 0
    for changes in plan.chunks(work.conn):
        drafts: list[EventDraft] = []
        for change in changes:
            if change.kind in ("new", "changed"):
                if change.kept not in sets:
                    sets[change.kept] = column_set(work.conn, change.kept)
                drafts += _drafts(change, id, sets[change.kept])
        work.record_all(drafts)
        done += len(changes)
        saving(done, len(plan.cases.cases))


def _drafts(change: MemberChange, id: str, columns: str) -> Sequence[EventDraft]:
    member = change.member or uuid.uuid4().hex
    data: dict[str, Any] = {"import": id, "new": change.kind == "new"}
    if change.was is not None:  # what taking it back needs
        data |= {"unit": change.was.unit, "columns": change.was.columns}
    drafts = [EventDraft(IMPORTED, member, change.unit or None, change.values, data,
                         columns=columns)]
    if change.returning:
        drafts.insert(0, EventDraft("member.restored", member, change.unit or None,
                                    data={"import": id}))
    return drafts


def _conflict(conn: Connection, plan: ImportPlan, version: int, first: int) -> ConflictError:
    """What changed since the preview: events of others, on the members that it speaks of first."""
    since = list(events(conn, EVENTS.c.seq < first, after=version, limit=10_000))
    of_these = [e for e in since if e.member in plan.known] or since
    error = ConflictError(Diagnostic(
        "register.import.changed", {"count": len(of_these)}, hint="register.import.changed.hint"))
    error.changes = [
        {"seq": e.seq, "at": e.at, "kind": e.kind, "actor": e.actor, "member": e.member,
         "fields": sorted(e.values)} for e in of_these[:_SHOWN]]
    return error
