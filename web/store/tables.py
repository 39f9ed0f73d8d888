"""The tables of events and of members. In: nothing. Out: SQLAlchemy's descriptions of them.

`events`, `event_values`, `column_sets` and `trail_head` are the truth; `members` and `member_keys`
are projections, made anew from events at any time.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from zhuanjie.web.store.metadata import METADATA

SEQ = BigInteger().with_variant(Integer, "sqlite")
"""The number of an event. SQLite keeps whole numbers of 64 bits in an INTEGER."""

EVENTS = Table(
    "events", METADATA,
    Column("seq", SEQ, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("at", Text, nullable=False, index=True),  # UTC, to the microsecond, as ISO 8601 has it
    Column("kind", Text, nullable=False),
    Column("member", Text),
    Column("unit", Text),
    Column("actor", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Index("ix_events_member", "member", "seq"),
    Index("ix_events_kind", "kind", "seq"),
)

EVENT_VALUES = Table(
    "event_values", METADATA,
    Column("seq", SEQ, ForeignKey("events.seq"), primary_key=True, autoincrement=False),
    Column("secret", LargeBinary),
    Column("content", LargeBinary, nullable=False),  # {field: [before, after]}
    Column("salts", LargeBinary),  # {field: hex}, once something of the event was erased
    Column("erased", LargeBinary),  # {field: commitment}
)

COLUMN_SETS = Table(
    "column_sets", METADATA,
    Column("id", Text, primary_key=True),  # the start of its content's SHA-256
    Column("fields", LargeBinary, nullable=False),
)

TRAIL_HEAD = Table(
    "trail_head", METADATA,
    Column("id", Integer, primary_key=True),
    Column("size", SEQ, nullable=False),
    Column("leaf", LargeBinary, nullable=False),  # of the last event
    Column("at", Text, nullable=False),
)
"""One row, which whoever writes holds until the end."""

MEMBERS = Table(
    "members", METADATA,
    Column("id", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("record", LargeBinary, nullable=False),  # {field: value}, as JSON
    Column("columns", Text, nullable=False),  # the columns that the member's tables have
    Column("version", SEQ, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    # Who is of a unit, without a look at the rows themselves, which are long.
    Index("ix_members_unit", "unit", "id"),
    Index("ix_members_version", "version", "id"),  # what was changed last
    # Of those alone, so that nobody looks for all the others by it.
    Index("ix_members_withdrawn", "id", sqlite_where=text("withdrawn IS 1"),
          postgresql_where=text("withdrawn IS true")),
)

MEMBER_KEYS = Table(
    "member_keys", METADATA,
    Column("field", Text, primary_key=True),
    Column("form", Text, primary_key=True),  # as values of the field are compared
    Column("member", Text, primary_key=True, index=True),
)
"""By what members are found, and who shares what."""
