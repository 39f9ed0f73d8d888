"""Where figures lead. In: what was counted. Out: the address of the list of just that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

ROOM = "/board"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of a board of a day; `today` is left out of them, so that links stay true."""

    day: date
    today: date
    against: date | None = None
    _held: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        held = {} if self.day == self.today else {"day": self.day.isoformat()}
        object.__setattr__(self, "_held", held)

    def board(self, unit: str, day: date | None = None, *, alone: bool = False) -> str:
        """The board of a unit, on this day or another."""
        held: dict[str, str] = {"unit": unit}
        at = day or self.day
        if at != self.today:
            held["day"] = at.isoformat()
        if self.against is not None and not alone:
            held["against"] = self.against.isoformat()
        return f"{ROOM}?{urlencode(held)}"

    def report(self, unit: str, ending: str = "") -> str:
        """The report on a unit, or a file of it."""
        return f"{ROOM}/report{ending}?{urlencode({'unit': unit, **self._held})}"

    def list(self, unit: str, alone: bool = False, **asked: str | None) -> str:
        """The list of a unit's members of whom something holds."""
        held: Mapping[str, str] = {
            "unit": unit, **({"alone": "1"} if alone else {}), **self._held,
            **{name: value for name, value in asked.items() if value is not None}}
        return f"{ROOM}/list?{urlencode(held)}"
