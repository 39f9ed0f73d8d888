"""Rows that Spark reads and that are no records. In: raw cells. Out: these, and what is said.

Only rows that leave a doubt come to this process, a part at a time; what they are goes back to
stand beside them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from sqlglot import exp

from zhuanjie.engine.backends.sql.conditions import column
from zhuanjie.engine.backends.sql.dialects import SPARK
from zhuanjie.engine.backends.sql.row_roles import odd, said
from zhuanjie.engine.backends.sql.statement import ROW
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.row_roles import TOP, RowRoles

FILE, SAID = "file", "said"
_ID = "zhuanjie#id"


def with_roles(frame: DataFrame, roles: RowRoles, cells: Mapping[int, str],
               first: int) -> DataFrame:
    """`frame` with a column of what is said of rows that are no records, if there are any.

    `cells` names the columns of raw cells by position, `first` is the row of the first record.
    Rows without a number, those of a table, are told from one another by what they hold.
    """
    texts = {at: exp.cast(column(name), "TEXT") for at, name in cells.items()}
    is_odd = F.coalesce(F.expr(SPARK.sql(odd(SPARK, roles, texts))), F.lit(True))
    top = F.coalesce(F.col(ROW) < first + TOP, F.lit(False))
    who = _identity(frame, cells)
    looked = frame.filter(is_odd | top).select(ROW, who.alias(_ID), *(
        F.col(name).cast("string").alias(name) for name in cells.values()))
    found: dict[str, str] = {}
    for rows in _parts(looked.toLocalIterator()):
        places = [TOP if row[0] is None else row[0] - first for row in rows]
        for at, text in said(roles, [row[2:] for row in rows], list(cells), places).items():
            found[rows[at][1]] = text
    if not found:
        return frame
    # A constant and no join, and short: Spark writes it out wherever it is read.
    known = F.from_json(F.lit(json.dumps(found)), "map<string,string>")
    return frame.withColumn(SAID, F.when(who.isin(*found), F.element_at(known, who)))


def _identity(frame: DataFrame, cells: Mapping[int, str]) -> Column:
    """What tells a row from others: its place, or where it has none a digest of its cells."""
    if frame.filter(F.col(ROW).isNotNull()).isEmpty():
        return F.sha2(F.to_json(F.struct(*cells.values())), 256)
    return F.concat_ws(":", F.col(ROW).cast("string"), FILE)


def _parts(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while part := list(islice(rows, limits().fetched_rows)):
        yield part
