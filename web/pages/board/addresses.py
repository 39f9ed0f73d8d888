"""Where figures lead. In: what was counted. Out: the address of the list of just that."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

from zhuanjie.web.pages.members.filters import ListFilter, behind
from zhuanjie.web.service.figure import AskedFigure

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

    def on(self, day: date) -> Addresses:
        """The addresses of the same board on another day."""
        return Addresses(day, self.today)

    def list(self, unit: str, alone: bool = False, **asked: str | None) -> str:
        """The list of a unit's members of whom something holds."""
        said = AskedFigure(**{name: value or "" for name, value in asked.items()})
        if self.day == self.today:
            return behind(said, unit, alone=alone)
        return self.listed(unit, said, alone=alone)

    def listed(self, unit: str, asked: AskedFigure, after: str | None = None, *,
               alone: bool = False) -> str:
        """A page of the list of a past day."""
        held = {"unit": unit, **({"alone": "1"} if alone else {}), **self._held,
                **{name: value for name, value in asked.query.items() if value},
                **({"after": after} if after else {})}
        return f"{ROOM}/list?{urlencode(held)}"

    def waivers(self, unit: str, state: str) -> str:
        """The list of a unit's waivers that stand so."""
        return f"{ROOM}/waivers?{urlencode({'unit': unit, **self._held, 'state': state})}"

    @staticmethod
    def covered(waiver: str) -> str:
        """The list of the members whom a waiver covers today."""
        return ListFilter(waiver=waiver).address()
