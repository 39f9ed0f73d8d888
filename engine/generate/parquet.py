"""A Parquet file, written as its rows come. In: tables, one after another. Out: one file.

Polars writes a file from rows it asks for; here they come when somebody has them. So a thread of
its own writes, and is handed each table through a queue that holds one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from queue import Queue
from typing import Any, Final

import polars as pl
from polars.io.plugins import register_io_source

ROW_GROUP: Final = 250_000
"""Records of a row group: enough for a scan to be fast, few enough to be held while writing."""


class _AbortedError(Exception):
    """Nobody wants the file any more."""


class ParquetFile:
    """A file being written; memory holds little more than one row group."""

    def __init__(self, path: Path, schema: Mapping[str, Any]) -> None:
        self._schema = pl.Schema(schema)
        self._next: Queue[pl.DataFrame | BaseException | None] = Queue(maxsize=1)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(path,), daemon=True)
        self._thread.start()

    def write(self, frame: pl.DataFrame) -> None:
        """Write some rows; raises what has gone wrong with those before."""
        self._check()
        frame.columns = self._schema.names()
        self._next.put(frame)

    def close(self) -> None:
        """End the file; raises what has gone wrong."""
        self._next.put(None)
        self._thread.join()
        self._check()

    def abort(self) -> None:
        """Let go of the file."""
        self._next.put(_AbortedError())
        self._thread.join()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _tables(self, *_: object) -> Iterator[pl.DataFrame]:
        while (given := self._next.get()) is not None:
            if isinstance(given, BaseException):
                raise given
            yield given

    def _run(self, path: Path) -> None:
        try:
            register_io_source(self._tables, schema=self._schema).sink_parquet(
                path, maintain_order=True, row_group_size=ROW_GROUP)
        except BaseException as error:  # it is raised where the file is written to
            self._error = error
            while isinstance(self._next.get(), pl.DataFrame):  # nobody may wait for this thread
                pass
