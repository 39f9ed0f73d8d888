"""Queries' rows, batch by batch. In: queries. Out: frames, no faster than they are taken.

Polars' own iterator over batches lets the query run ahead without bound; here it waits while a
batch is not yet taken, and stops when nobody takes any more. What is made of batches can be made
ahead in the same way.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import nullcontext
from contextvars import copy_context
from queue import Empty, Queue
from typing import Any, TypeVar

import polars as pl

from zhuanjie.engine.core.panics import is_apart, is_panic, muted

# Decoded row groups of a Parquet file that wait to be used: by default they alone take gigabytes.
# With two, one is decoded while another is used.
os.environ.setdefault("POLARS_ROW_GROUP_PREFETCH_SIZE", "2")

_UNREADABLE = "its data cannot be decoded"
WAITING = 1
"""Batches that may wait to be taken."""

_T = TypeVar("_T")


def stream_batches(
    queries: Iterable[pl.LazyFrame], size: int
) -> Iterator[tuple[int, pl.DataFrame]]:
    """The rows of each query in their order, about `size` at a time, with the query's number.

    A query begins while what the one before it gave is still in use. Raises PolarsError as they do.
    """
    taken: Queue[tuple[int, pl.DataFrame] | BaseException | None] = Queue(WAITING)
    stopped = threading.Event()

    def run() -> None:
        end: BaseException | None = None
        try:
            for number, query in enumerate(queries):
                def give(batch: pl.DataFrame, number: int = number) -> bool:
                    taken.put((number, batch))
                    return stopped.is_set()

                query.sink_batches(give, chunk_size=size, maintain_order=True, engine="streaming")
                del query  # what it holds need not wait for the next one to be made
                if stopped.is_set():
                    break
        except BaseException as error:  # noqa: BLE001  # raised where the batches are taken
            end = pl.exceptions.ComputeError(_UNREADABLE) if is_panic(error) else error
        taken.put(end)

    with muted() if is_apart() else nullcontext():
        yield from _taken(taken, stopped, threading.Thread(target=run, daemon=True))


def ahead(items: Iterator[_T]) -> Iterator[_T]:
    """What an iterator gives, each made while the one before it is in use; raises as it does."""
    taken: Queue[tuple[_T] | BaseException | None] = Queue(WAITING)
    stopped = threading.Event()

    def run() -> None:
        end: BaseException | None = None
        try:
            for item in items:
                taken.put((item,))
                if stopped.is_set():
                    break
            if isinstance(items, Generator):
                items.close()
        except BaseException as error:  # noqa: BLE001  # raised where the items are taken
            end = error
        taken.put(end)

    thread = threading.Thread(target=copy_context().run, args=(run,), daemon=True)
    for (item,) in _taken(taken, stopped, thread):
        yield item


def _taken(taken: Queue[Any], stopped: threading.Event, thread: threading.Thread) -> Iterator[Any]:
    """The tuples that a thread gives, until it ends or nobody takes any more."""
    thread.start()
    ended = False
    try:
        while isinstance(batch := taken.get(), tuple):
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
