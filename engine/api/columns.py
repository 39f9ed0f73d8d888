"""What columns are taken for, for callers. In: ledgers, a policy. Out: tables, their columns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from msgspec import Struct

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.location import column_letter
from zhuanjie.engine.core.settings import FILE, settings
from zhuanjie.engine.core.whole_files import write_text
from zhuanjie.engine.core.worker_process import survives_fork
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.ledger import open_ledger
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.vocabulary.fields import Field

if TYPE_CHECKING:
    from zhuanjie.engine.ledger.readers.base import LedgerTable

__all__ = ["ColumnUse", "TableColumns", "column_mapping", "column_uses", "remember_columns"]

State = Literal["audited", "known", "unknown"]


class ColumnUse(Struct, frozen=True):
    """A column: where it stands, what it was taken for and how, and what is done with it.

    `audited` is what a rule reads or records are named by, `known` what is known and no rule reads.
    """

    column: str
    heading: str
    field: Field | None
    how: str | None
    state: State
    suggestions: tuple[str, ...] = ()


class TableColumns(Struct, frozen=True):
    """A table of a ledger, with its columns."""

    file: str
    sheet: str | None
    header_row: int | None
    records: int
    columns: tuple[ColumnUse, ...]


@survives_fork
def column_uses(sources: Sequence[str], policy: Policy,
                columns: Mapping[str, str] | None = None,
                stdin: BinaryIO | None = None) -> tuple[list[TableColumns], list[Diagnostic]]:
    """What the columns of ledgers are taken for, and what there is to be said of the ledgers."""
    with closing(open_ledger(sources, columns, stdin, vocabulary=policy.vocabulary)) as ledger:
        counts = dict.fromkeys(((t.file, t.sheet, t.header_row) for t in ledger.tables), 0)
        for batch in ledger.batches():
            counts[batch.file, batch.sheet, batch.header_row] += batch.frame.height
        return [columns_of_table(t, counts[t.file, t.sheet, t.header_row], policy, columns)
                for t in ledger.tables], list(ledger.notices)


def columns_of_table(table: LedgerTable, records: int, policy: Policy,
                     columns: Mapping[str, str] | None) -> TableColumns:
    """A table with its columns, of which so many records were read."""
    return TableColumns(table.file, table.sheet, table.header_row, records,
                        tuple(_columns(table, policy, columns)))


def _columns(table: LedgerTable, policy: Policy,
             columns: Mapping[str, str] | None) -> Iterator[ColumnUse]:
    match, vocabulary = table.match, policy.vocabulary
    mapping = HeadingMap(vocabulary, columns)
    read = {*policy.fields, *vocabulary.keys, vocabulary.name, vocabulary.group}
    for at, heading in enumerate(table.headings):
        if not heading.strip():
            continue
        field, near = match.fields.get(at), match.unknown.get(at, (heading, None))[1]
        meaning = match.meanings.get(at) or mapping.read(heading)
        state: State = "unknown"
        if field is not None:
            state = "audited" if field.name in read else "known"
        elif at in match.silent or meaning.how == "null":
            state = "known"
        how = meaning.how if field is not None or meaning.how == "null" else None
        yield ColumnUse(column_letter(at), " ".join(heading.split()), field, how, state,
                        (near,) if near else ())


def column_mapping(tables: Iterable[TableColumns], *, own: bool = False) -> dict[str, str]:
    """Headings with the names of their fields, empty where they are set aside.

    With `own` only what the vocabulary does not know by itself.
    """
    found: dict[str, str] = {}
    for table in tables:
        for use in table.columns:
            if use.how is not None and (not own or use.how in ("mapped", "values", "null")):
                found.setdefault(use.heading, use.field.name if use.field else "")
    return found


def remember_columns(columns: Mapping[str, str]) -> Path:
    """Write a mapping into the settings, beside what is mapped there; returns their file.

    Raises OSError where it cannot be written.
    """
    kept = settings()
    path = kept.file or Path.cwd() / FILE
    text = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    # The table goes to the end: what stands before the first table of TOML is the file's own.
    text = re.sub(r"(?ms)^\[columns\][^\n]*\n.*?(?=^\[|\Z)", "", text).rstrip()
    lines = [f"{_quoted(heading)} = {_quoted(name)}"
             for heading, name in {**kept.columns, **columns}.items()]
    write_text(path, "\n".join([*([text, ""] if text else []), "[columns]", *lines]) + "\n")
    return path


def _quoted(text: str) -> str:
    """A text as TOML has it: JSON's escapes are among its own."""
    return json.dumps(text, ensure_ascii=False)
