"""The one cell parser. In: a raw cell, a field. Out: a typed value, None, or a CellError.

Every reader, the single-record check and the bulk audit read cells through `read_cell`, so that
a cell means the same wherever it stands. `read_column` is the same function over a whole column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, time, timedelta
from math import inf, isnan
from typing import TYPE_CHECKING

from zhuanjie.engine.core.patterns import late
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.core.traditional import simplified
from zhuanjie.engine.core.unicode import BLANKS, comparable
from zhuanjie.engine.ledger.cells.dates import FIRST_DATE, LAST_DATE, read_date, read_month
from zhuanjie.engine.ledger.cells.numerals import in_digits
from zhuanjie.engine.ledger.cells.shown import ShownDate
from zhuanjie.engine.ledger.cells.text import (
    EXACT,
    QUOTING,
    CellError,
    as_text,
    check_text,
    unquote,
)
from zhuanjie.engine.vocabulary.fields import Field

if TYPE_CHECKING:
    import polars as pl

__all__ = ["CellError", "Value", "as_text", "dtype_of", "read_cell",
           "read_column", "spellings"]

Value = str | int | bool | date

_NOTE = late(r"[(\[{【〔〈《,;:、。.]")
_WHOLE = late(r"[+-]?\d+(?:\.0*)?", re.ASCII)
_FEW = 400
"""Cells that are sooner read one by one than as a column of texts."""


def read_cell(field: Field, raw: object, day_zero: date | None = None) -> Value | None:
    """The value of a raw cell, None when it is blank; raises CellError when it cannot be read.

    `day_zero` is given for spreadsheets only: there a plain number in a column of dates or months
    counts days from it.
    """
    if raw is None or (isinstance(raw, float) and isnan(raw)):
        return None
    if isinstance(raw, str) and not isinstance(raw, ShownDate):
        raw = raw.strip(BLANKS)
        if raw and raw[0] in QUOTING:
            raw = unquote(raw)
        if field.blank.has(raw):
            return None
        check_text(field, raw)
        if not raw.isascii():
            _check_encodable(raw)
    elif isinstance(raw, (list, tuple, dict, set)):
        raise CellError("records.cell.nested")
    if field.type == "date":
        return read_date(raw, day_zero)
    if field.type == "month":
        return read_month(raw, day_zero)
    return _READERS[field.type](field, raw)


def _check_encodable(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise CellError("records.cell.text") from None


def _read_string(_: Field, raw: object) -> str | None:
    if isinstance(raw, float) and EXACT <= abs(raw) < inf:
        raise CellError("records.cell.digits-lost")
    return as_text(raw).strip(BLANKS) or None


def _read_choice(field: Field, raw: object) -> str:
    """An enum cell, in its own form."""
    text = comparable(as_text(raw))
    if (found := field.choices.get(text) or field.choices.get(simplified(text))) is not None:
        return found
    _check_note(field, text)
    allowed = ", ".join(f"{zh}/{own}" for own, zh in field.values.items())
    near = suggest(text, field.choices)
    if near:
        best = field.values[field.choices[near]]
        raise CellError("records.cell.choice-near", allowed=allowed, near=best)
    raise CellError("records.cell.choice", allowed=allowed)


def _read_bool(field: Field, raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    text = comparable(as_text(raw))
    found = field.choices.get(text) or field.choices.get(simplified(text))
    if found is None:
        _check_note(field, text)
        # Where a vocabulary has no words for yes and no, the values' own names are all there are.
        kind = ("-unclear" if text in field.unclear_marks
                else "-bare" if field.values["true"] == "true" else "")
        raise CellError(f"records.cell.bool{kind}", yes=field.values["true"],
                        no=field.values["false"])
    return found == "true"


def _check_note(field: Field, text: str) -> None:
    """Raise CellError for a value with a note behind it, which may say the opposite."""
    value = _NOTE.split(text, maxsplit=1)[0]
    if value != text and (own := field.choices.get(value)) is not None:
        raise CellError("records.cell.choice-note", near=field.values[own])


def _read_int(field: Field, raw: object) -> int:
    if isinstance(raw, (bool, date, time, timedelta)):
        raise CellError("records.cell.int")
    text = comparable(as_text(raw))
    for suffix in field.suffixes:
        text = text.removesuffix(suffix)
    text = in_digits(text)
    if not _WHOLE.fullmatch(text):
        raise CellError("records.cell.int")
    digits = text.partition(".")[0]
    # Longer than any bound: compared by length, since Python refuses to convert huge numerals.
    value = int(digits) if len(digits) < 20 else field.high + 1
    if not field.low <= value <= field.high:
        raise CellError("records.cell.int-range", low=field.low, high=field.high)
    return value


_READERS: dict[str, Callable[[Field, object], Value | None]] = {
    "string": _read_string, "enum": _read_choice, "bool": _read_bool, "int": _read_int,
}


def spellings(field: Field) -> dict[str, str | bool]:
    """The forms of an enum or bool field's values to the letter, as `read_cell` reads them."""
    read = ((form, read_cell(field, form)) for form in field.written)
    return {form: value for form, value in read if isinstance(value, str | bool)}


