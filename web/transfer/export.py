"""What leaves a register. In: a register, a day. Out: records as a table, and its files.

A table has every column that any of its records has. A record whose own tables do not keep a column
is not blank there: the last column says so, and an import reads it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from pathlib import Path
from typing import Any, Final

import orjson
import polars as pl
from sqlalchemy import Connection

from zhuanjie.engine.api import NOT_KEPT, Field, Lang, Vocabulary
from zhuanjie.report.inert import csv_text
from zhuanjie.web.judging.past import PastMember, last_event, members_at
from zhuanjie.web.store.row_security import EVERYTHING, Scope
from zhuanjie.web.transfer.preview import version_of

TYPES: Final[Mapping[str, Any]] = {"int": pl.Int64, "bool": pl.Boolean}


@dataclass(frozen=True, slots=True)
class ExportTable:
    """Records to be written: `fields` are their columns, `members` the records, by their keys."""

    vocabulary: Vocabulary
    fields: Sequence[Field]
    members: Sequence[PastMember]
    version: int
    """The number of the last event that is in them."""
    full: bool = False

    @property
    def has_absent(self) -> bool:
        """Whether some record's tables lack a column that others have."""
        names = {field.name for field in self.fields}
        return any(not names <= member.columns for member in self.members)

    @property
    def is_masked(self) -> bool:
        """Whether a part of some value is hidden."""
        return not self.full and any(
            field.mask is not None and field.name in member.record
            for field in self.fields for member in self.members)

    def absent(self, member: PastMember) -> str:
        """The columns that a member's tables do not keep, by their fields' names."""
        return " ".join(f.name for f in self.fields if f.name not in member.columns)

    def value(self, member: PastMember, field: Field) -> Any:
        """A plain value, as much of it as may leave."""
        value = member.record.get(field.name)
        return field.shown(value) if isinstance(value, str) and not self.full else value

    def cell(self, member: PastMember, field: Field, lang: Lang) -> Any:
        """A value as a ledger has it: in the words of the language, where it has words."""
        value = self.value(member, field)
        if isinstance(value, bool):
            value = "true" if value else "false"
        labels = field.values_en or field.values if lang == "en" else field.values
        return labels.get(value, value) if isinstance(value, str) else value

    def headings(self, lang: Lang) -> list[str]:
        """The headings of its columns."""
        own = [field.heading_en or field.heading if lang == "en" else field.heading
               for field in self.fields]
        return [*own, NOT_KEPT[lang]] if self.has_absent else own


def export_table(conn: Connection, vocabulary: Vocabulary, *, day: date | None = None,
                 zone: tzinfo | None = None, scope: Scope = EVERYTHING,
                 full: bool = False) -> ExportTable:
    """The records of the units in `scope`, or what they were at the end of a day.

    Without `full` a part of the values is hidden that are masked wherever they are shown.
    """
    version = version_of(conn) if day is None else last_event(conn, day, zone)
    members = [m for m in members_at(conn, version) if not m.withdrawn
               and (scope == EVERYTHING or m.unit in scope)]
    members.sort(key=lambda m: (*(str(m.record.get(key, "")) for key in vocabulary.keys), m.id))
    names = frozenset().union(*{m.columns for m in members}) if members else frozenset()
    fields = [vocabulary.fields[n] for n in vocabulary.fields.sort(names)
              if n in vocabulary.fields]
    return ExportTable(vocabulary, fields, members, version, full)


def csv_lines(table: ExportTable, lang: Lang) -> Iterator[str]:
    """The table as CSV: nothing in it is a formula to a program that opens it."""
    kept = io.StringIO()
    writer = csv.writer(kept)
    for row in _rows(table, lang):
        writer.writerow([csv_text(c) if isinstance(c, str) else c for c in row])
        yield kept.getvalue()
        kept.seek(0)
        kept.truncate()


def _rows(table: ExportTable, lang: Lang) -> Iterator[list[Any]]:
    yield table.headings(lang)
    absent = table.has_absent
    for member in table.members:
        row = [table.cell(member, field, lang) for field in table.fields]
        yield [*row, table.absent(member)] if absent else row


def json_lines(table: ExportTable, lang: Lang) -> Iterator[str]:
    """The table as JSON lines: each record has every key, null where it is blank."""
    absent = NOT_KEPT[lang] if table.has_absent else None
    for member in table.members:
        out = {field.name: table.value(member, field) for field in table.fields}
        if absent is not None:
            out[absent] = table.absent(member)
        yield orjson.dumps(out).decode() + "\n"


def write_parquet(table: ExportTable, path: Path, lang: Lang) -> None:
    """Write the table as a Parquet file; raises OSError where it cannot be written."""
    columns = []
    for field in table.fields:
        values = [table.value(member, field) for member in table.members]
        column = pl.Series(field.name, values, dtype=TYPES.get(field.type, pl.String))
        columns.append(column.str.to_date("%Y-%m-%d") if field.type == "date" else column)
    if table.has_absent:
        columns.append(pl.Series(NOT_KEPT[lang], [table.absent(m) for m in table.members]))
    pl.DataFrame(columns).write_parquet(path)
