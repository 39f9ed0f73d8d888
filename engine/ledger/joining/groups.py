"""Which columns stand behind each record. In: homes of rows, what tables keep. Out: groups.

A field is absent for a record where no table that it comes from keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from zhuanjie.engine.ledger.joining.joined_table import RecordGroup

BITS = 62
"""Fields that one column of bits has room for."""


def group_rows(home: pl.Series, kept: Sequence[frozenset[str]],
               heights: Sequence[int]) -> tuple[list[RecordGroup], pl.Series]:
    """The groups of records, and of each row that is a home its record's group by number.

    `kept` are the fields that each table keeps.
    """
    names = sorted(frozenset().union(*kept))
    pieces = [names[at:at + BITS] for at in range(0, len(names), BITS)]
    bits = [f"#bits-{at}" for at in range(len(pieces))]
    masks = pl.concat([pl.DataFrame({column: pl.repeat(
        sum(1 << bit for bit, name in enumerate(piece) if name in fields), height,
        dtype=pl.Int64, eager=True) for column, piece in zip(bits, pieces, strict=True)})
        for fields, height in zip(kept, heights, strict=True)])
    records = masks.with_columns(home.alias("home")).group_by("home").agg(
        pl.col(bits).bitwise_or()).sort("home")
    combined = records.select(bits).unique(maintain_order=True).with_row_index("group")
    numbers = records.join(combined, on=bits, how="left", maintain_order="left")
    group = pl.repeat(0, len(home), dtype=pl.UInt32, eager=True).scatter(
        numbers["home"], numbers["group"])
    groups = [RecordGroup(frozenset(
        name for mask, piece in zip(row, pieces, strict=True)
        for bit, name in enumerate(piece) if mask >> bit & 1))
        for row in combined.select(bits).iter_rows()]
    return groups, group
