"""What can be wrong, as data. In: nothing. Out: places and diagnostics.

A diagnostic names what is wrong, where, and what to do. The words live in `catalogue/*/*.json`; it
carries a code and the values the words need, so that it can be said in any language. No secret of
a name that a user gave is among them.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from msgspec import Struct, field
from msgspec.structs import force_setattr

from zhuanjie.engine.core.secrets import shown_name


class Place(Struct, frozen=True):
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

    def __post_init__(self) -> None:
        if self.file is not None and (shown := shown_name(self.file)) != self.file:
            force_setattr(self, "file", shown)


class Diagnostic(Struct, frozen=True):
    """One thing that is wrong: a message code, the values it quotes, and its place.

    `hint` is a message code too (what to do); its values come from the same `args`. `related` says
    what else has to do with it, each with its own place: who uses it, what brought it about.
    """

    code: str
    args: dict[str, Any] = field(default_factory=dict)
    place: Place = field(default_factory=Place)
    hint: str | None = None
    related: tuple[Diagnostic, ...] = ()

    def __post_init__(self) -> None:
        for name, value in self.args.items():
            if isinstance(value, str | PurePath) and shown_name(str(value)) != str(value):
                force_setattr(self, "args", {**self.args, name: shown_name(str(value))})
