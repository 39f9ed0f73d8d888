"""The raw cells of rows that leave a doubt. In: a query of them. Out: frames, part by part."""

from __future__ import annotations

import polars as pl

from zhuanjie.engine.ledger.readers.batches import stream_batches

AT = "#at"
"""The column that holds a row's position in its table."""


class DoubtfulRows:
    """The raw cells of the doubtful rows, read only once there are any."""

    def __init__(self, query: pl.LazyFrame, size: int) -> None:
        self._batches = (batch for _, batch in stream_batches([query], size))
        self._left: pl.DataFrame | None = None

    def up_to(self, beyond: int) -> pl.DataFrame:
        """The rows before the one at `beyond` that were not given out yet."""
        parts = [] if self._left is None else [self._left]
        while not parts or not len(parts[-1]) or parts[-1][AT][-1] < beyond:
            try:
                parts.append(next(self._batches))
            except StopIteration:
                break
        every = pl.concat(parts)
        self._left = every.filter(pl.col(AT) >= beyond)
        return every.filter(pl.col(AT) < beyond)
