"""Headings that an office keeps. In: the revision before. Out: this one, or back.

Made on 2026-11-30.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Go on from the revision before."""
    op.create_table(
        "import_columns",
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("field", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("unit", "heading", "seq", name=op.f("pk_import_columns")),
    )


def downgrade() -> None:
    """Go back to it."""
    op.drop_table("import_columns")
