"""The tables of what is awaited. In: nothing. Out: SQLAlchemy's descriptions of them.

`awaited` is a projection; `awaited_basis` is none: it says by which condition it was made, so that
one that has another condition since is made anew.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Table, Text

from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.row_security import OWN_UNIT

AWAITED: Final = Table(
    "awaited", METADATA,
    Column("what", Text, primary_key=True),
    Column("member", Text, primary_key=True),
    Column("since", Text, nullable=False),  # a day, as ISO 8601 has it
    Column("unit", Text, nullable=False),  # the member's
    Index("ix_awaited_since", "what", "since", "member"),
    Index("ix_awaited_member", "member"),
    info=OWN_UNIT,
)
"""What has to come for whom, and since when."""

AWAITED_BASIS: Final = Table(
    "awaited_basis", METADATA,
    Column("what", Text, primary_key=True),
    Column("basis", Text, nullable=False),
)
