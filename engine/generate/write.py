"""Records to files. In: chunks of records, dates as day numbers. Out: a file as its name says.

Every kind takes the chunks one at a time, so that a ledger of any size fits into memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from zhuanjie.engine.days import from_day
from zhuanjie.engine.errors import UsageError, fail
from zhuanjie.engine.generate.draft import Value
from zhuanjie.engine.model.fields import Field, fields

if TYPE_CHECKING:
    import polars as pl

Record = Mapping[str, Value]
Chunks = Iterable[Sequence[Record]]
Headings = Literal["zh", "names"]

SHEET_ROWS: Final = 1_048_575
"""Records a spreadsheet has room for below its headings."""

ROW_GROUP: Final = 250_000
"""Records of a row group: enough for a scan to be fast, few enough to be held while writing."""

_MADE: Final = datetime(2007, 11, 1)
"""What a workbook gives as the time it was made, so that the same seed gives the same bytes."""


def check_output(path: Path, records: int) -> None:
    """Refuse a kind of file that cannot be written, and more records than it can hold."""
    suffix = path.suffix.lower()
    if suffix not in _WRITERS:
        raise fail(UsageError, "generate.kind" if suffix else "generate.no-kind",
                   hint="generate.kind.hint", suffix=suffix, supported=" ".join(_WRITERS))
    if suffix == ".xlsx" and records > SHEET_ROWS:
        raise fail(UsageError, "generate.rows", hint="generate.rows.hint", records=records,
                   most=SHEET_ROWS)


def write_ledger(path: Path, chunks: Chunks, headings: Headings | None, lang: str) -> None:
    """Write the records; tables of the Chinese kind bear Chinese headings unless told otherwise."""
    suffix = path.suffix.lower()
    usual: Headings = "zh" if lang == "zh" and suffix in (".csv", ".xlsx") else "names"
    _WRITERS[suffix](path, chunks, headings or usual)


def cell(field: Field, value: Value, headings: Headings) -> Value:
    """A value as it is written: an ISO date, a word for a choice, the rest as it is."""
    if field.type in ("string", "int"):
        return value
    if field.type == "date":
        assert isinstance(value, int)
        return iso(value)
    own = str(value).lower() if field.type == "bool" else str(value)
    return field.values[own] if headings == "zh" else own


@lru_cache(maxsize=1 << 16)
def iso(day: int) -> str:
    """A day number as an ISO date."""
    return from_day(day).isoformat()


def _heading(field: Field, headings: Headings) -> str:
    return field.heading if headings == "zh" else field.name


def _write_csv(path: Path, chunks: Chunks, headings: Headings) -> None:
    with path.open("wb") as file:
        for i, chunk in enumerate(chain(chunks, [()])):
            frame = _frame(chunk, headings, words=True)
            frame.write_csv(file, include_header=i == 0, date_format="%Y-%m-%d")


def _frame(chunk: Sequence[Record], headings: Headings, *, words: bool) -> pl.DataFrame:
    """A chunk as a table of typed columns, choices in `words` or as they are."""
    import polars as pl

    stored: dict[str, Any] = {"bool": pl.Boolean, "int": pl.Int64, "date": pl.Int32}
    columns = []
    for field in fields():
        name = field.name
        column = pl.Series(_heading(field, headings), [r.get(name) for r in chunk],
                           stored.get(field.type, pl.String))
        if field.type == "date":
            column = column.cast(pl.Date)
        elif words and field.values:
            own = pl.Series([*field.values])
            said = pl.Series([cell(field, v, headings) for v in field.values], dtype=pl.String)
            column = column.cast(pl.String).replace_strict(own, said, return_dtype=pl.String)
        columns.append(column)
    return pl.DataFrame(columns)


def _as_json(record: Record, headings: Headings) -> str:
    out: dict[str, Value] = {}
    for field in fields():
        value = record.get(field.name)
        if value is not None:
            # JSON has a form of its own for a truth value.
            out[_heading(field, headings)] = (
                value if field.type == "bool" else cell(field, value, headings))
    return json.dumps(out, ensure_ascii=False)


def _write_lines(path: Path, chunks: Chunks, headings: Headings) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for chunk in chunks:
            file.writelines(_as_json(record, headings) + "\n" for record in chunk)


def _write_json(path: Path, chunks: Chunks, headings: Headings) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        gap = "[\n"
        for chunk in chunks:
            for record in chunk:
                file.write(gap + _as_json(record, headings))
                gap = ",\n"
        file.write("[]\n" if gap == "[\n" else "\n]\n")


def _write_parquet(path: Path, chunks: Chunks, headings: Headings) -> None:
    """Chunk by chunk: polars asks for the next when it has written the last."""
    from polars.io.plugins import register_io_source

    def frames(*_: object) -> Iterator[pl.DataFrame]:
        for chunk in chunks:
            yield _frame(chunk, headings, words=False)

    schema = _frame([], headings, words=False).schema
    register_io_source(frames, schema=schema).sink_parquet(
        path, maintain_order=True, row_group_size=ROW_GROUP)


def _write_workbook(path: Path, chunks: Chunks, headings: Headings) -> None:
    import xlsxwriter

    table = list(fields())
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    book.set_properties({"created": _MADE})
    sheet = book.add_worksheet("台帐" if headings == "zh" else "ledger")
    dated = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, [_heading(f, headings) for f in table],
                    book.add_format({"bold": True, "text_wrap": True}))
    row = 0
    for chunk in chunks:
        for record in chunk:
            row += 1
            for column, field in enumerate(table):
                value = record.get(field.name)
                if value is None:
                    continue
                if field.type == "date":
                    sheet.write_datetime(row, column, from_day(int(value)), dated)
                elif field.type == "int":
                    sheet.write_number(row, column, int(value))
                else:
                    sheet.write_string(row, column, str(cell(field, value, headings)))
    book.close()


_WRITERS: Final[Mapping[str, Callable[[Path, Chunks, Headings], None]]] = {
    ".csv": _write_csv, ".jsonl": _write_lines, ".json": _write_json,
    ".parquet": _write_parquet, ".xlsx": _write_workbook,
}
