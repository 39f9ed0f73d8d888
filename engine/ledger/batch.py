"""What a ledger is read into. In: nothing. Out: the batch, the same for every kind of file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zhuanjie.engine.core.results import InputFinding

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Batch:
    """Some consecutive records of a ledger, typed.

    `frame` has a column for each known field the source has, in the order of the field list;
    `extra` the columns nobody knows; `rows` the row numbers; `start` the position of the first
    record in the whole ledger; `input` what could not be read, in row order.
    """

    frame: pl.DataFrame
    extra: pl.DataFrame
    rows: pl.Series
    file: str
    sheet: str | None
    start: int
    input: list[InputFinding] = field(default_factory=list)
