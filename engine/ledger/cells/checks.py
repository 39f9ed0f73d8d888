"""Checks of whole columns. In: values of a field. Out: those that were copied wrong, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache

import polars as pl

from zhuanjie.engine.ledger.cells.faults import WEIGHTS, fault
from zhuanjie.engine.ledger.cells.text import CellError
from zhuanjie.engine.vocabulary.fields import Check, Field

_PARTS = ((0, 6), (6, 4), (10, 4), (14, 3))
"""The parts of an identity number, place, year, day, sequence: where each begins, its digits."""
_FIGURES = pl.int_range(10, dtype=pl.Int32, eager=True)


def faults(field: Field, values: pl.Series) -> Iterator[tuple[int, CellError]]:
    """The positions of values that are wrong, with what is wrong."""
    if field.check is None or values.dtype != pl.String:
        return
    for at in _SUSPECTS[field.check](values.alias("value")).arg_true():
        if (found := fault(field, values[at])) is not None:
            yield at, found


def is_suspect(field: Field, value: pl.Expr) -> pl.Expr:
    """Where a query has a value that `fault` should look at: always where it finds one."""
    if field.check is None:
        return pl.lit(False)
    return value.map_batches(_SUSPECTS[field.check], return_dtype=pl.Boolean, is_elementwise=True)


def _suspect_id_number(values: pl.Series) -> pl.Series:
    """Whatever is not a number of 18 digits whose check digit fits."""
    if values.null_count() == len(values):  # as of a column that nobody fills in
        return pl.repeat(False, len(values), eager=True)
    value = pl.col(values.name)
    shaped = value.str.contains(r"^[0-9]{6}(?:19|20)[0-9]{9}[0-9X]$")
    number = value.str.slice(0, len(WEIGHTS)).cast(pl.Int64, strict=False)
    total = pl.lit(0, dtype=pl.Int32)
    for first, digits in _PARTS:
        part = number // 10 ** (len(WEIGHTS) - first - digits) % 10 ** digits
        total = total + pl.lit(_summed(first, digits)).gather(part)
    digit = value.str.slice(len(WEIGHTS), 1).replace({"X": "10"}).cast(pl.Int32, strict=False)
    day = value.str.slice(6, 8).str.to_date("%Y%m%d", strict=False)
    right = shaped & ((total + digit) % 11 == 1) & (day <= pl.lit(date.today()))
    return values.to_frame().select(
        value.is_not_null() & ~right.fill_null(value=False)).to_series()


@lru_cache
def _summed(first: int, digits: int) -> pl.Series:
    """What the digits of each number count, the first of which stands at `first`."""
    sums = pl.Series([0], dtype=pl.Int32)
    for weight in WEIGHTS[first:first + digits]:
        each = sums.gather(pl.int_range(10 * len(sums), eager=True) // 10)
        sums = each + pl.concat([_FIGURES * weight] * len(sums))
    return sums


_SUSPECTS: dict[Check, Callable[[pl.Series], pl.Series]] = {"cn-id-number": _suspect_id_number}
