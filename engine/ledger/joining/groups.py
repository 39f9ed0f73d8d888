"""Which columns stand behind each record. In: homes of rows, what tables keep. Out: groups.

A field is absent for a record where no table that it comes from keeps it, be it that the table has
no column for it or that the row itself says so.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from zhuanjie.engine.ledger.joining.joined_table import RecordGroup
from zhuanjie.engine.ledger.joining.same_records import NUMBER

BITS = 62
"""Fields that one column of bits has room for."""


def group_rows(home: pl.Series, kept: Sequence[frozenset[str]], heights: Sequence[int],
               but: Sequence[pl.Series | None]) -> tuple[list[RecordGroup], pl.Series]:
    """The groups of records, and of each row that is a home its record's group by number.

    `kept` are the fields that each table keeps, `but` those of them that a row lacks, by name, with
    blanks between; None where no row of a table lacks any.
    """
    names = sorted(frozenset().union(*kept))
    pieces = [names[at:at + BITS] for at in range(0, len(names), BITS)]
    masks = [pl.repeat(0, len(home), dtype=pl.Int64, eager=True) for _ in pieces]
    start = 0
    for fields, height, lacking in zip(kept, heights, but, strict=True):
        # No two rows of a table are one record.
        at = home.slice(start, height)
        start += height
        for number, piece in enumerate(pieces):
            own: int | pl.Series = _bits(piece, fields)
            if lacking is not None:
                said = lacking.unique()
                own = lacking.replace_strict(said, pl.Series(
                    [_bits(piece, fields.difference(text.split())) for text in said],
                    dtype=pl.Int64), return_dtype=pl.Int64)
            masks[number] = masks[number].scatter(at, masks[number].gather(at) | own)
    bits = [f"#bits-{at}" for at in range(len(pieces))]
    frame = pl.DataFrame([mask.alias(name) for mask, name in zip(masks, bits, strict=True)])
    is_home = home == pl.int_range(len(home), dtype=NUMBER, eager=True)
    combined = frame.filter(is_home).unique(maintain_order=True).with_row_index("group")
    group = frame.join(combined, on=bits, how="left", maintain_order="left")["group"].fill_null(0)
    groups = [RecordGroup(frozenset(
        name for mask, piece in zip(row, pieces, strict=True)
        for bit, name in enumerate(piece) if mask >> bit & 1))
        for row in combined.select(bits).iter_rows()]
    return groups, group


def _bits(piece: Sequence[str], fields: frozenset[str]) -> int:
    return sum(1 << bit for bit, name in enumerate(piece) if name in fields)
