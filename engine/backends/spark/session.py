"""The Spark session, classic or Connect. In: Spark's own settings. Out: a session, its failures.

The session is one of our own beside the one that runs already, or beside one that is started where
Spark's settings say (spark-defaults.conf, PYSPARK_SUBMIT_ARGS, SPARK_REMOTE): else here.
"""

from __future__ import annotations

import atexit
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from importlib import import_module
from typing import Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.utils import is_remote

from zhuanjie.engine.backends.spark.java import started_fast
from zhuanjie.engine.backends.spark.worker import Task, WorkerCall, unfit
from zhuanjie.engine.core.errors import BackendError, UsageError, fail

NAME = "spark"
BATCH = 1 << 16
"""Records in an Arrow batch."""
_SETTINGS = {
    "spark.ui.enabled": "false",
    # Its messages quote records; what fails is said in our words.
    "spark.log.level": "OFF",
}
"""What a session of our own is started with; where it runs is left to Spark's own settings."""
_MEANING = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH),
    # With more columns than this (100) Spark reads Parquet row by row.
    "spark.sql.codegen.maxFields": "4000",
    # A failure's trace is looked at for what workers lack.
    "spark.sql.execution.pyspark.udf.simplifiedTraceback.enabled": "false",
}
"""What a session of ours relies on, whoever started Spark."""
_UNCOMPILED = {"spark.sql.codegen.wholeStage": "false",
               "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
_LOCAL = re.compile(r"local(\[.*\])?")
_FAILURES: tuple[type[Exception], ...] = (PySparkException, Py4JError, ConnectionError)
_NO_START: tuple[type[Exception], ...] = (OSError, RuntimeError, ImportError)
with suppress(ImportError):  # only Connect needs it
    _FAILURES = (*_FAILURES, import_module("grpc").RpcError)


def session(*, reads: bool = False) -> SparkSession:
    """The session; raises UsageError where none can be started.

    `reads` says whether Spark itself is to read records, which only the call that starts it minds.
    """
    with nullcontext() if reads or _session.cache_info().currsize else started_fast():
        return _session()


@cache
def _session() -> SparkSession:
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    logging.getLogger("SQLQueryContextLogger").disabled = True
    builder = SparkSession.builder.appName("zhuanjie")
    others = SparkSession.getActiveSession() is not None
    if not others and not os.environ.get("SPARK_REMOTE", "").startswith("sc:"):
        for name, value in _SETTINGS.items():
            builder = builder.config(name, value)
    try:
        with _quiet():
            spark = _own(builder.getOrCreate(), others)
            for name, value in _MEANING.items():
                spark.conf.set(name, value)
            return spark
    except (*_FAILURES, *_NO_START) as error:
        raise fail(UsageError, "backend.spark.start", hint="backend.spark.hint.start",
                   detail=type(error).__name__) from None


@contextmanager
def uncompiled() -> Iterator[None]:
    """Have Spark interpret the queries of the block, in a session of our own.

    Where it deals out numbers, making classes of a query costs more than all that it runs.
    """
    if is_remote():
        yield
        return
    settings = session().conf
    with failing():
        for name, value in _UNCOMPILED.items():
            settings.set(name, value)
    try:
        yield
    finally:
        with suppress(*_FAILURES):
            for name in _UNCOMPILED:
                settings.unset(name)


def workers_here() -> bool:
    """Whether the workers are processes of this machine, and see what is seen here."""
    spark = session()
    return not is_remote() and _LOCAL.fullmatch(
        spark.sparkContext.master or "") is not None


def _own(spark: SparkSession, others: bool) -> SparkSession:
    """A session beside one that others use; Connect has had such only since Spark 4.3."""
    if not is_remote():
        return spark.newSession()
    if not others:
        # Left to the end of the interpreter its channel is waited for without end.
        atexit.register(spark.stop)
        return spark
    try:
        own = spark.newSession()
    except PySparkException:
        return spark
    atexit.register(own.stop)
    return own


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
    except _FAILURES as error:
        raise unfit(str(error)) or fail(BackendError, "backend.failed", name=NAME,
                                        detail=type(error).__name__) from error


def mapped(frame: Any, task: Task, schema: str) -> Any:
    """`frame` with its parts mapped by the workers; `schema` are the columns that come out."""
    call = WorkerCall(task)
    return frame.mapInArrow(lambda batches: call(batches), schema)  # noqa: PLW0108  # a function


def dealt(task: Task, parts: int, schema: str) -> Any:
    """What the workers make of the numbers of so many parts, which are dealt out one by one."""
    return mapped(session().range(0, parts, 1, parts), task, schema)
