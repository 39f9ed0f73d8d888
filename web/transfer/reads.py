"""Exports are bulk reads. In: what is about to leave. Out: an event that says so."""

from __future__ import annotations

from collections.abc import Sequence

from zhuanjie.web.store.event import Actor, EventDraft
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.transfer.export import ExportTable


def note_export(store: RegisterStore, actor: Actor, table: ExportTable,
                units: Sequence[str] = ()) -> None:
    """Record that these records are read, before they leave."""
    with store.change(actor) as work:
        work.record(EventDraft(
            "members.read", unit=actor.unit,
            data={"what": "export", "count": len(table.members), "full": table.full,
                  "version": table.version, "units": list(units)}))
