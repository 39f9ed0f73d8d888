"""Errors. In: diagnostics. Out: the exceptions that carry them.

Every error names what is wrong, where, and what to do; its diagnostics can be said in any language.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.messages import say_diagnostic


class ZhuanjieError(Exception):
    """Base of every error a caller may catch; carries one or more diagnostics."""

    exit_code = 2

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return "\n".join(say_diagnostic(d, "en") for d in self.diagnostics)


class UsageError(ZhuanjieError):
    """The call itself cannot be carried out (an option, a date, a name)."""


class InputError(ZhuanjieError):
    """A ledger, record or roster cannot be read at all."""


class PolicyError(ZhuanjieError):
    """A pack is refused; carries every mistake found in it, not only the first."""

    sources: Sequence[Any] = ()
    """The files that were read, for whoever looks further into a refused pack."""


class ExpressionError(ZhuanjieError):
    """An expression is not well formed or not well typed."""


class UnsupportedError(ExpressionError):
    """An expression is valid CEL but outside the subset, or beyond what a backend does."""


class OutputError(ZhuanjieError):
    """A result cannot be written where it was asked for."""


class BackendError(ZhuanjieError):
    """An engine failed while it was judging records; never to be read as no violation."""

    exit_code = 3


_E = TypeVar("_E", bound=ZhuanjieError)


def fail(kind: type[_E], code: str, /, place: Place | None = None, hint: str | None = None,
         **args: Any) -> _E:
    """Build an error of `kind` with a single diagnostic; the caller raises it."""
    return kind(Diagnostic(code, args, place or Place(), hint))
