"""Spark as an engine. In: statements and frames. Out: rows.

A frame goes over as a Parquet file. The session is the one that runs already, or one that is
started where Spark's own settings say (spark-defaults.conf, PYSPARK_SUBMIT_ARGS): else here.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from sqlglot import exp

from zhuanjie.engine.backends.sql.backend import Query, SqlBackend
from zhuanjie.engine.backends.sql.dialects import SPARK
from zhuanjie.engine.core.errors import BackendError, UsageError, fail

NAME = "spark"
_SETTINGS = {
    "spark.ui.enabled": "false",
    # Its messages quote records; what fails is said in our words.
    "spark.log.level": "OFF",
    "spark.sql.execution.pythonUDF.arrow.enabled": "false",
}
"""What a session of our own is started with; where it runs is left to Spark's own settings."""
_MEANING = {
    "spark.sql.session.timeZone": "UTC",
    # Else a constant such as ${env:HOME} would be replaced by what it names.
    "spark.sql.variable.substitute": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
}
"""What statements rely on: set for a session of ours, whoever started Spark."""


@cache
def session() -> SparkSession:
    """The session; raises UsageError where none can be started."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    logging.getLogger("SQLQueryContextLogger").disabled = True
    builder = SparkSession.builder.appName("zhuanjie")
    if SparkSession.getActiveSession() is None:
        for name, value in _SETTINGS.items():
            builder = builder.config(name, value)
    try:
        with _quiet():
            spark = builder.getOrCreate().newSession()
            for name, value in _MEANING.items():
                spark.conf.set(name, value)
            return spark
    except (PySparkException, Py4JError, OSError, RuntimeError) as error:
        raise fail(UsageError, "backend.spark.start", hint="backend.spark.hint.start",
                   detail=type(error).__name__) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the Java process says as it starts from stderr, which is ours."""
    kept = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


@contextmanager
def failing() -> Iterator[None]:
    """Turn the library's exceptions into ours; its messages may quote records."""
    try:
        yield
    except (PySparkException, Py4JError, ConnectionError) as error:
        raise fail(BackendError, "backend.failed", name=NAME,
                   detail=type(error).__name__) from error


class SparkBackend(SqlBackend):
    """Judges in Spark."""

    name = NAME
    dialect = SPARK

    def rows(self, frame: pl.DataFrame, query: Query) -> list[tuple[Any, ...]]:
        """See `SqlBackend.rows`."""
        spark = session()
        with failing(), tempfile.TemporaryDirectory(prefix="zhuanjie-") as folder:
            path = Path(folder) / "frame.parquet"
            frame.write_parquet(path)
            relation = exp.Table(this=exp.to_identifier(str(path), quoted=True),
                                 db=exp.to_identifier("parquet"))
            return [tuple(row) for row in spark.sql(self.dialect.sql(query(relation))).collect()]

    def row(self, select: exp.Select) -> Sequence[Any]:
        """See `SqlBackend.row`."""
        spark = session()
        with failing():
            return tuple(spark.sql(self.dialect.sql(select)).collect()[0])


ENGINE = SparkBackend()
