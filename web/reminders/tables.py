"""The tables of reminders. In: nothing. Out: SQLAlchemy's descriptions of them.

`reminder_lists` is a projection of events. `outbox` (what is to be sent, and what became of it) and
`calendars` (hashes of secret addresses) stand beside events and are made from none.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text

from zhuanjie.web.store.metadata import METADATA

REMINDER_LISTS = Table(
    "reminder_lists", METADATA,
    Column("id", Text, primary_key=True),
    Column("unit", Text, nullable=False, index=True),  # or EVERYTHING
    Column("channel", Text, nullable=False),  # mail, or a webhook of the settings
    Column("target", Text, nullable=False),  # an address, or the webhook's name
    Column("lang", Text, nullable=False),
)
"""Who is told of a unit, and how."""

OUTBOX = Table(
    "outbox", METADATA,
    Column("id", Text, primary_key=True),  # of what was decided: the same decision is one row
    Column("channel", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("made_at", Text, nullable=False),  # UTC, as events have it
    Column("state", Text, nullable=False),  # waiting, sent, failed
    Column("due_at", Text, nullable=False),  # not to be tried before
    Column("attempts", Integer, nullable=False),
    Column("leased_by", Text),
    Column("leased_until", Text),
    Column("ended_at", Text),
    Column("doubtful", Boolean, nullable=False),  # an attempt ended without an answer
    Column("fault", Text),  # a code of the catalogue
    Index("ix_outbox_state", "state", "due_at"),
)
"""What is to be sent. Nobody's name or number is in it, but a reader's address is."""

CALENDARS = Table(
    "calendars", METADATA,
    Column("id", Text, primary_key=True),
    Column("secret", LargeBinary, nullable=False),  # its SHA-256
    Column("unit", Text, nullable=False),
    Column("owner", Text, nullable=False, index=True),  # a user's id
    Column("named", Boolean, nullable=False),  # whether it names cases
    Column("lang", Text, nullable=False),
    Column("made_at", Text, nullable=False),
    Column("revoked_at", Text),
)
"""Subscriptions to deadlines, each with an address of its own that nobody can guess."""
