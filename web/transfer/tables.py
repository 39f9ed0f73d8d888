"""The tables of imports. In: nothing. Out: SQLAlchemy's descriptions, of projections."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Table, Text

from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.row_security import UNSCOPED
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

IMPORT_COLUMNS = Table(
    "import_columns", METADATA,
    Column("unit", Text, primary_key=True),
    Column("heading", Text, primary_key=True),  # as a ledger writes it
    Column("seq", SEQ, primary_key=True),  # the event that set it: the last one counts
    Column("field", Text),  # empty: set aside; null: the office says nothing of it any more
    info=UNSCOPED,  # a unit reads its columns as those above it do
)
