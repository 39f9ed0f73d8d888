"""what an office sets. In: the revision before. Out: this one, or back.

Made on 2026-11-30.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = '0009'


def upgrade() -> None:
    """Go on from the revision before."""
    op.create_table('office_settings',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('version', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_office_settings'))
    )


def downgrade() -> None:
    """Go back to it."""
    op.drop_table('office_settings')
