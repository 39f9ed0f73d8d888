"""The tables of acts. In: nothing. Out: SQLAlchemy's descriptions of them.

`series`, `numbers`, `requests`, `waivers` and `attachments` are projections. `kept_answers` is
none: it holds what was answered to a request for a day, so that the same one does not act twice.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.tables import SEQ

SHARED: Final = {"scoped": False}
"""The `info` of tables whose rows all units share: they say nothing of anybody."""

SERIES = Table(
    "series", METADATA,
    Column("series", Text, primary_key=True),
    Column("counts_for", Text, primary_key=True),  # the unit, where each counts for itself
    Column("year", BigInteger, primary_key=True, autoincrement=False),  # 0 where all years count on
    Column("prefix", Text, nullable=False),
    Column("next", BigInteger, nullable=False),
    info=SHARED,
)
"""How far an office's series of numbers are."""

NUMBERS = Table(
    "numbers", METADATA,
    Column("series", Text, primary_key=True),
    Column("form", Text, primary_key=True),  # the number as it is compared
    Column("text", Text, nullable=False),
    Column("counts_for", Text, nullable=False),
    Column("year", BigInteger, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("number", BigInteger),  # nothing for one that the register did not give
    Column("member", Text, index=True),
    Column("state", Text, nullable=False),  # standing, voided, replaced, taken
    Column("given", SEQ),  # the event that gave it
    Column("ended", SEQ),  # the event that ended it
    Column("replaces", Text),
    Column("replaced_by", Text),
    UniqueConstraint("series", "counts_for", "year", "prefix", "number"),
)
"""Every number that was given or passed over, and what became of it."""

REQUESTS = Table(
    "requests", METADATA,
    Column("id", Text, primary_key=True),  # of the event that opened it
    Column("request", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("opened", SEQ, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting, or how it was answered
    Column("closed", SEQ),
    Column("answered_by", Text),
    Index("ix_requests_member", "member", "request", "state"),
    Index("ix_requests_state", "state", "opened"),
)
"""What one person asked and another has answered, or is to."""

WAIVERS = Table(
    "waivers", METADATA,
    Column("id", Text, primary_key=True),
    Column("member", Text, index=True),
    Column("unit", Text),
    Column("clause", Text),
    Column("rule", Text),
    Column("at_most", BigInteger),
    Column("granted_on", Text),
    Column("expires", Text, nullable=False),
    Column("state", Text, nullable=False),  # requested, approved, refused, revoked
    Column("asked_by", Text, nullable=False),
    Column("answered_by", Text),
    Column("requested", SEQ, nullable=False),  # the event that holds reason, basis and condition
    Column("answered", SEQ),
    Column("revoked", SEQ),
    Column("revoked_on", Text),
    Index("ix_waivers_state", "state"),
)
"""Waivers that were asked for, and what became of them."""

ATTACHMENTS = Table(
    "attachments", METADATA,
    Column("member", Text, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("added", SEQ, nullable=False),
    Column("removed", Boolean, nullable=False),
    Index("ix_attachments_sha256", "sha256"),
)
"""The files that events brought; their contents are in a folder, by their hashes."""

KEPT_ANSWERS = Table(
    "kept_answers", METADATA,
    Column("actor", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),  # the SHA-256 of what was asked
    Column("answer", LargeBinary, nullable=False),
    Column("at", Text, nullable=False, index=True),
    info=SHARED,
)
