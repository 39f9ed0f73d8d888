"""What can go wrong, as data. In: nothing. Out: diagnostics and the exceptions that carry them.

Every error names what is wrong, where, and what to do. The words live in `messages/*.json`;
an error carries a code and the values the words need, so that it can be said in any language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file and, as far as known, its sheet, line, column or YAML path.

    `line` and `column` count from 1. `path` is a YAML path such as `rules[2].when`.
    `snippet` is the source text the column points into (with `caret`, a 0-based offset into it).
    """

    file: str | None = None
    sheet: str | None = None
    line: int | None = None
    column: int | str | None = None
    path: str | None = None
    snippet: str | None = None
    caret: int | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong: a message code, the values it quotes, and its place.

    `hint` is a message code too (what to do); its values come from the same `args`.
    """

    code: str
    args: dict[str, Any] = field(default_factory=dict)
    place: Place = field(default_factory=Place)
    hint: str | None = None


class ZhuanjieError(Exception):
    """Base of every error a caller may catch; carries one or more diagnostics."""

    exit_code = 2

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        # Imported late: the catalogue is read only when an error is shown.
        from zhuanjie.engine.text import say_diagnostic

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
