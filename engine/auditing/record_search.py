"""The record that a caller names. In: an id or a row, a ledger's frames. Out: records, places.

Ids are compared as their field is: an office takes one in full-width digits for the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from msgspec import Struct

from zhuanjie.engine.auditing.frames import RecordFrame
from zhuanjie.engine.auditing.shown import shown_values
from zhuanjie.engine.auditing.strategies.base import LedgerFacts
from zhuanjie.engine.core.dates import Month
from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.ledger.compared_columns import compared_field
from zhuanjie.engine.lowering.plan import Plan

_SUGGESTIONS = 10_000  # ids looked through for a near miss


class RecordName(Struct, frozen=True):
    """What a caller names a record by: its id, or the row it stands in; or both.

    `sheet` and `file` (a path or the end of one) keep to one table of a ledger.
    """

    id: str | None = None
    row: int | None = None
    sheet: str | None = None
    file: str | None = None

    def is_in(self, file: str | None, sheet: str | None) -> bool:
        """Whether the record may stand in a table."""
        if self.sheet is not None and sheet != self.sheet:
            return False
        if self.file is None or file == self.file:
            return True
        parts, wanted = Path(file or "").parts, Path(self.file).parts
        return len(wanted) <= len(parts) and parts[-len(wanted):] == wanted


class RecordSearch:
    """Looks for the records of a name in the frames of a ledger."""

    def __init__(self, plan: Plan, name: RecordName) -> None:
        self._key, self._name, self._fields = plan.key, name, plan.fields
        self._months = [n for n in plan.needs if plan.fields[n].type == "month"]
        self._found: list[tuple[Plan, dict[str, Any], Location]] = []
        self._beyond: list[Location] = []
        self._ids: list[str] = []
        self._tables: dict[Location, None] = {}
        self._first: int | None = None
        self._last = 0

    def look_at(self, part: RecordFrame) -> None:
        """Take in what a frame has of the records looked for."""
        name = self._name
        self._tables[Location(part.file, part.sheet)] = None
        if not name.is_in(part.file, part.sheet):
            return
        key = self._fields[part.key or self._key]
        ids = part.frame[key.name].cast(pl.String)
        if len(self._ids) < _SUGGESTIONS and key.mask is None:
            self._ids += ids.drop_nulls().head(_SUGGESTIONS - len(self._ids)).to_list()
        if len(part.rows):
            first, last = int(part.rows.min() or 0), int(part.rows.max() or 0)  # type: ignore[arg-type]  # whole numbers
            self._first = first if self._first is None else min(self._first, first)
            self._last = max(self._last, last)
        here = pl.Series([True]).new_from_index(0, len(ids))
        if name.row is not None:
            here &= part.rows.cast(pl.Int64) == name.row
        if name.id is not None:
            same = part.frame.select(  # in full, or as lists show it
                (compared_field(key) == key.compared(name.id))
                | (shown_values(key, pl.col(key.name)) == name.id))
            self._found += self._taken(part, here & same.to_series().fill_null(value=False))
        else:
            self._found += self._taken(part, here)
        self._look_beyond(part)

    def _taken(self, part: RecordFrame,
               here: pl.Series) -> list[tuple[Plan, dict[str, Any], Location]]:
        out = []
        for at in here.arg_true():
            record = part.frame.row(at, named=True)
            record |= {n: Month.of(record[n]) for n in self._months if record.get(n) is not None}
            out.append((part.plan, record,
                        Location(part.file, part.sheet, part.rows[at])))
        return out

    def _look_beyond(self, part: RecordFrame) -> None:
        """Records of the name that are out of the pack's scope, where the frame has them too."""
        if part.source is None or not part.out_of_scope or self._name.id is None \
                or (key := part.key or self._key) not in part.source.columns:
            return
        held = part.source[key].cast(pl.String).eq_missing(self._name.id)
        self._beyond += [Location(part.file, part.sheet)] * int(held.sum())

    def result(self) -> list[tuple[Plan, dict[str, Any], Location]]:
        """What was found, and what judges it.

        Raises UsageError where it is nothing, or a row of several tables.
        """
        name, found = self._name, self._found
        if name.row is not None and len(found) > 1:
            places = [_written(at) for *_, at in found]
            raise fail(UsageError, "audit.row-of-several", hint="audit.hint.row-of-several",
                       row=name.row, places=", ".join(places))
        if found:
            return found
        if not any(name.is_in(t.file, t.sheet) for t in self._tables):
            known = [_written(t) for t in self._tables]
            raise fail(UsageError, "audit.no-table-named", hint="hint.known",
                       name=name.sheet or name.file, known=", ".join(known))
        if self._beyond:
            raise fail(UsageError, "audit.beyond-scope", id=name.id)
        if name.row is not None and name.id is not None:
            raise fail(UsageError, "audit.no-record-in-row", id=name.id, row=name.row)
        if name.row is not None:
            raise fail(UsageError, "audit.no-row", hint="audit.hint.rows" if self._first else None,
                       row=name.row, first=self._first, last=self._last)
        close = suggest(name.id or "", self._ids)
        raise fail(UsageError, "audit.no-record", hint="hint.near" if close else None,
                   id=name.id, near=close)


def at_home(name: RecordName, ledger: LedgerFacts) -> RecordName:
    """A name by the first row of its record, where a record has rows in several tables.

    Raises UsageError where rows of several records have the number.
    """
    if name.row is None or (homes := ledger.homes_of(name.row)) is None:
        return name
    there = [(own, home) for own, home in homes if name.is_in(own.file, own.sheet)]
    first, *others = dict.fromkeys(home for _, home in there) or [None]
    if others and name.id is None:
        raise fail(UsageError, "audit.row-of-several", hint="audit.hint.row-of-several",
                   row=name.row, places=", ".join(_written(own) for own, _ in there))
    if first is None:
        return name
    return RecordName(name.id) if others else RecordName(
        name.id, first.row, first.sheet, first.file)


def _written(at: Location) -> str:
    """A table as messages name it."""
    return f"{at.file or ''}[{at.sheet}]" if at.sheet else at.file or ""
