"""Records as objects: JSON, mappings. In: objects. Out: one table of raw cells."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence

import polars as pl

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.base import Chunk, LedgerTable
from zhuanjie.engine.ledger.readers.refuse import not_a_ledger
from zhuanjie.engine.ledger.record import cells_of

Record = Mapping[str, object]


class ObjectTable(LedgerTable):
    """Records that are objects, numbered from 1 or by their line."""

    given = False
    """Whether a caller gave the records as such; a file must show that it holds records."""

    def __init__(self, records: Sequence[Record], name: str,
                 mapping: HeadingMap, given: bool = False) -> None:
        super().__init__()
        self.given = given
        self.has_columns = not given
        self.file = name
        self._records = records
        self.size_hint = len(records)
        self._match(mapping)

    def chunks(self, size: int) -> Iterator[Chunk]:
        """The records in blocks; a key that a record lacks is a blank cell."""
        numbered = self.numbered()
        while block := list(itertools.islice(numbered, min(size, limits().object_rows))):
            rows = [row_of(cells_of(record), self.headings) for _, record in block]
            cells = dict(enumerate(zip(*rows, strict=True)))
            yield Chunk(cells, pl.Series([number for number, _ in block], dtype=pl.Int64))

    def numbered(self) -> Iterator[tuple[int, Record]]:
        """The records with their row numbers."""
        return iter(enumerate(self._records, 1))

    def _match(self, mapping: HeadingMap) -> None:
        headings: dict[str, None] = {}
        for number, record in self.numbered():
            headings |= dict.fromkeys(cells_of(record, Place(self.file, line=number)))
        if any(_whole(heading) != heading for heading in headings):
            self._match_names()
            headings = dict.fromkeys(map(_whole, headings))
        self._headed(list(headings), mapping)

    def _match_names(self) -> None:
        """Have names that hold half a character hold a character: no file can hold the half."""
        self._records = [{_whole(name): cell for name, cell in cells_of(record).items()}
                         for record in self._records]

    def _headed(self, headings: list[str], mapping: HeadingMap) -> None:
        """Know the fields by their headings; raises InputError where these are no ledger's."""
        self.headings = headings
        self.match = mapping.match(headings, self.place)
        enough = bool(self.match.fields) if self.given else mapping.knows(self.match)
        if headings and not enough:
            raise not_a_ledger(self.file, None, [headings], mapping)


def _whole(name: str) -> str:
    return name.encode(errors="replace").decode()


def row_of(cells: Mapping[str, object], headings: Sequence[str]) -> Collection[object]:
    """A record's cells in the order of the headings; None where it lacks one."""
    # Most records have all the keys in one order; looking them up singly is far slower.
    if list(cells) == headings:
        return cells.values()
    return [cells.get(heading) for heading in headings]
