"""What a ledger is read into. In: nothing. Out: the batch, the same for every kind of file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from zhuanjie.engine.core.results import InputFinding

if TYPE_CHECKING:
    import polars as pl

    from zhuanjie.engine.ledger.row_roles import RowRole


class Batch(Struct, frozen=True):
    """Some consecutive records of a ledger, typed.

    `frame` has a column for each known field the source has, in the order of the field list;
    `extra` the columns nobody knows; `rows` the row numbers; `start` the position of the first
    record in the whole ledger; `input` what could not be read, in row order; `others` the rows
    with something in them that are no records. `kept` are the fields that the records'
    table has a column for, None where it has no columns.
    """

    frame: pl.DataFrame
    extra: pl.DataFrame
    rows: pl.Series
    file: str
    sheet: str | None
    start: int
    input: list[InputFinding] = field(default_factory=list)
    others: Mapping[int, RowRole] = field(default_factory=dict)
    header_row: int | None = None
    kept: frozenset[str] | None = None
    key: str = ""
    """The field that names the records of this table."""
    doubted: frozenset[str] = frozenset()
    """Fields of which cells of one record contradict each other, so that nothing is known."""
    run: int | None = None
    """Batches of the same run have records that stand among one another; None for a run alone."""
