"""The table of work that comes by itself. In: nothing. Out: SQLAlchemy's description of it.

It stands beside events: it holds when something was done, and which process is at it.
"""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text

from zhuanjie.web.store.metadata import METADATA

DUTIES = Table(
    "duties", METADATA,
    Column("name", Text, primary_key=True),
    Column("due_at", Text, nullable=False),  # UTC, as events have it
    Column("leased_by", Text),
    Column("leased_until", Text),
    Column("done_at", Text),  # when it last came to its end
    Column("failures", Integer, nullable=False),  # since then
)
"""What is done from time to time, each by one process at a time."""
