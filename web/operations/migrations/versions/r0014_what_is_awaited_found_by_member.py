"""what is awaited, found by member. In: the revision before. Out: this one, or back.

Made on 2026-11-30.
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = '0013'


def upgrade() -> None:
    """Go on from the revision before."""
    with op.batch_alter_table('awaited', schema=None) as batch_op:
        batch_op.create_index('ix_awaited_member', ['member'], unique=False)


def downgrade() -> None:
    """Go back to it."""
    with op.batch_alter_table('awaited', schema=None) as batch_op:
        batch_op.drop_index('ix_awaited_member')
