"""Parquet files that Spark's workers read by themselves. In: paths. Out: the parts to deal out.

Spark takes every row apart and puts it together again on its way to a worker, which costs more than
judging it; where a worker reaches the file, it is told which rows are its own. What is not plainly
such a ledger (other columns in some file, folders that mean columns) is left to Spark's reader.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
from msgspec import Struct

from zhuanjie.engine.backends.spark.arrow import as_arrow
from zhuanjie.engine.backends.spark.session import dealt, failing, workers_here
from zhuanjie.engine.ledger.readers.file_parts import FilePart
from zhuanjie.engine.ledger.readers.frames import columns_of

LEAST, MOST = 1 << 18, 1 << 20
"""Records of a part, about: a part costs some tenths of a second whatever is in it."""
_PARTS = 8
"""Parts that a ledger is divided into as long as they are not too small or too large."""
_SAMPLE = 200
_FOUND = "path string, name string, groups array<bigint>, headings array<string>, sample binary"
_SCHEMA: Mapping[str, Any] = {"path": pl.String, "name": pl.String, "groups": pl.List(pl.Int64),
                              "headings": pl.List(pl.String), "sample": pl.Binary}


class FoundFiles(Struct, frozen=True):
    """What the workers see: headings, the first rows (columns by position), the parts."""

    headings: Sequence[str]
    sample: pl.DataFrame
    parts: Sequence[FilePart]


def find_files(given: Mapping[str, str]) -> FoundFiles | None:
    """The files under some absolute paths, which go by other names in findings.

    None where they are nothing that workers can read by themselves.
    """
    looking = _Looking(given)
    if workers_here():  # what they would see is seen at once
        rows = looking.rows()
    else:
        with failing():
            found = pl.DataFrame(pl.from_arrow(dealt(looking, 1, _FOUND).toArrow()))
        rows = found.rows(named=True)
    sample = next((row["sample"] for row in rows if row["sample"]), None)
    if sample is None:
        return None
    total = sum(sum(row["groups"]) for row in rows)
    size = min(max(total // _PARTS, LEAST), MOST)
    parts = [FilePart(row["path"], row["name"], start, height) for row in rows
             for start, height in parts_of(row["groups"], size)]
    return FoundFiles(rows[0]["headings"], pl.read_ipc(io.BytesIO(sample)), parts)


def parts_of(groups: Sequence[int], size: int) -> Iterator[tuple[int, int]]:
    """Where parts of about `size` rows begin and how many each has; none divides a row group."""
    start = height = 0
    for number, rows in enumerate(groups):
        height += rows
        if height and (height + rows / 2 > size or number == len(groups) - 1):
            yield start, height
            start, height = start + height, 0


class _Looking(Struct, frozen=True):
    """Looks at files where workers are."""

    given: Mapping[str, str]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _ in batches:  # a worker that leaves something unread is not used again
            pass
        if rows := self.rows():
            yield from as_arrow(pl.DataFrame(rows, schema=_SCHEMA)).to_batches()

    def rows(self) -> list[dict[str, Any]]:
        """What is known of each file; nothing where some are not to be read by workers."""
        try:
            rows = list(self._rows())
        except (pl.exceptions.PolarsError, pa.ArrowException, OSError):
            return []
        return [] if None in rows else [row for row in rows if row is not None]

    def _rows(self) -> Iterator[dict[str, Any] | None]:
        from pyarrow.parquet import read_metadata

        first: tuple[pl.Schema, list[tuple[str, pl.Expr]]] | None = None
        sampled = False
        for path, name in self._files():
            schema = pl.Schema(pl.read_parquet_schema(path))
            first = first or (schema, columns_of(schema))
            if schema != first[0]:
                yield None
                return
            about = read_metadata(path)
            groups = [about.row_group(i).num_rows for i in range(about.num_row_groups)]
            content = None
            if sum(groups) and not sampled:
                sampled, held = True, io.BytesIO()
                pl.scan_parquet(path, glob=False).select(
                    cell.alias(str(at)) for at, (_, cell) in enumerate(first[1])).head(
                    _SAMPLE).collect().write_ipc(held)
                content = held.getvalue()
            yield {"path": path, "name": name, "groups": groups, "sample": content,
                   "headings": [heading for heading, _ in first[1]]}

    def _files(self) -> Iterator[tuple[str, str]]:
        """The files in order, each once; Spark's rules say which of a folder are none."""
        seen = set[str]()
        for path, name in self.given.items():
            for file in files_in(Path(path)):
                if str(file) not in seen:
                    seen.add(str(file))
                    yield str(file), str(Path(name, file.relative_to(path)))


def files_in(path: Path) -> Iterator[Path]:
    """A file itself, or the files in a folder; raises OSError where there are other things in it.
    """
    if not path.is_dir():
        yield path
        return
    for entry in sorted(os.scandir(path), key=lambda e: e.name):
        if entry.name.startswith((".", "_")):
            continue
        if not entry.is_file():
            raise IsADirectoryError
        yield Path(entry.path)
