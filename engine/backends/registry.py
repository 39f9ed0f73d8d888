"""The engines there are. In: a name. Out: the engine, imported only when asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from zhuanjie.engine.backends.base import Backend, ColumnBackend, RecordBackend
from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.suggest import suggest

_MODULES = {
    "reference": "zhuanjie.engine.backends.reference.backend",
    "polars": "zhuanjie.engine.backends.polars.backend",
    "python": "zhuanjie.engine.backends.python.backend",
    "durable": "zhuanjie.engine.backends.durable.backend",
    "duckdb": "zhuanjie.engine.backends.sql.duckdb",
    "postgresql": "zhuanjie.engine.backends.sql.postgres",
    "spark": "zhuanjie.engine.backends.sql.spark",
}
_EXTRAS = {"duckdb": "duckdb", "pyspark": "spark", "py4j": "spark"}
"""The libraries that are not there unless asked for, and the extra that brings each."""
NAMES = tuple(_MODULES)
OWN = ("reference", "polars", "python", "durable")
"""Engines that need nothing but the program."""
_COLUMNS = ("polars", "duckdb", "postgresql", "spark")
"""Engines that judge ledgers, and no single records."""
BULK = "polars"
"""The engine for ledgers, unless another is asked for."""
IN_PLACE = "postgresql"
"""The engine for a table of a database, unless another is asked for."""
SINGLE = "durable"
"""The engine for the `check` of a single record."""
EMBEDDED = "python"
"""The engine for programs that check records one by one."""


@cache
def backend_of(name: str) -> Backend:
    """The engine called `name`; raises UsageError for one that there is not, or not installed."""
    if name not in _MODULES:
        close = suggest(name, NAMES)
        raise fail(UsageError, "backend.unknown", hint="hint.near" if close else "hint.known",
                   name=name, near=close, known=", ".join(NAMES))
    try:
        engine: Backend = import_module(_MODULES[name]).ENGINE
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        raise fail(UsageError, "backend.not-installed", hint="backend.hint.extra", name=name,
                   library=error.name, extra=extra) from None
    return engine


def record_backend_of(name: str) -> RecordBackend:
    """The engine called `name`, if it judges single records; raises UsageError otherwise."""
    engine = backend_of(name)
    if not hasattr(engine, "judge_record"):
        able = ", ".join(n for n in NAMES if n not in _COLUMNS)
        raise fail(UsageError, "backend.not-single", hint="hint.known", name=name, known=able)
    return cast("RecordBackend", engine)


def column_backend_of(engine: Backend) -> ColumnBackend | None:
    """The engine as one for whole columns, if it is one."""
    return cast("ColumnBackend", engine) if hasattr(engine, "settled") else None


backend = backend_of
