"""A register with all its rooms. In: a URL, or none. Out: the one object that programs act on.

Rooms do not know one another: here their projectors, hooks and tables come together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from zhuanjie.engine.api import Policy, Vocabulary, kept_policy, office_day, settings
from zhuanjie.web.access import projection as access
from zhuanjie.web.service.place import RegisterPlace, place_of
from zhuanjie.web.store.change import Projector
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.members import KeyForms
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.transfer import projection as transfer

PROJECTORS: Final[tuple[Mapping[str, Projector], ...]] = (
    access.PROJECTORS, transfer.PROJECTORS)
"""The projectors of every room."""
PROJECTIONS: Final[tuple[str, ...]] = (*access.PROJECTIONS, *transfer.PROJECTIONS)
"""The tables that they fill."""


@dataclass(frozen=True)
class Register:
    """Every room of one register; safe to share among threads."""

    place: RegisterPlace
    database: RegisterDatabase
    store: RegisterStore
    vocabulary: Vocabulary
    day: Callable[[], date]
    """Today, where the office is."""

    def policy(self, day: date | None = None) -> Policy:
        """The policy that judges on `day`, or today, by the settings."""
        return _policy(day or self.day())

    def close(self) -> None:
        """Let the database go."""
        self.database.close()


def open_register(url: str | None = None, *, folder: Path | None = None,
                  now: Callable[[], datetime] = lambda: datetime.now(UTC),
                  day: Callable[[], date] = office_day) -> Register:
    """The register at `url` (or the usual place), made where there is none.

    `now` is the clock of events, `day` the day of the office. Raises UsageError for a URL or
    settings that cannot be used, OutputError where nothing can be written.
    """
    place = place_of(url, folder)
    place.make()
    database = RegisterDatabase(place.url)
    database.create()
    vocabulary = _policy(day()).vocabulary
    projectors: dict[str, Projector] = {}
    for room in PROJECTORS:
        projectors |= room
    store = RegisterStore(database, _forms(vocabulary), projectors=projectors,
                          projections=PROJECTIONS, now=now)
    store.begin()
    return Register(place, database, store, vocabulary, day)


def _policy(day: date) -> Policy:
    said = settings().options
    chosen, params = said.get("policy"), said.get("set")
    return kept_policy(chosen.value if chosen else None, as_of=day,
                       params=dict(params.value) if params else None)


def _forms(vocabulary: Vocabulary) -> KeyForms:
    """The fields that members are found by, and the form in which they are compared."""
    return {name: vocabulary.fields[name].compared for name in vocabulary.keys}
