"""What can be wrong, as data. In: nothing. Out: places and diagnostics.

A diagnostic names what is wrong, where, and what to do. The words live in `catalogue/*/*.json`; it
carries a code and the values the words need, so that it can be said in any language.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


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
