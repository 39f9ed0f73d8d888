"""Libraries beyond a plain install. In: an extra. Out: what it lacks, the error that says so."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from zhuanjie.engine.core.errors import UsageError, fail

LIBRARIES: Final = {
    "authoring": ("z3",),
    "duckdb": ("duckdb", "sqlglot"),
    "lakehouse": ("deltalake", "pyiceberg"),
    "lsp": ("pygls",),
    "postgresql": ("psycopg", "sqlglot"),
    "spark": ("pyspark", "pandas"),
    "web": ("alembic", "argon2", "authlib", "cryptography", "fastapi", "fontTools", "httptools",
            "jinja2", "joserfc", "prometheus_client", "psycopg", "pyotp", "python_multipart",
            "segno", "sqlalchemy", "starlette", "typst", "uvicorn"),
}
"""The extras of the distribution, and what each of them brings, by the name it is imported by."""


def can_import(library: str) -> bool:
    """Whether a library is there and works: one that was built wrong is as good as none."""
    try:
        import_module(library)
    except ImportError:
        return False
    return True


def lacking(extra: str) -> str | None:
    """The first library of an extra that cannot be imported; None where all can."""
    return next((name for name in LIBRARIES[extra] if not can_import(name)), None)


def missing(extra: str) -> UsageError:
    """What to raise where something needs an extra: `extra.<its name>` says what that is."""
    return fail(UsageError, f"extra.{extra}", hint="extra.hint", extra=extra,
                library=lacking(extra))
