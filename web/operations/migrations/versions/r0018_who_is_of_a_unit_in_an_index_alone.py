"""who is of a unit in an index alone. In: the revision before. Out: this one, or back.

Made on 2026-11-30.
"""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = '0017'


def upgrade() -> None:
    """Go on from the revision before."""
    with op.batch_alter_table('members', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_members_unit'))
        batch_op.create_index('ix_members_unit', ['unit', 'id'], unique=False)


def downgrade() -> None:
    """Go back to it."""
    with op.batch_alter_table('members', schema=None) as batch_op:
        batch_op.drop_index('ix_members_unit')
        batch_op.create_index(batch_op.f('ix_members_unit'), ['unit'], unique=False)
