"""The schema as the program has it. In: nothing. Out: every table of every room, differences."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any, Final

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from zhuanjie.web.store.metadata import METADATA

REVISION_TABLE: Final = "alembic_version"
_HOUSE: Final = __name__.rsplit(".", 2)[0]
"""The package whose packages are the rooms: imported by name, for it stands below them."""


def whole_schema() -> MetaData:
    """The tables of every room, which are found by where they stand: none can be forgotten."""
    house = import_module(_HOUSE)
    for room in iter_modules(house.__path__, f"{_HOUSE}."):
        if room.ispkg and find_spec(f"{room.name}.tables") is not None:
            import_module(f"{room.name}.tables")
    return METADATA


def differences(conn: Connection) -> list[Any]:
    """What sets the database's schema apart from the program's, as Alembic tells it."""
    context = MigrationContext.configure(conn, opts={
        "compare_type": True, "compare_server_default": True})
    found: list[Any] = compare_metadata(context, whole_schema())
    return found
