"""Values as they may be shown, in columns. In: a field, its values. Out: those, masked if it is."""

from __future__ import annotations

import polars as pl

from zhuanjie.engine.vocabulary.fields import Field


def shown_values(field: Field, value: pl.Expr) -> pl.Expr:
    """What `Field.shown` gives, for a column of texts."""
    if field.mask is None:
        return value
    first, last = field.mask
    hidden = value.str.len_chars().cast(pl.Int64) - (first + last)
    stars = pl.lit("*").repeat_by(
        pl.when(hidden > 0).then(hidden).otherwise(hidden + first + last)).list.join("")
    return pl.when(hidden > 0).then(
        value.str.head(first) + stars + value.str.tail(last)).otherwise(stars)


def shown_series(field: Field, values: pl.Series) -> pl.Series:
    """The same of a column that is there."""
    if field.mask is None:
        return values
    return values.to_frame("value").select(shown_values(field, pl.col("value"))).to_series()
