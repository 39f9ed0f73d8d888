"""Outcomes and clocks. In: the revision before. Out: this one, or back.

Made on 2026-11-30.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Go on from the revision before."""
    op.create_table(
        "clocks",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("turns_on", sa.Text(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("judged_on", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("not_judged", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("member", name=op.f("pk_clocks")),
    )
    with op.batch_alter_table("clocks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clocks_turns_on"), ["turns_on"], unique=False)

    op.create_table(
        "judging",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("parts", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judging")),
    )
    op.create_table(
        "outcomes",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("due", sa.Text(), nullable=True),
        sa.Column("days_late", sa.Integer(), nullable=True),
        sa.Column("running", sa.Boolean(), nullable=False),
        sa.Column("missing", sa.LargeBinary(), nullable=False),
        sa.Column("waiver", sa.Text(), nullable=True),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("judged_on", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("member", "rule", name=op.f("pk_outcomes")),
    )
    with op.batch_alter_table("outcomes", schema=None) as batch_op:
        batch_op.create_index("ix_outcomes_clause", ["clause", "outcome"], unique=False)
        batch_op.create_index(batch_op.f("ix_outcomes_due"), ["due"], unique=False)

    op.create_table(
        "shared_keys",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("sure", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "key", "member", name=op.f("pk_shared_keys")),
        info={"scoped": False},
    )
    with op.batch_alter_table("shared_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shared_keys_member"), ["member"], unique=False)


def downgrade() -> None:
    """Go back to it."""
    with op.batch_alter_table("shared_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shared_keys_member"))

    op.drop_table("shared_keys")
    with op.batch_alter_table("outcomes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outcomes_due"))
        batch_op.drop_index("ix_outcomes_clause")

    op.drop_table("outcomes")
    op.drop_table("judging")
    with op.batch_alter_table("clocks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clocks_turns_on"))

    op.drop_table("clocks")
