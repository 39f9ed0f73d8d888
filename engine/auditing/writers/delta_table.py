"""A folder of findings as a Delta table. In: the folder, whole. Out: the table's log beside them.

The Parquet files stay as they are: a Delta table is such files and a log that names them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from zhuanjie.engine.core.errors import OutputError, fail
from zhuanjie.engine.core.extras import lacking, missing

_LOG = "_delta_log"


def check_delta() -> None:
    """Raise UsageError where what makes such tables is not installed."""
    if lacking("lakehouse"):
        raise missing("lakehouse")


def make_delta_table(folder: Path, keys: Sequence[str], schema: pl.Schema) -> None:
    """Have the findings in a folder, divided by the columns `keys`, be a Delta table.

    `schema` is that of all findings, for a folder without any. A table that is there stays: an
    audit that goes on after its last step has nothing left to do. Raises OutputError where the log
    cannot be written; the findings stay.
    """
    if (folder / _LOG).is_dir():
        return
    from deltalake import Field, Schema, convert_to_deltalake, write_deltalake
    from deltalake.schema import PrimitiveType

    columns = Schema([Field(key, PrimitiveType("string")) for key in keys])
    try:
        if next(folder.rglob("*.parquet"), None) is None:
            write_deltalake(folder, pl.DataFrame(schema=schema), partition_by=list(keys) or None)
            return
        convert_to_deltalake(folder, mode="error", partition_strategy="hive" if keys else None,
                             partition_by=columns if keys else None)
    except Exception as error:  # noqa: BLE001  # the library's kinds of error have no common one
        raise fail(OutputError, "audit.delta",
                   detail=str(error).partition("\n")[0]) from None
