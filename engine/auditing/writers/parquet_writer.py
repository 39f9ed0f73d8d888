"""One file of findings. In: tables as they come. Out: a Parquet file, written as they come.

Polars writes files from queries only, so a thread runs one that asks for the tables, and the
caller's thread hands them over: it can be interrupted at any time, and its errors stay its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from types import TracebackType

import polars as pl
from polars.io.plugins import register_io_source

WAITING = 2
"""Tables that may wait to be written."""


class ParquetSink:
    """A context to write tables of findings in; leaving it with an error abandons the file."""

    def __init__(self, path: Path, schema: pl.Schema) -> None:
        self._path, self._schema = path, schema
        self._tables: Queue[pl.DataFrame | None] = Queue(WAITING)
        self._abandoned = self._ended = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._write, daemon=True)

    def __enter__(self) -> ParquetSink:
        self._thread.start()
        return self

    def write(self, table: pl.DataFrame) -> None:
        """Hand over a table; raises OSError where the file cannot be written."""
        self._tables.put(table)
        if self._error is not None:
            raise self._error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._abandoned = error is not None
        self._tables.put(None)
        self._thread.join()
        if error is None and self._error is not None:
            raise self._error

    def _write(self) -> None:
        try:
            register_io_source(self._given, schema=self._schema, is_pure=False).sink_parquet(
                self._path, maintain_order=True, compression="zstd", compression_level=1)
        except pl.exceptions.PolarsError as error:
            self._error = OSError(None, str(error).splitlines()[0])
        except BaseException as error:  # noqa: BLE001  # handed to the caller's thread
            self._error = error
        while not self._ended:  # after an error: nobody may wait for room in the queue
            self._ended = self._tables.get() is None

    def _given(self, columns: list[str] | None, where: pl.Expr | None, most: int | None,
               size: int | None) -> Iterator[pl.DataFrame]:
        yield pl.DataFrame(schema=self._schema)
        while (table := self._tables.get()) is not None:
            yield table
        self._ended = True
        if self._abandoned:
            raise InterruptedError
