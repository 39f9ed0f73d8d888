"""Findings that Spark's workers write. In: tables of findings. Out: a file for each part.

A file goes by a name that only its own attempt knows and is hidden; the names come to the process
that began the audit with the counts of the part. It shows those, and removes what attempts left
that failed or were not needed: so nothing is lost, and nothing is there twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Protocol, cast
from uuid import uuid4

import polars as pl
from msgspec import Struct

from zhuanjie.engine.auditing.strategies.spark_output import Form, is_formula
from zhuanjie.engine.auditing.writers.parquet_writer import ParquetSink
from zhuanjie.engine.backends.spark.worker import NOT_SHARED, not_shared

_ENDINGS: dict[Form, str] = {"parquet": ".zstd.parquet", "csv": ".csv", "jsonl": ".json"}


class _Sink(Protocol):
    def write(self, table: pl.DataFrame) -> None: ...


class PartFile:
    """A file that is there from the first finding on; `name` is empty until then."""

    def __init__(self, begin: Callable[[], tuple[str, _Sink]]) -> None:
        self.name = ""
        self._begin, self._sink = begin, cast("_Sink", None)

    def write(self, table: pl.DataFrame) -> None:
        """Write some findings."""
        if len(table):
            if not self.name:
                self.name, self._sink = self._begin()
            self._sink.write(table)


class PartWriter(Struct, frozen=True):
    """Writes findings into a folder that all machines see."""

    folder: str
    form: Form
    schema: pl.Schema

    @contextmanager
    def part(self, number: int) -> Iterator[PartFile]:
        """A context to write a part in; leaving it with an error removes the file."""
        with ExitStack() as opened:
            def begin() -> tuple[str, _Sink]:
                if not Path(self.folder).is_dir():
                    raise RuntimeError(NOT_SHARED)
                name = f".part-{number:05}-{uuid4().hex}{_ENDINGS[self.form]}"
                return name, opened.enter_context(_opened(
                    Path(self.folder, name), self.form, self.schema))

            yield PartFile(begin)

    def finish(self, names: Iterable[str], last: pl.DataFrame) -> None:
        """Show the files of these names, with `last` behind them, and remove all others."""
        folder, kept = Path(self.folder), sorted(names)
        if not all((folder / name).is_file() for name in kept):
            raise not_shared()
        number = max((int(name.split("-")[1]) + 1 for name in kept), default=0)
        with self.part(number) as file:
            file.write(last)
        kept += [file.name] if file.name else []
        if not kept:  # so that there is a header
            kept.append(f".part-00000-{uuid4().hex}{_ENDINGS[self.form]}")
            with _opened(folder / kept[0], self.form, self.schema) as sink:
                sink.write(last)
        for name in kept:
            (folder / name).rename(folder / name[1:])
        for left in folder.glob(".part-*"):
            left.unlink(missing_ok=True)
        (folder / "_SUCCESS").touch()


@contextmanager
def _opened(path: Path, form: Form, schema: pl.Schema) -> Iterator[_Sink]:
    try:
        if form == "parquet":
            with ParquetSink(path, schema) as sink:
                yield sink
        else:
            with path.open("xb") as file:
                yield _Lines(file, form)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


class _Lines:
    """A file of lines, as Spark writes them."""

    def __init__(self, file: IO[bytes], form: Form) -> None:
        self._file, self._form, self._begun = file, form, False

    def write(self, table: pl.DataFrame) -> None:
        """Write a table below what is there."""
        if self._form == "jsonl":
            table.write_ndjson(self._file)
            return
        flat = table.with_columns(pl.col(pl.List(pl.String)).list.join(" "))
        flat = flat.with_columns(
            pl.when(is_formula(pl.col(name))).then(pl.concat_str(pl.lit("'"), name)).otherwise(
                pl.col(name)).alias(name) for name in flat.select(pl.col(pl.String)).columns)
        flat.write_csv(self._file, include_header=not self._begun)
        self._begun = True
