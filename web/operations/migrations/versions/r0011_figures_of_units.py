"""figures of units. In: the revision before. Out: this one, or back.

Made on 2026-11-30.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = '0010'


def upgrade() -> None:
    """Go on from the revision before."""
    op.create_table('figure_days',
    sa.Column('day', sa.Text(), nullable=False),
    sa.Column('upto', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('basis', sa.Text(), nullable=False),
    sa.Column('policy', sa.Text(), nullable=False),
    sa.Column('decision', sa.Text(), nullable=False),
    sa.Column('looked_at', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_figure_days'))
    )
    with op.batch_alter_table('figure_days', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_figure_days_looked_at'), ['looked_at'], unique=False)

    op.create_table('figures',
    sa.Column('unit', sa.Text(), nullable=False),
    sa.Column('figure', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('unit', 'figure', 'key', name=op.f('pk_figures'))
    )
    op.create_table('member_figures',
    sa.Column('member', sa.Text(), nullable=False),
    sa.Column('unit', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('late_since', sa.Text(), nullable=True),
    sa.Column('steps', sa.Text(), nullable=False),
    sa.Column('dark', sa.Text(), nullable=False),
    sa.Column('counted', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('member', name=op.f('pk_member_figures'))
    )
    with op.batch_alter_table('member_figures', schema=None) as batch_op:
        batch_op.create_index('ix_member_figures_late', ['late_since'], unique=False)
        batch_op.create_index('ix_member_figures_state', ['state', 'member'], unique=False)

    op.create_table('past_figures',
    sa.Column('day', sa.Text(), nullable=False),
    sa.Column('unit', sa.Text(), nullable=False),
    sa.Column('figure', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'unit', 'figure', 'key', name=op.f('pk_past_figures'))
    )
    op.create_table('past_standings',
    sa.Column('day', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('unit', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('late_since', sa.Text(), nullable=True),
    sa.Column('steps', sa.Text(), nullable=False),
    sa.Column('marks', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'subject', name=op.f('pk_past_standings'))
    )


def downgrade() -> None:
    """Go back to it."""
    op.drop_table('past_standings')
    op.drop_table('past_figures')
    with op.batch_alter_table('member_figures', schema=None) as batch_op:
        batch_op.drop_index('ix_member_figures_state')
        batch_op.drop_index('ix_member_figures_late')

    op.drop_table('member_figures')
    op.drop_table('figures')
    with op.batch_alter_table('figure_days', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_figure_days_looked_at'))

    op.drop_table('figure_days')
