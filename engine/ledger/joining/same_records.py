"""Which rows of several tables are one record. In: their keys, as compared. Out: homes.

The home of a row is the first row of its record. Rows go by the first key that they have; what goes
by a later one is found by the rows that have both. Whatever is doubtful is left apart: a key that
stands twice in one table, or that goes with two others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
from msgspec import Struct

_NAME, _TABLE, _NO = "#name", "#table", "#no"
NUMBER = pl.UInt32
"""How rows are numbered over all tables."""


class Homes(Struct, frozen=True):
    """Where each row belongs, rows being numbered over all tables in their order.

    `repeated` has rows whose key came before though their table has it more than once, as `row` and
    `first`; `unclear` the rows whose key goes with several others.
    """

    home: pl.Series
    repeated: pl.DataFrame
    unclear: pl.Series


def find_homes(keys: Sequence[Mapping[str, pl.Series]], heights: Sequence[int],
               order: Sequence[str]) -> Homes:
    """The homes of the rows of tables that are so high, `order` being that of the keys."""
    there = [key for key in order if any(key in table for table in keys)]
    frame = pl.concat([pl.DataFrame({
        _TABLE: pl.repeat(number, height, dtype=pl.UInt32, eager=True),
        **{key: table[key] if key in table else
           pl.repeat(None, height, dtype=pl.String, eager=True) for key in there},
    }) for number, (table, height) in enumerate(zip(keys, heights, strict=True))]).with_row_index(
        _NO)
    unclear = [pl.Series(dtype=NUMBER)]
    name = pl.Series(_NAME, dtype=pl.String).extend_constant(None, len(frame))
    for number, key in enumerate(there):
        own = frame[key]
        if number and own.null_count() < len(own):
            found, doubtful = _by_both(own, name)
            unclear.append((name.is_null() & doubtful).arg_true().cast(NUMBER))
            name = name.zip_with(name.is_not_null(), found)
        tagged = pl.select(pl.lit(own) if not number else pl.format(
            "{}\x1f{}", pl.lit(number), pl.lit(own))).to_series()
        name = name.zip_with(name.is_not_null(), tagged)
    numbers, tables = frame[_NO], frame[_TABLE]
    # Numbers compare faster than texts; should two texts share one, the texts themselves decide.
    hashes = _hash64(name).zip_with(name.is_not_null(), pl.Series([None], dtype=pl.UInt64))
    first, again = _firsts(hashes, tables, numbers)
    if (name.gather(first.fill_null(0)) != name).fill_null(value=False).any():
        first, again = _firsts(name, tables, numbers)
    home = numbers.zip_with(again | first.is_null(), first)
    repeated = pl.DataFrame({"row": numbers, "first": first}).filter(
        again & (first < numbers).fill_null(value=False))
    return Homes(home.alias("home"), repeated, pl.concat(unclear).sort())


def homes_apart(keys: Sequence[Mapping[str, pl.Series]], heights: Sequence[int],
                alike: Sequence[object], order: Sequence[str]) -> Homes:
    """The homes of the rows of tables where each row is a record of its own.

    A key is repeated where it came before in a table that is `alike`: tables with different columns
    may well speak of the same records.
    """
    starts = [sum(heights[:at]) for at in range(len(heights))]
    repeated = []
    for kind in dict.fromkeys(alike):
        some = [at for at, other in enumerate(alike) if other == kind]
        numbers = pl.concat([pl.int_range(starts[at], starts[at] + heights[at], dtype=NUMBER,
                                          eager=True) for at in some])
        whole = {key: pl.concat([keys[at].get(key, pl.Series([None] * heights[at], dtype=pl.String))
                                 for at in some])
                 for key in order if any(key in keys[at] for at in some)}
        found = find_homes([whole], [len(numbers)], order).repeated
        repeated.append(found.select(numbers.gather(found[name]).alias(name)
                                     for name in found.columns))
    home = pl.int_range(sum(heights), dtype=NUMBER, eager=True).alias("home")
    return Homes(home, pl.concat(repeated).sort("row"), pl.Series(dtype=NUMBER))


def _firsts(name: pl.Series, table: pl.Series,
            number: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The first row of each name, null where there is none, and which names a table has twice."""
    frame = pl.DataFrame({_NAME: name, _TABLE: table, _NO: number})
    named = frame.filter(pl.col(_NAME).is_not_null())
    firsts = named.group_by(_NAME).agg(pl.col(_NO).min().alias("first"))
    first = frame.select(_NAME).join(firsts, on=_NAME, how="left", maintain_order="left")["first"]
    twice = pl.concat([name.clear(), *(
        part.filter(part.is_duplicated()) for part in (
            some[_NAME] for some in named.partition_by(_TABLE, maintain_order=True)))]).unique()
    if not len(twice):
        return first, pl.repeat(False, len(name), dtype=pl.Boolean, eager=True)
    return first, name.is_in(twice.implode()).fill_null(value=False)


def _by_both(own: pl.Series, name: pl.Series) -> tuple[pl.Series, pl.Series]:
    """What rows of a later key are called by an earlier one, and where that is not clear."""
    both = pl.DataFrame({"own": own, "name": name})
    pairs = both.drop_nulls().unique()
    clear = pairs.filter(pl.col("own").is_unique() & pl.col("name").is_unique())
    found = both.select("own").join(
        clear.rename({"name": "found"}), on="own", how="left", maintain_order="left")["found"]
    known = own.is_in(pairs["own"].unique().implode()).fill_null(value=False)
    return found, known & found.is_null()


def _hash64(names: pl.Series) -> pl.Series:
    return names.hash()
