"""Rows kept as columns. In: a query. Out: the same rows, in a file of the moment.

Text that is read in a stream is parsed anew by everybody who asks, and Polars reads ahead of who
takes its rows without any bound. Columns in a Parquet file are read from any row on.
"""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import polars as pl

from zhuanjie.engine.core.temporary import new_file

GROUP = 1 << 17
"""Rows in a row group: two of them wait decoded."""


@dataclass(frozen=True, slots=True)
class ParquetSpill:
    """Rows in a file that `delete` deletes."""

    scan: pl.LazyFrame
    rows: int
    delete: weakref.finalize[[], object]


def spill(rows: pl.LazyFrame, owner: object) -> ParquetSpill | None:
    """The rows in a file that goes with `owner` at the latest.

    None where there is no place for it, or where they cannot be read: then reading says why.
    """
    try:
        path = new_file(".parquet")
    except OSError:
        return None
    delete = weakref.finalize(owner, path.unlink, missing_ok=True)
    try:
        _write(rows, path)
        scan = pl.scan_parquet(path, glob=False)
        return ParquetSpill(scan, int(scan.select(pl.len()).collect().item()), delete)
    except (OSError, pl.exceptions.PolarsError):
        delete()
        return None
    except BaseException:
        delete()
        raise


def _write(rows: pl.LazyFrame, path: Path) -> None:
    """In a thread: who waits in Polars hears of no signal but Ctrl-C."""
    done: SimpleQueue[BaseException | None] = SimpleQueue()

    def run() -> None:
        error: BaseException | None = None
        try:
            rows.sink_parquet(path, compression="lz4", statistics=False, row_group_size=GROUP,
                              engine="streaming")
        except BaseException as found:  # noqa: BLE001  # raised where it is waited for
            error = found
        done.put(error)

    threading.Thread(target=run, daemon=True).start()
    if (error := done.get()) is not None:
        raise error
