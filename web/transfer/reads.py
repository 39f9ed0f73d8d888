"""Exports are bulk reads. In: what is about to leave. Out: an event that says so."""

from __future__ import annotations

from collections.abc import Sequence

from zhuanjie.web.evidence.reads import read_in_bulk
from zhuanjie.web.store.event import Actor
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.transfer.export import ExportTable


def note_export(store: RegisterStore, actor: Actor, table: ExportTable,
                units: Sequence[str] = ()) -> None:
    """Record that these records are read, before they leave."""
    with store.change(actor) as work:
        read_in_bulk(work, "export-full" if table.full else "export", len(table.members),
                     {"units": list(units), "version": table.version}, unit=actor.unit)
