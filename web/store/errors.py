"""What a register refuses. In: diagnostics. Out: the errors that carry them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zhuanjie.engine.api import Diagnostic, ZhuanjieError


class RegisterError(ZhuanjieError):
    """Base of what a register refuses."""


class NotFoundError(RegisterError):
    """There is no such thing, or not for whoever asks."""


class ForbiddenError(RegisterError):
    """Whoever asks may not do this, or not here."""


class ConflictError(RegisterError):
    """Somebody was first: `changes` are the events since the version that the caller had seen."""

    changes: Sequence[Mapping[str, Any]] = ()


class RefusedError(RegisterError):
    """An act that the rules forbid at this moment: `findings` say which clause, and what mends it.

    `decision` is the id under which the trail keeps what was judged, `fix` what would let the act
    through, where that was searched for.
    """

    findings: Sequence[Mapping[str, Any]] = ()
    decision: str | None = None
    fix: Mapping[str, Any] | None = None

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
