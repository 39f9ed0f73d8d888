"""The table of imports. In: nothing. Out: SQLAlchemy's description of it; it is a projection."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Table, Text

from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.tables import SEQ

IMPORTS = Table(
    "imports", METADATA,
    Column("id", Text, primary_key=True),
    Column("first", SEQ, nullable=False),  # its first event
    Column("seq", SEQ, nullable=False, index=True),  # the event that ends it
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("unit", Text),
    Column("sha256", Text, nullable=False),  # of the files' bytes; empty for a database
    Column("reading", Text, nullable=False, index=True),  # of the bytes and how they were read
    Column("counts", LargeBinary, nullable=False),
    Column("undone", SEQ),  # the event that took it back
)
