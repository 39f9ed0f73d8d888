"""Records that are JSON, of which columns are kept. In: columns, or objects. Out: one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from zhuanjie.engine.ledger.readers.base import Chunk, Part
from zhuanjie.engine.ledger.readers.frames import frame_chunks
from zhuanjie.engine.ledger.readers.json_columns import JsonColumns
from zhuanjie.engine.ledger.readers.objects import ObjectTable


class ColumnsTable(ObjectTable):
    """Records that are objects, kept as columns where they can be."""

    _kept: JsonColumns | None = None

    def scan(self) -> pl.LazyFrame | None:
        """The records as a query, where they were kept as columns."""
        return self._kept.scan(len(self.headings)) if self._kept else None

    @property
    def parts(self) -> Sequence[Part]:
        """Runs of records, where they were kept as columns."""
        return self._kept.parts(len(self.headings)) if self._kept else ()

    def chunks(self, size: int) -> Iterator[Chunk]:
        """The records in blocks."""
        if (scan := self.scan()) is None:
            yield from super().chunks(size)
            return
        try:
            yield from frame_chunks(scan, range(len(self.headings)), size)
        except pl.exceptions.PolarsError as error:
            raise self.damaged(error) from None

    def close(self) -> None:
        """Delete what was kept."""
        super().close()
        if self._kept:
            self._kept.delete()

    def _means_the_same(self) -> bool:
        """Whether what is kept is read as the records themselves would be."""
        return self._kept is None or not self._kept.mixes_truth(
            at for at, field in self.match.fields.items() if field.type in ("date", "month"))
