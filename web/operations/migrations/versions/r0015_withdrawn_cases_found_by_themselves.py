"""withdrawn cases found by themselves. In: the revision before. Out: this one, or back.

Made on 2026-11-30.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = '0014'


def upgrade() -> None:
    """Go on from the revision before."""
    with op.batch_alter_table('members', schema=None) as batch_op:
        batch_op.create_index(
            'ix_members_withdrawn', ['id'], unique=False,
            sqlite_where=sa.text('withdrawn IS 1'),
            postgresql_where=sa.text('withdrawn IS true'))


def downgrade() -> None:
    """Go back to it."""
    with op.batch_alter_table('members', schema=None) as batch_op:
        batch_op.drop_index('ix_members_withdrawn')
