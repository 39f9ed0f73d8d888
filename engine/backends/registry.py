"""The engines there are. In: a name. Out: the engine, imported only when asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from zhuanjie.engine.backends.base import Backend, ColumnBackend, RecordBackend
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.extras import LIBRARIES, can_import, lacking
from zhuanjie.engine.core.suggest import suggest

_MODULES = {
    "reference": "zhuanjie.engine.backends.reference.backend",
    "polars": "zhuanjie.engine.backends.polars.backend",
    "python": "zhuanjie.engine.backends.python.backend",
    "durable": "zhuanjie.engine.backends.durable.backend",
    "duckdb": "zhuanjie.engine.backends.sql.duckdb",
    "postgresql": "zhuanjie.engine.backends.sql.postgres",
    "spark": "zhuanjie.engine.backends.spark.backend",
}
NAMES = tuple(_MODULES)
OWN = ("reference", "polars", "python", "durable")
"""Engines that need nothing but the program."""
_COLUMNS = ("polars", "duckdb", "postgresql", "spark")
"""Engines that judge ledgers, and no single records."""
BULK = "polars"
"""The engine for ledgers that are not small, unless another is asked for."""
IN_PLACE = "postgresql"
"""The engine for a table of a database, unless another is asked for."""
SINGLE = "durable"
"""The engine for the `check` of a single record."""
EMBEDDED = "python"
"""The engine for programs that check records one by one, for events, for small ledgers, and where
there is no `SINGLE`."""
_NETWORK, _DURABLE = "durable_rules_engine", "durable-rules"
"""What `SINGLE` stands on, and what brings it: it is built from source, which not all can."""


@cache
def backend_of(name: str) -> Backend:
    """The engine called `name`; raises UsageError for one that there is not, or not installed."""
    if name not in _MODULES:
        close = suggest(name, NAMES)
        raise fail(UsageError, "backend.unknown", hint="hint.near" if close else "hint.known",
                   name=name, near=close, known=", ".join(NAMES))
    # An engine that needs an extra is called like it.
    if name in LIBRARIES and (library := lacking(name)):
        raise fail(UsageError, "backend.not-installed", hint="backend.hint.extra", name=name,
                   library=library, extra=name)
    if name == SINGLE and not can_import(_NETWORK):
        raise fail(UsageError, "backend.not-installed", hint="backend.hint.compiler", name=name,
                   library=_DURABLE)
    engine: Backend = import_module(_MODULES[name]).ENGINE
    return engine


def record_backend_of(name: str) -> RecordBackend:
    """The engine called `name`, if it judges single records; raises UsageError otherwise."""
    engine = backend_of(name)
    if not hasattr(engine, "judge_record"):
        able = ", ".join(n for n in NAMES if n not in _COLUMNS)
        raise fail(UsageError, "backend.not-single", hint="hint.known", name=name, known=able)
    return cast("RecordBackend", engine)


@cache
def single_engine() -> str:
    """The engine for a single record where none is asked for."""
    return SINGLE if can_import(_NETWORK) else EMBEDDED


def stand_in(asked: str | None) -> list[Diagnostic]:
    """What to say where no engine was asked for and another than `SINGLE` has to judge."""
    if asked is not None or single_engine() == SINGLE:
        return []
    return [Diagnostic("backend.stand-in", {"name": single_engine(), "library": _DURABLE},
                       hint="backend.hint.stand-in")]


def own_engines() -> tuple[str, ...]:
    """Those of `OWN` that can judge here."""
    return tuple(name for name in OWN if name != SINGLE or single_engine() == SINGLE)


def unavailable_engines() -> list[Diagnostic]:
    """What to say of those of `OWN` that cannot judge here."""
    return [Diagnostic("backend.left-out", {"name": name, "library": _DURABLE},
                       hint="backend.hint.build")
            for name in OWN if name not in own_engines()]


def column_backend_of(engine: Backend) -> ColumnBackend | None:
    """The engine as one for whole columns, if it is one."""
    return cast("ColumnBackend", engine) if hasattr(engine, "settled") else None


backend = backend_of
