"""Records that were read before, as a table of a ledger. In: plain values. Out: a typed table.

Whoever keeps records (a register) hands them out so: what could not be read was said when they came
in, and is not said again. A field without a column is absent, one without a value is blank.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl
from msgspec import Struct

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.ledger.batch import Batch
from zhuanjie.engine.ledger.cells.parser import dtype_of
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.base import LedgerTable
from zhuanjie.engine.ledger.readers.frames import FrameTable
from zhuanjie.engine.ledger.value_codec import ValueCodec
from zhuanjie.engine.vocabulary.fields import Field
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class GivenTable:
    """Records that have the same columns: `records` are plain values by field (days and months as
    ISO texts), `entries` the ids under which they are kept."""

    file: str
    columns: Sequence[str]
    records: Sequence[Mapping[str, Any]] = field(repr=False)
    entries: Sequence[str] = field(repr=False)
    sheet: str | None = None


class GivenLedger(Struct, frozen=True):
    """Tables of records that were read before; `digest` stands for all that they hold.

    `waivers` are those that were approved where the records are kept, as files have them.
    """

    tables: Sequence[GivenTable]
    digest: str
    notices: Sequence[Diagnostic] = ()
    waivers: Sequence[Mapping[str, Any]] = ()


class LedgerProvider(Protocol):
    """What hands out the ledger that an address names."""

    def open_ledger(self, address: str, shown: str, vocabulary: Vocabulary) -> GivenLedger:
        """The ledger at `address`, the provider's name and the colon left out.

        `shown` stands for it in messages. Raises InputError where it cannot be reached.
        """
        ...


class RecordsTable(FrameTable):
    """Records with the same columns, as a table."""

    is_typed = True

    def __init__(self, given: GivenTable, mapping: HeadingMap) -> None:
        LedgerTable.__init__(self)  # nobody asks whether it is a ledger
        self.file, self.sheet, self.size_hint = given.file, given.sheet, len(given.records)
        self.entries = given.entries
        self.headings = list(given.columns)
        self.match = mapping.match(self.headings, self.place)
        self._wanted = sorted({*self.match.fields, *self.match.unknown})
        codec = ValueCodec(mapping.vocabulary.fields)
        frame = pl.DataFrame([
            _column(str(at), self.match.fields.get(at), codec,
                    [record.get(name) for record in given.records])
            for at, name in enumerate(self.headings)])
        self._scan = frame.lazy()

    def entry(self, row: int) -> str | None:
        """The id under which the record of a row is kept."""
        return self.entries[row - 1] if 0 < row <= len(self.entries) else None

    def batches(self, size: int, start: int) -> Iterator[Batch]:
        """The records, at most `size` at a time; `start` came before them."""
        for chunk in self.chunks(size):
            cells = {at: column for at, column in chunk.cells.items()
                     if isinstance(column, pl.Series)}
            yield Batch(
                pl.DataFrame([cells[at].alias(f.name) for at, f in self.match.fields.items()]),
                pl.DataFrame([cells[at].alias(heading) for at, (heading, _)
                              in self.match.unknown.items()]),
                chunk.rows, self.file, self.sheet, start, kept=self.kept, key=self.match.key)
            start += len(chunk.rows)


def _column(name: str, known: Field | None, codec: ValueCodec,
            values: Sequence[Any]) -> pl.Series:
    if known is None:
        return pl.Series(name, [None if v is None else str(v) for v in values], dtype=pl.String)
    kind = dtype_of(known)
    if known.type == "date":
        return pl.Series(name, values, dtype=pl.String).str.to_date("%Y-%m-%d")
    if known.type == "month":
        values = [codec.decode({known.name: value})[known.name] for value in values]
    return pl.Series(name, values, dtype=kind)
