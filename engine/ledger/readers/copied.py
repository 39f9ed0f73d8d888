"""Rows copied from a server. In: a statement. Out: its rows as columns, in memory or in files.

The server writes CSV, which Polars reads by columns while the next rows come. What is small stays
in memory; the rest goes to files of the moment, so that memory does not grow with it.
"""

from __future__ import annotations

import shutil
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.temporary import new_folder, room
from zhuanjie.engine.ledger.readers.server import Server

AHEAD = 2
"""Blocks that may wait to be read, or be read, while others come."""
_BOM = b"\xef\xbb\xbf"
LAST = "#last"
"""The last column of a statement, which no row leaves empty: an empty line would be no row."""

Made = Callable[[pl.DataFrame, int], pl.DataFrame]
"""Makes of a part what is kept of it, knowing how many rows came before."""


class Copied:
    """Rows in order, which can be read from any of them on until they are deleted."""

    def __init__(self, *, kept: bool = True) -> None:
        """`kept` says that what is large goes to files."""
        self.rows, self._kept = 0, kept
        self._parts: list[pl.DataFrame] = []
        self._held = self._written = 0
        self._folder: Path | None = None
        self._files: list[Path] = []
        self._finalizer: weakref.finalize[..., Any] | None = None

    def add(self, part: pl.DataFrame) -> None:
        """Take in the next rows; raises OutputError where there is no room for them."""
        self._parts.append(part)
        self.rows += part.height
        self._held += int(part.estimated_size())
        if self._kept and self._folder is None and self._held > limits().copied_bytes:
            with room():
                self._folder = new_folder()
            self._finalizer = weakref.finalize(
                self, shutil.rmtree, self._folder, ignore_errors=True)
        if self._folder is not None and self.rows - self._written >= limits().kept_part:
            self._write()

    def _write(self) -> None:
        assert self._folder is not None
        path = self._folder / f"{len(self._files):06}.parquet"
        with room():
            pl.concat(self._parts, rechunk=False).write_parquet(
                path, compression="lz4", statistics=False, row_group_size=limits().kept_part)
        self._files.append(path)
        self._parts, self._written = [], self.rows

    def done(self) -> Copied:
        """The rows, once there are no more."""
        if self._folder is not None and self._parts and self.rows > self._written:
            self._write()
        return self

    @property
    def frame(self) -> pl.DataFrame:
        """The rows, of which none are in files."""
        return pl.concat(self._parts, rechunk=False)

    def replace(self, frame: pl.DataFrame) -> None:
        """Hold these rows, in memory."""
        self._parts, self.rows = [frame], frame.height

    @property
    def scan(self) -> pl.LazyFrame:
        """The rows as a query."""
        if self._files:
            return pl.scan_parquet(self._files, glob=False)
        return self.frame.lazy()

    def delete(self) -> None:
        """Let go of them."""
        self._parts = []
        if self._finalizer is not None:
            self._finalizer()


def copied(server: Server, statement: str, columns: Mapping[str, Any],
           made: Made | None = None, told: Callable[[int], None] | None = None, *,
           kept: bool = True) -> Copied:
    """All rows of a statement, whose columns are named and read as `columns` says, then `LAST`.

    `told` is told how many rows there are so far. Raises what the server's failing is, and
    OutputError where there is no room.
    """
    rows, waiting = Copied(kept=kept), deque[Future[pl.DataFrame]]()
    schema = {**columns, LAST: pl.String}

    def take() -> None:
        part = waiting.popleft().result()
        rows.add(part.drop(LAST) if made is None else made(part.drop(LAST), rows.rows))
        if told is not None:
            told(rows.rows)

    try:
        rows.add(pl.DataFrame(schema=dict(columns)) if made is None else made(
            pl.DataFrame(schema=dict(columns)), 0))
        with ThreadPoolExecutor(1, thread_name_prefix="zhuanjie-copied") as reader:
            for block in server.copy(statement, limits().copied_block):
                waiting.append(reader.submit(_read, block, schema))
                while len(waiting) > AHEAD:
                    take()
            while waiting:
                take()
        return rows.done()
    except BaseException:
        rows.delete()
        raise


def _read(block: bytes, schema: Mapping[str, Any]) -> pl.DataFrame:
    # A mark of byte order at the beginning would be taken for none of the first cell.
    marked = _BOM + block if block.startswith(_BOM) else block
    return pl.read_csv(marked, has_header=False, schema=schema, infer_schema=False)

