"""units of what is awaited. In: the revision before. Out: this one, or back.

Made on 2026-11-30.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = '0016'


def upgrade() -> None:
    """Go on from the revision before."""
    with op.batch_alter_table('awaited', schema=None) as batch_op:
        batch_op.add_column(sa.Column('unit', sa.Text(), nullable=True))
    op.execute(
        "UPDATE awaited SET unit = (SELECT unit FROM members WHERE members.id = awaited.member)")
    with op.batch_alter_table('awaited', schema=None) as batch_op:
        batch_op.alter_column('unit', existing_type=sa.Text(), nullable=False)


def downgrade() -> None:
    """Go back to it."""
    with op.batch_alter_table('awaited', schema=None) as batch_op:
        batch_op.drop_column('unit')
