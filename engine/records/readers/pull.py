"""A query's rows, batch by batch. In: a query. Out: frames, no faster than they are taken.

Polars' own iterator over batches lets the query run ahead without bound; here it waits while a
batch is not yet taken, and stops when nobody takes any more.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from queue import Empty, Queue

import polars as pl

# Decoded row groups of a Parquet file that wait to be used: by default they alone take gigabytes.
os.environ.setdefault("POLARS_ROW_GROUP_PREFETCH_SIZE", "1")

WAITING = 1
"""Batches that may wait to be taken."""


def pull(query: pl.LazyFrame, size: int) -> Iterator[pl.DataFrame]:
    """The rows of `query` in their order, about `size` at a time; raises PolarsError as it does."""
    taken: Queue[pl.DataFrame | BaseException | None] = Queue(WAITING)
    stopped = threading.Event()

    def give(batch: pl.DataFrame) -> bool:
        taken.put(batch)
        return stopped.is_set()

    def run() -> None:
        end: BaseException | None = None
        try:
            query.sink_batches(give, chunk_size=size, maintain_order=True, engine="streaming")
        except BaseException as error:  # noqa: BLE001  # raised where the batches are taken
            end = error
        taken.put(end)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ended = False
    try:
        while isinstance(batch := taken.get(), pl.DataFrame):
            yield batch
        ended = True
        if batch is not None:
            raise batch
    finally:
        stopped.set()
        while not ended and thread.is_alive():
            try:  # whoever waits to give a batch is let go
                taken.get(timeout=0.05)
            except Empty:
                continue
