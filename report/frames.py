"""Findings as a frame. In: findings. Out: a Polars frame with the columns of a finding."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from zhuanjie.engine.core.finding_columns import columns
from zhuanjie.engine.core.results import Finding
from zhuanjie.engine.core.shares import SHARE_COLUMNS

_KINDS: dict[str, pl.DataType | type[pl.DataType]] = {
    "text": pl.String, "count": pl.Int64, "row": pl.Int64, "texts": pl.List(pl.String),
}


def frame_of(findings: Sequence[Finding]) -> pl.DataFrame:
    """A row for each finding, in their order; the values that it read are left out."""
    series = []
    shares = SHARE_COLUMNS if any(f.share is not None for f in findings) else ()
    for column in columns(packs=any(f.pack for f in findings), by=shares):
        if column.kind == "values":
            continue
        if column.kind == "day":
            series.append(pl.Series(column.name, [f.due for f in findings], pl.Date))
        else:
            held = [column.of(f) for f in findings]
            series.append(pl.Series(column.name, held, _KINDS[column.kind]))
    return pl.DataFrame(series)
