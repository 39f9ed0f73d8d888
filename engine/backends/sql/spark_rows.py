"""Rows that Spark reads and that are no records. In: raw cells. Out: these, and what is said.

Only rows that leave a doubt come to this process, a part at a time; what they are goes back to
stand beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from sqlglot import exp

from zhuanjie.engine.backends.sql.conditions import column
from zhuanjie.engine.backends.sql.dialects import SPARK
from zhuanjie.engine.backends.sql.records import RowKind
from zhuanjie.engine.backends.sql.row_roles import none_filled, odd, said
from zhuanjie.engine.backends.sql.spark import session
from zhuanjie.engine.backends.sql.statement import ROW
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.row_roles import TOP, RowRoles

FILE, SAID = "file", "said"
_ID = "zhuanjie#id"


def with_roles(frame: DataFrame, roles: RowRoles, cells: Mapping[int, str],
               first: int) -> DataFrame:
    """`frame` with a column of what is said of rows that are no records; null beside a record.

    `cells` names the columns of raw cells by position, `first` is the row of the first record.
    Rows without a number, those of a table, are told from one another by what they hold.
    """
    texts = {at: exp.cast(column(name), "TEXT") for at, name in cells.items()}
    is_odd, empty = (F.coalesce(F.expr(SPARK.sql(tree)), F.lit(True)) for tree in (
        odd(SPARK, roles, texts), none_filled(texts)))
    top = F.coalesce(F.col(ROW) < first + TOP, F.lit(False))
    looked = frame.filter((is_odd | top) & ~empty).select(
        FILE, ROW, _identity(cells).alias(_ID), *(
            F.col(name).cast("string").alias(name) for name in cells.values()))
    found: dict[tuple[Any, ...], str] = {}
    for rows in _parts(looked.toLocalIterator()):
        places = [TOP if row[1] is None else row[1] - first for row in rows]
        for at, text in said(roles, [row[3:] for row in rows], list(cells), places).items():
            found[tuple(rows[at][:3])] = text
    nothing = F.when(empty, F.lit(str(RowKind.EMPTY.value)))
    if not found:
        return frame.withColumn(SAID, nothing)
    told = session().createDataFrame([(*key, text) for key, text in found.items()],
                                     "f string, r bigint, i string, t string")
    beside = frame.withColumn(_ID, F.when(is_odd | top, _identity(cells)))
    same = (beside[FILE].eqNullSafe(told["f"]) & beside[ROW].eqNullSafe(told["r"])
            & (beside[_ID] == told["i"]))
    return beside.join(F.broadcast(told), same, "left").withColumn(
        SAID, F.coalesce(F.col("t"), nothing)).drop("f", "r", "i", "t", _ID)


def _identity(cells: Mapping[int, str]) -> Column:
    """What tells rows that have no number from others: a digest of their cells."""
    whole = F.to_json(F.struct(*cells.values()))
    return F.when(F.col(ROW).isNull(), F.sha2(whole, 256)).otherwise(F.lit(""))


def _parts(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while part := list(islice(rows, limits().fetched_rows)):
        yield part
