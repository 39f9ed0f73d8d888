"""The tables of the trail. In: nothing. Out: SQLAlchemy's descriptions of them.

None is a projection: tiles are made of hashes alone and can be made anew, checkpoints cannot.
"""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.tables import SEQ

TRAIL_TILES = Table(
    "trail_tiles", METADATA,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", SEQ, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)
"""Tiles of the tree: of leaves those that are whole (the rest is read from events), above all."""

TRAIL_CHECKPOINTS = Table(
    "trail_checkpoints", METADATA,
    Column("size", SEQ, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
)
"""Signed checkpoints. One was signed after the event whose number is its size."""
