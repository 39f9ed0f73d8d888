"""A Parquet file, written as its rows come. In: tables, one after another. Out: one file.

Polars writes a file from rows it asks for; here they come when somebody has them. So a thread of
its own writes, and is handed each table through a queue that holds one.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from queue import Queue
from typing import Any, Final

import polars as pl
from polars.io.plugins import register_io_source

ROW_GROUP: Final = 250_000
"""Records of a row group: enough for a scan to be fast, few enough to be held while writing."""


class ParquetFile:
    """A file being written; memory holds little more than one row group."""

    def __init__(self, path: Path, schema: Mapping[str, Any]) -> None:
        self._schema = pl.Schema(schema)
        self._next: Queue[pl.DataFrame | None] = Queue(maxsize=1)
        self._error: BaseException | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._run, args=(path,), daemon=True)
        self._thread.start()

    def write(self, frame: pl.DataFrame) -> None:
        """Write some rows; raises what has gone wrong with those before."""
        self._check()
        frame.columns = self._schema.names()
        self._next.put(frame)

    def close(self) -> None:
        """End the file; raises what has gone wrong."""
        self.abort()
        self._check()

    def abort(self) -> None:
        """Let go of the file, as it stands."""
        self._next.put(None)
        self._thread.join()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _tables(self, *_: object) -> Iterator[pl.DataFrame]:
        while (given := self._next.get()) is not None:
            yield given
        self._ended = True

    def _run(self, path: Path) -> None:
        try:
            register_io_source(self._tables, schema=self._schema).sink_parquet(
                path, maintain_order=True, row_group_size=ROW_GROUP)
        except BaseException as error:  # noqa: BLE001  # raised where the file is written to
            self._error = _of_system(error)
            # Nobody may be left waiting for this thread to take a table.
            while not self._ended and self._next.get() is not None:
                pass


def _of_system(error: BaseException) -> BaseException:
    """The system's own error (a full disk) where Polars tells of one; else the error as it is."""
    number = re.search(r"\(os error (\d+)\)", str(error))
    if number is None or (isinstance(error, OSError) and error.errno):
        return error
    return OSError(int(number[1]), os.strerror(int(number[1])))
