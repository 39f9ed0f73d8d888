"""What an office takes headings for. In: a unit, headings and fields. Out: an event; a mapping.

What a unit keeps holds for it and for every unit below; of several the nearest counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from zhuanjie.engine.api import UsageError, fail, hide_numbers
from zhuanjie.web.access.units import unit_tree
from zhuanjie.web.store.event import Actor, EventDraft
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.transfer.projection import COLUMNS, COLUMNS_SET
from zhuanjie.web.transfer.tables import IMPORT_COLUMNS

LONGEST: Final = 200
"""Characters of a heading that is kept."""
MOST: Final = 500
"""Headings that a unit keeps."""


@dataclass(frozen=True, slots=True)
class KeptColumn:
    """A heading and the field it is taken for; an empty one sets it aside. `unit` keeps it so."""

    heading: str
    field: str
    unit: str


def kept_columns(conn: Connection, unit: str | None) -> list[KeptColumn]:
    """What a unit takes headings for, those of the office above it first."""
    tree, found = unit_tree(conn), dict[str, KeptColumn]()
    at, above = unit or "", [unit or ""]
    while at in tree.units and (parent := tree.units[at].parent) is not None:
        above.append(at := parent)
    for each in reversed(above):
        rows = conn.execute(
            select(IMPORT_COLUMNS.c.heading, IMPORT_COLUMNS.c.field)
            .where(IMPORT_COLUMNS.c.unit == each).order_by(IMPORT_COLUMNS.c.seq))
        own: dict[str, str | None] = {row.heading: row.field for row in rows}
        for heading, field in own.items():
            if field is not None:
                found[heading] = KeptColumn(heading, field, each)
    return list(found.values())


def mapping_of(kept: Iterable[KeptColumn]) -> dict[str, str]:
    """Kept headings as a reader of ledgers takes them."""
    return {each.heading: each.field for each in kept}


def keep_columns(store: RegisterStore, actor: Actor, unit: str | None,
                 wanted: Mapping[str, str | None]) -> int:
    """Keep for a unit what headings are taken for; None says nothing of one any more.

    Returns how many were other before. Raises UsageError for a heading that is none: one that is
    too long, or holds somebody's number.
    """
    for heading in wanted:
        if not heading.strip() or len(heading) > LONGEST or hide_numbers(heading) != heading:
            raise fail(UsageError, "register.import.columns.heading",
                       hint="register.import.columns.heading.hint",
                       heading=hide_numbers(heading[:LONGEST]))
    with store.change(actor) as work:
        known = kept_columns(work.conn, unit)
        kept, own = mapping_of(known), {k.heading for k in known if k.unit == (unit or "")}
        other = {heading: field for heading, field in wanted.items()
                 if (heading in own if field is None else kept.get(heading) != field)}
        if not other:
            return 0
        if len({**kept, **other}) > MOST:
            raise fail(UsageError, "register.import.columns.many", most=MOST)
        work.record(EventDraft(
            COLUMNS_SET, unit=unit or None, data={"count": len(other)},
            values={COLUMNS: ([[h, kept.get(h)] for h in other],
                              [[h, f] for h, f in other.items()])}))
        return len(other)
