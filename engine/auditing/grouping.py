"""What findings are grouped by. In: values of a field. Out: them as text, one by one or as columns.

Both say the same of every value: a day in ISO form, a month as `2007-06`, yes and no as `true` and
`false`, an enumerated value by its own name.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.core.dates import Month
from zhuanjie.engine.vocabulary.fields import Field

if TYPE_CHECKING:
    import polars as pl

    from zhuanjie.engine.lowering.plan import Plan


def group_text(value: Any, field: Field) -> str | None:
    """A value as groups are called; None for a blank."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return (Month.of(value) if field.type == "month" else value).isoformat()
    return str(value)


def group_texts(frame: pl.DataFrame, name: str, plan: Plan) -> pl.Series:
    """The values of a field, as groups are called; all blank where there is no such column."""
    import polars as pl

    if name not in frame.columns:
        return pl.Series(name, [None] * len(frame), dtype=pl.String)
    column = frame[name]
    if plan.fields[name].type == "month":
        return column.dt.strftime("%Y-%m")
    return column.cast(pl.String)