def read_column(
    field: Field, values: pl.Series | Sequence[object], day_zero: date | None = None
) -> tuple[pl.Series, list[tuple[int, CellError]]]:
    """A whole column by `read_cell`: typed values, blanks and unreadable cells null, and errors.

    Errors come as (position, error) in the column's order. Text columns are read value by
    distinct value, and columns that already have the field's type are only checked for range.
    """
    import polars as pl

    if isinstance(values, pl.Series) and values.dtype == pl.String and len(values) <= _FEW:
        values = values.to_list()
    if not isinstance(values, pl.Series):
        typed, errors = _read_values(field, values, day_zero)
        return pl.Series(field.name, typed, dtype=dtype_of(field)), errors
    if values.dtype in (pl.Categorical, pl.Enum):
        values = values.cast(pl.String)
    if values.null_count() == len(values):
        return pl.Series(field.name, dtype=dtype_of(field)).extend_constant(None, len(values)), []
    if values.dtype == pl.String:
        read = _read_text if field.type == "string" else _read_distinct
        return read(field, values)
    return _read_typed(field, values, day_zero)


def dtype_of(field: Field) -> pl.DataType:
    """How the values of a field stand in a frame."""
    import polars as pl

    kinds = {"bool": pl.Boolean(), "int": pl.Int64(), "date": pl.Date(), "month": pl.Date()}
    return kinds.get(field.type, pl.String())


def _read_text(field: Field, values: pl.Series) -> tuple[pl.Series, list[tuple[int, CellError]]]:
    """Text into a text field: stripped as `read_cell` strips, in one step; odd ones one by one."""
    import polars as pl

    from zhuanjie.engine.ledger.cells.text_column import is_blank, is_odd

    text = pl.lit(values).str.strip_chars(BLANKS)
    filled = pl.when(~is_blank(field, text)).then(text)
    kept, doubtful = pl.select(
        kept=filled, odd=is_odd(field, filled).fill_null(value=False)).get_columns()
    if not doubtful.any():
        return kept.alias(field.name), []
    odd = doubtful.arg_true()
    read, failed = _read_values(field, kept.gather(odd).to_list(), None)
    kept = kept.scatter(odd, pl.Series(read, dtype=pl.String))
    return kept.alias(field.name), [(odd[i], error) for i, error in failed]


def _read_distinct(
    field: Field, values: pl.Series
) -> tuple[pl.Series, list[tuple[int, CellError]]]:
    """Text into any other field: each distinct text is read once and mapped back."""
    import polars as pl

    texts = values.drop_nulls().unique(maintain_order=True)
    typed, failed = _read_values(field, texts.to_list(), None)
    # Numbering the texts as categories and gathering by number is twice as fast as replacing.
    numbers = values.cast(pl.Enum(texts)).to_physical()
    column = pl.Series(typed, dtype=dtype_of(field)).gather(numbers)
    errors: list[tuple[int, CellError]] = []
    if failed:
        wrong = {texts[i]: error for i, error in failed}
        at = values.is_in(list(wrong)).fill_null(value=False).arg_true()
        errors = [(i, wrong[text]) for i, text in zip(at, values.gather(at), strict=True)]
    return column.alias(field.name), errors


def _read_typed(
    field: Field, values: pl.Series, day_zero: date | None
) -> tuple[pl.Series, list[tuple[int, CellError]]]:
    """A column that is not text: checked for range where its type fits, else value by value."""
    import polars as pl

    from zhuanjie.engine.core.python_cells import python_cells

    kind = values.dtype
    column = None
    if field.type == "bool" and kind == pl.Boolean:
        return values.alias(field.name), []
    if field.type in ("date", "month") and kind in (pl.Date, pl.Datetime):
        column = values.cast(pl.Date)
        wrong = CellError("records.cell.date-range", low=FIRST_DATE, high=LAST_DATE)
        fits = column.is_between(FIRST_DATE, LAST_DATE)
    elif field.type == "int" and kind.is_integer():
        wrong = CellError("records.cell.int-range", low=field.low, high=field.high)
        column = values.cast(pl.Int64, strict=False)
        # A number beyond 64 bits became null; it fits no more than any other outside the range.
        fits = column.is_between(field.low, field.high).fill_null(value=False) | values.is_null()
    if column is None:
        typed, errors = _read_values(field, python_cells(values), day_zero)
        return pl.Series(field.name, typed, dtype=dtype_of(field)), errors
    errors = [(i, wrong) for i in (~fits).fill_null(value=False).arg_true()]
    column = column.zip_with(fits, column.clear(1)) if errors else column
    if field.type == "month":
        column = column.dt.month_start()
    return column.cast(dtype_of(field)).alias(field.name), errors


def _read_values(
    field: Field, values: Sequence[object], day_zero: date | None
) -> tuple[list[Value | None], list[tuple[int, CellError]]]:
    """Cells one by one; what was read once is remembered."""
    seen: dict[object, Value | None] = {None: None}
    typed: list[Value | None] = []
    errors: list[tuple[int, CellError]] = []
    for i, raw in enumerate(values):
        # 1, 1.0 and True are equal but not the same cell, so the class is part of the key.
        at = raw if raw.__class__ is str or raw is None else (raw.__class__, raw)
        try:
            typed.append(seen[at])
            continue
        except (KeyError, TypeError):  # not read before, or a list or mapping
            value = None
        try:
            value = read_cell(field, raw, day_zero)
        except CellError as error:
            errors.append((i, error))
        else:
            seen[at] = value
        typed.append(value)
    return typed, errors
