"""The engines there are. In: a name. Out: the engine, imported only when asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from zhuanjie.engine.backends.base import Backend, ColumnBackend, RecordBackend
from zhuanjie.engine.errors import UsageError, fail
from zhuanjie.engine.source import near

_MODULES = {
    "reference": "zhuanjie.engine.backends.reference.backend",
    "polars": "zhuanjie.engine.backends.polars.backend",
    "python": "zhuanjie.engine.backends.python.backend",
    "durable": "zhuanjie.engine.backends.durable.backend",
}
NAMES = tuple(_MODULES)
BULK = "polars"
"""The engine for ledgers, unless another is asked for."""
SINGLE = "durable"
"""The engine for the `check` of a single record."""
EMBEDDED = "python"
"""The engine for programs that check records one by one."""


@cache
def backend_of(name: str) -> Backend:
    """The engine called `name`; raises UsageError for a name that there is not."""
    if name not in _MODULES:
        close = near(name, NAMES)
        raise fail(UsageError, "backend.unknown", hint="hint.near" if close else "hint.known",
                   name=name, near=close, known=", ".join(NAMES))
    engine: Backend = import_module(_MODULES[name]).ENGINE
    return engine


def record_backend_of(name: str) -> RecordBackend:
    """The engine called `name`, if it judges single records; raises UsageError otherwise."""
    engine = backend_of(name)
    if not hasattr(engine, "judge_record"):
        able = ", ".join(n for n in NAMES if n != BULK)
        raise fail(UsageError, "backend.not-single", hint="hint.known", name=name, known=able)
    return cast("RecordBackend", engine)


def column_backend_of(engine: Backend) -> ColumnBackend | None:
    """The engine as one for whole columns, if it is one."""
    return cast("ColumnBackend", engine) if hasattr(engine, "settled") else None


backend = backend_of
