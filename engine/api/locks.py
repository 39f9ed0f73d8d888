"""Locks for callers. In: a policy. Out: the packs it builds on as they are, and as a lock has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zhuanjie.engine.policy.found import LOCK
from zhuanjie.engine.policy.policy import Policy

if TYPE_CHECKING:
    from zhuanjie.engine.core.diagnostics import Diagnostic
    from zhuanjie.engine.policy.lock import LockedBase

__all__ = ["lock_changes", "lock_path", "lock_text", "locked_bases"]


def locked_bases(policy: Policy) -> Sequence[LockedBase]:
    """The packs that a policy builds on, the root first, as they are now."""
    from zhuanjie.engine.policy.lock import lock_of

    return lock_of(policy.chain)


def lock_path(policy: Policy) -> Path:
    """Where the lock of a pack stands, or would stand."""
    return policy.chain[-1].folder / LOCK


def lock_text(policy: Policy) -> str:
    """The lock of a policy as it is now."""
    from zhuanjie.engine.policy.lock import lock_text

    return lock_text(locked_bases(policy))


def lock_changes(policy: Policy, *, needed: bool = False) -> list[Diagnostic]:
    """What is otherwise than a pack's lock says, and (`needed`) whether it lacks one.

    Raises PolicyError for a file that is no lock.
    """
    from zhuanjie.engine.policy.lock import changed_bases, not_locked

    return [*(not_locked(policy.chain) if needed else ()), *changed_bases(policy.chain)]
