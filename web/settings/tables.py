"""The table of settings. In: nothing. Out: SQLAlchemy's description of it; a projection."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.tables import SEQ

OFFICE_SETTINGS = Table(
    "office_settings", METADATA,
    Column("name", Text, primary_key=True),  # of one thing that is set, such as forms/letter
    Column("value", Text, nullable=False),  # JSON
    Column("version", SEQ, nullable=False),  # the number of the event that set it
)
"""What holds now."""
