"""Records to files. In: chunks of records, one after another. Out: a file as its name says.

A writer holds a chunk or two, whatever the size of the ledger. `write` takes the next chunk,
`close` ends the file; what a failure leaves of it is the caller's to remove.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import polars as pl

from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.vocabulary.fields import Field
from zhuanjie.synthetic.parquet import ParquetFile
from zhuanjie.synthetic.province import fields

Headings = Literal["zh", "names"]

SHEET_ROWS: Final = 1_048_575
"""Records a spreadsheet has room for below its headings."""

_LINES: Final = 10_000
"""Records that are held as JSON at a time."""

_MADE: Final = datetime(2007, 11, 1)
"""What a workbook gives as the time it was made, so that the same seed gives the same bytes."""


class LedgerWriter(Protocol):
    """A file being written."""

    def write(self, frame: pl.DataFrame) -> None:
        """Write the next chunk."""

    def close(self) -> None:
        """End the file."""

    def abort(self) -> None:
        """Let go of the file as it is."""


def check_output(path: Path, records: int) -> None:
    """Refuse a kind of file that cannot be written, and more records than it can hold."""
    suffix = path.suffix.lower()
    if suffix not in _WRITERS:
        raise fail(UsageError, "generate.kind" if suffix else "generate.no-kind",
                   hint="generate.kind.hint", suffix=suffix, supported=" ".join(_WRITERS))
    if suffix == ".xlsx" and records > SHEET_ROWS:
        raise fail(UsageError, "generate.rows", hint="generate.rows.hint", records=records,
                   most=SHEET_ROWS)


@contextmanager
def writing(writer: LedgerWriter) -> Iterator[LedgerWriter]:
    """A writer that is closed when the body ends well, and let go of when it does not."""
    try:
        yield writer
    except BaseException:
        writer.abort()
        raise
    writer.close()


def ledger_writer(path: Path, headings: Headings | None, lang: str) -> LedgerWriter:
    """Records to `path`; tables of the Chinese kind bear Chinese headings unless told otherwise."""
    suffix = path.suffix.lower()
    usual: Headings = "zh" if lang == "zh" and suffix in (".csv", ".xlsx") else "names"
    return _WRITERS[suffix](path, headings or usual)


def table_writer(path: Path, schema: Mapping[str, Any]) -> LedgerWriter:
    """Rows to a .parquet file, or to a .csv file where the name does not end so."""
    if path.suffix.lower() == ".parquet":
        return ParquetFile(path, schema)
    return CsvFile(path, list(schema))


class CsvFile:
    """A .csv file of tables with the same columns, under headings of its own."""

    def __init__(self, path: Path, headings: list[str]) -> None:
        self._file = path.open("wb")
        pl.DataFrame(schema=dict.fromkeys(headings, pl.String)).write_csv(self._file)

    def write(self, frame: pl.DataFrame) -> None:
        """Write some rows."""
        frame.write_csv(self._file, include_header=False, date_format="%Y-%m-%d")

    def close(self) -> None:
        """End the file."""
        self._file.close()

    abort = close


class _Csv(CsvFile):
    """A ledger, its choices in words."""

    def __init__(self, path: Path, headings: Headings) -> None:
        super().__init__(path, [_heading(f, headings) for f in fields()])
        self._words = [_said(f, headings) for f in fields()]

    def write(self, frame: pl.DataFrame) -> None:
        super().write(frame.select(self._words))


class _Lines:
    """JSON lines, or one list of JSON: a blank field is left out of its record."""

    def __init__(self, path: Path, headings: Headings, start: str = "", gap: str = "\n",
                 end: str = "\n") -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")
        self._record = "{" + pl.concat_str(
            [_as_json(f, headings) for f in fields()], separator=", ", ignore_nulls=True) + "}"
        self._lead, self._gap, self._end = start, gap, end

    def write(self, frame: pl.DataFrame) -> None:
        for part in frame.iter_slices(_LINES):
            self._file.write(self._lead)
            self._file.write(self._gap.join(part.select(self._record.alias("")).to_series()))
            self._lead = self._gap

    def close(self) -> None:
        """End the file, which holds the end of a list also where nothing was written."""
        if self._lead == self._gap:
            self._file.write(self._end)
        elif self._lead:
            self._file.write("[]\n")
        self._file.close()

    def abort(self) -> None:
        self._file.close()


def _list(path: Path, headings: Headings) -> LedgerWriter:
    return _Lines(path, headings, "[\n", ",\n", "\n]\n")


def _parquet(path: Path, headings: Headings) -> LedgerWriter:
    from zhuanjie.synthetic.make import schema

    names = {f.name: _heading(f, headings) for f in fields()}
    return ParquetFile(path, {names[name]: kind for name, kind in schema().items()})


class _Workbook:
    """A spreadsheet of one sheet; dates are dates, numbers numbers, the rest words."""

    def __init__(self, path: Path, headings: Headings) -> None:
        import xlsxwriter

        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
        self._book.set_properties({"created": _MADE})
        self._sheet = self._book.add_worksheet("台账" if headings == "zh" else "ledger")
        self._dated = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._sheet.freeze_panes(1, 0)
        self._sheet.write_row(0, 0, [_heading(f, headings) for f in fields()],
                              self._book.add_format({"bold": True, "text_wrap": True}))
        self._words = [_said(f, headings) for f in fields()]
        self._row = 0

    def write(self, frame: pl.DataFrame) -> None:
        sheet, dated = self._sheet, self._dated
        for record in frame.select(self._words).iter_rows():
            self._row += 1
            for column, value in enumerate(record):
                match value:
                    case None:
                        pass
                    case date():
                        sheet.write_datetime(self._row, column, value, dated)
                    case int():
                        sheet.write_number(self._row, column, value)
                    case _:
                        sheet.write_string(self._row, column, value)

    def close(self) -> None:
        """End the file: a workbook is put together only then."""
        self._book.close()

    def abort(self) -> None:
        """Nothing has been written to the file yet."""


def _heading(field: Field, headings: Headings) -> str:
    return field.heading if headings == "zh" else field.name


def _said(field: Field, headings: Headings) -> pl.Expr:
    """A column as it stands in a table of words: choices by their Chinese or their own names."""
    column = pl.col(field.name)
    if field.type == "bool":
        yes, no = (field.values[own] if headings == "zh" else own for own in ("true", "false"))
        return pl.when(column.is_not_null()).then(
            pl.when(column).then(pl.lit(yes)).otherwise(pl.lit(no))).alias(field.name)
    if field.values and headings == "zh":
        return column.replace_strict(field.values, return_dtype=pl.String)
    return column


def _as_json(field: Field, headings: Headings) -> pl.Expr:
    """`"name": value`, nothing where the field is blank. JSON has a truth value of its own.

    No text of a record needs escaping: they are made of `pools.json` and of digits.
    """
    column = pl.col(field.name) if field.type == "bool" else _said(field, headings)
    quote = "" if field.type in ("bool", "int") else '"'
    key = json.dumps(_heading(field, headings), ensure_ascii=False)
    return pl.format("{}{}{}", pl.lit(f"{key}: {quote}"), column.cast(pl.String), pl.lit(quote))


_WRITERS: Final[Mapping[str, Callable[[Path, Headings], LedgerWriter]]] = {
    ".csv": _Csv, ".jsonl": _Lines, ".json": _list, ".parquet": _parquet, ".xlsx": _Workbook,
}
