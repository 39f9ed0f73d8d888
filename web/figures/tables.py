"""The tables of figures. In: nothing. Out: SQLAlchemy's descriptions of them.

They follow from what is said of members, as outcomes do, and are no projections of events: whoever
has members judged anew has them counted anew. What was worked out of past days can be worked out
again at any time.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.row_security import OWN_UNIT
from zhuanjie.web.store.tables import SEQ

MEMBER_FIGURES = Table(
    "member_figures", METADATA,
    Column("member", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("late_since", Text),  # the earliest day on which something that is overdue was due
    Column("steps", Text, nullable=False),  # what the record has come to, in order
    Column("dark", Text, nullable=False),  # clauses that were not judged for want of columns
    Column("counted", LargeBinary, nullable=False),  # what it adds to which figure, as JSON
    Index("ix_member_figures_state", "state", "member"),
    Index("ix_member_figures_late", "late_since"),
    info=OWN_UNIT,
)
"""How each member stands, and what it is counted under."""

FIGURES = Table(
    "figures", METADATA,
    Column("unit", Text, primary_key=True),
    Column("figure", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("number", Integer, nullable=False),
)
"""The sums of what members of a unit are counted under."""

FIGURE_DAYS = Table(
    "figure_days", METADATA,
    Column("day", Text, primary_key=True),
    Column("upto", SEQ, nullable=False),  # the last event of the day
    Column("basis", Text, nullable=False),  # a hash of what else decides how the day comes out
    Column("policy", Text, nullable=False),  # the SHA-256 of the policy that judged
    Column("decision", Text, nullable=False),
    Column("looked_at", Text, nullable=False, index=True),
)
"""The past days that were worked out."""

PAST_FIGURES = Table(
    "past_figures", METADATA,
    Column("day", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("figure", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("number", Integer, nullable=False),
)
"""What the sums were at the end of a past day."""

PAST_STANDINGS = Table(
    "past_standings", METADATA,
    Column("day", Text, primary_key=True),
    Column("subject", Text, primary_key=True),  # a member, who may belong to another unit since
    Column("unit", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("late_since", Text),
    Column("steps", Text, nullable=False),
    Column("marks", Text, nullable=False),  # outcomes and clauses
)
"""How each member stood at the end of a past day."""
