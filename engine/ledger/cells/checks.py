"""Checks of whole columns. In: values of a field. Out: those that were copied wrong, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import polars as pl

from zhuanjie.engine.ledger.cells.faults import WEIGHTS, fault
from zhuanjie.engine.ledger.cells.text import CellError
from zhuanjie.engine.vocabulary.fields import Check, Field


def faults(field: Field, values: pl.Series) -> Iterator[tuple[int, CellError]]:
    """The positions of values that are wrong, with what is wrong."""
    if field.check is None or values.dtype != pl.String:
        return
    suspect = values.to_frame("value").select(is_suspect(field, pl.col("value"))).to_series()
    for at in suspect.fill_null(value=False).arg_true():
        if (found := fault(field, values[at])) is not None:
            yield at, found


def is_suspect(field: Field, value: pl.Expr) -> pl.Expr:
    """Where a query has a value that `fault` should look at: always where it finds one."""
    return _SUSPECTS[field.check](value) if field.check else pl.lit(False)


def _suspect_id_number(value: pl.Expr) -> pl.Expr:
    """Whatever is not a number of 18 digits whose check digit fits."""
    shaped = value.str.contains(r"^[0-9]{6}(?:19|20)[0-9]{9}[0-9X]$")
    total = pl.sum_horizontal(
        value.str.slice(at, 1).cast(pl.Int32, strict=False) * weight
        for at, weight in enumerate(WEIGHTS))
    digit = value.str.slice(len(WEIGHTS), 1).replace({"X": "10"}).cast(pl.Int32, strict=False)
    day = value.str.slice(6, 8).str.to_date("%Y%m%d", strict=False)
    right = shaped & ((total + digit) % 11 == 1) & (day <= pl.lit(date.today()))
    return value.is_not_null() & ~right.fill_null(value=False)


_SUSPECTS: dict[Check, Callable[[pl.Expr], pl.Expr]] = {"cn-id-number": _suspect_id_number}
