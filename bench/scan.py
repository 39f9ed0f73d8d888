"""The least a pass over a ledger can cost. In: a Parquet file. Out: one number for each column.

Every column the provincial pack uses is read and brought down to a number, as a stream, and no more
is done: dates, numbers and truth values are summed, texts by their length.
"""

from __future__ import annotations

import sys

import polars as pl
from pack_in_polars import FIELDS


def main(path: str) -> None:
    ledger = pl.scan_parquet(path)
    sums = []
    for name, kind in ledger.select(FIELDS).collect_schema().items():
        column = pl.col(name)
        if kind == pl.String:
            column = column.str.len_bytes()
        elif kind == pl.Date:
            column = column.to_physical()
        sums.append(column.cast(pl.Int64).sum())
    print(ledger.select(sums).collect(engine="streaming").row(0))


if __name__ == "__main__":
    main(*sys.argv[1:])
