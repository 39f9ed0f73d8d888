"""what is awaited. In: the revision before. Out: this one, or back.

Made on 2026-11-30.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = '0012'


def upgrade() -> None:
    """Go on from the revision before."""
    op.create_table('awaited',
    sa.Column('what', sa.Text(), nullable=False),
    sa.Column('member', sa.Text(), nullable=False),
    sa.Column('since', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('what', 'member', name=op.f('pk_awaited'))
    )
    with op.batch_alter_table('awaited', schema=None) as batch_op:
        batch_op.create_index('ix_awaited_since', ['what', 'since', 'member'], unique=False)

    op.create_table('awaited_basis',
    sa.Column('what', sa.Text(), nullable=False),
    sa.Column('basis', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('what', name=op.f('pk_awaited_basis'))
    )


def downgrade() -> None:
    """Go back to it."""
    op.drop_table('awaited_basis')
    with op.batch_alter_table('awaited', schema=None) as batch_op:
        batch_op.drop_index('ix_awaited_since')

    op.drop_table('awaited')
