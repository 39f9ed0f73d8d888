"""What a verification finds. In: events that are not what they were. Out: which, and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

MOST: Final = 100
"""How many flaws are named; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One difference. `code` is its message's, `seq` the event's number, `id` the event's own."""

    code: str
    seq: int | None = None
    id: str | None = None
    args: dict[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> tuple[str, dict[str, Any]]:
        """The code of its message in the catalogue, and what it quotes."""
        return f"register.trail.flaw.{self.code}", {
            "number": self.seq, "id": self.id or "?", **self.args}


class Flaws:
    """The flaws found so far, the first of them kept; of one event each kind once."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._found: dict[tuple[str, int | None, str], Flaw] = {}
        self.count = 0
        self._events: set[int] = set()

    def add(self, code: str, seq: int | None = None, id: str | None = None, **args: Any) -> None:
        """Take a flaw down."""
        key = (code, seq, str(args))
        if key in self._found:
            return
        self.count += 1
        if len(self._found) < self._most:
            self._found[key] = Flaw(code, seq, id, args)
        if seq is not None and len(self._events) < self._most:
            self._events.add(seq)

    def names(self, seq: int) -> bool:
        """Whether something is known of this event already."""
        return seq in self._events

    def __iter__(self) -> Iterator[Flaw]:
        return iter(sorted(self._found.values(), key=lambda f: (f.seq is None, f.seq or 0)))
