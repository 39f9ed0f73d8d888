"""What is not kept of each record, as a column of its table says. In: a table. Out: fields.

An export of records that came from tables with different columns has it, for a cell of it is blank
for either of two reasons: nothing is on record, or nobody keeps a record of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from msgspec import Struct

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.results import InputFinding
from zhuanjie.engine.ledger.meanings import names_not_kept
from zhuanjie.engine.ledger.readers.base import Cells, LedgerTable


def column_of(table: LedgerTable) -> int | None:
    """The position of the column, None where the table has none."""
    return next((at for at, (heading, _) in table.match.unknown.items()
                 if names_not_kept(heading)), None)


class NotKept(Struct, frozen=True):
    """What the column says: by the position of a row the number of one of `sets`."""

    codes: pl.Series
    sets: Sequence[frozenset[str]]

    def of(self, frame: pl.DataFrame, at: pl.Series) -> pl.Series:
        """The fields that are not kept of some records at positions, by name, with blanks between.

        A field of which a record has a value is kept.
        """
        codes = self.codes.gather(at)
        names = sorted(frozenset().union(*self.sets))
        columns = []
        for name in names:
            said = pl.Series(name, [name in fields for fields in self.sets]).gather(codes)
            columns.append(said & frame[name].is_null() if name in frame.columns else said)
        if not columns:
            return pl.Series([""] * len(at), dtype=pl.String)
        return pl.DataFrame(columns).select(pl.concat_str(
            (pl.when(pl.col(name)).then(pl.lit(name)) for name in names), separator=" ",
            ignore_nulls=True)).to_series()


def read_not_kept(table: LedgerTable, first: int) -> tuple[NotKept | None, list[InputFinding]]:
    """What a table's column says, and what of it names no field; `first` is the row number of
    position 0. Raises InputError for a file that is damaged.
    """
    column = column_of(table)
    if column is None:
        return None, []
    texts = _texts(table, column, first)
    values = texts.unique(maintain_order=True)
    known = {field.name for field in table.match.vocabulary.fields}
    said = [frozenset(value.split()) for value in values]
    input = [InputFinding(
        "records.not-kept-unknown", None, None, first + (texts == value).arg_max(),
        table.headings[column], name, table.file, table.sheet)
        for value, names in zip(values, said, strict=True) for name in sorted(names - known)]
    codes = texts.replace_strict(values, pl.int_range(len(values), dtype=pl.UInt32, eager=True),
                                 return_dtype=pl.UInt32)
    return NotKept(codes, [names & known for names in said]), input


def _texts(table: LedgerTable, column: int, first: int) -> pl.Series:
    scan, name = table.scan(), str(column)
    if scan is not None and name in scan.collect_schema():
        return _as_text(table.raw({column: table.collected(scan.select(name))[name]})[column])
    parts = [pl.Series(dtype=pl.String)]
    for chunk in table.chunks(limits().batch_rows):
        gap = chunk.rows[0] - first - sum(map(len, parts)) if len(chunk.rows) else 0
        parts.append(pl.Series([""] * gap, dtype=pl.String))
        parts.append(_as_text(chunk.cells.get(column, [None] * len(chunk.rows))))
    return pl.concat(parts)


def _as_text(cells: Cells) -> pl.Series:
    if isinstance(cells, pl.Series):
        return cells.cast(pl.String).fill_null("")
    return pl.Series(["" if cell is None else str(cell) for cell in cells], dtype=pl.String)
