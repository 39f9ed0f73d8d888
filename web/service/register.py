"""A register with all its rooms. In: a URL, or none. Out: the one object that programs act on.

Rooms do not know one another: here their projectors, hooks and tables come together.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from zhuanjie.engine.api import (
    Policy,
    RegisterActs,
    UsageError,
    Vocabulary,
    fail,
    kept_policy,
    office_day,
    office_zone,
    register_acts,
    settings,
    shown_name,
)
from zhuanjie.web.access import projection as access
from zhuanjie.web.access.access import Access
from zhuanjie.web.access.code_keys import CodeBox, SealingKey, code_box
from zhuanjie.web.access.guard import AccessGuard
from zhuanjie.web.access.settings import access_settings
from zhuanjie.web.access.unit_names import unit_called
from zhuanjie.web.acts import projection as acts
from zhuanjie.web.acts.attachments import AttachmentFolder
from zhuanjie.web.acts.desk import ActRoom
from zhuanjie.web.acts.numbers import NumberBook
from zhuanjie.web.acts.perform import ActDesk
from zhuanjie.web.acts.waiver_rows import waiver_entries
from zhuanjie.web.acts.waivers import Waivers
from zhuanjie.web.evidence.checkpoints import Trail
from zhuanjie.web.evidence.new_key import signer_for
from zhuanjie.web.figures.keep import FigureKeeper
from zhuanjie.web.figures.past import PastFigures
from zhuanjie.web.judging.judging import Judging
from zhuanjie.web.judging.law import Law
from zhuanjie.web.letters import projection as letters
from zhuanjie.web.letters.desk import LetterDesk
from zhuanjie.web.letters.press import Press
from zhuanjie.web.operations.metrics import RegisterMetrics
from zhuanjie.web.operations.upkeep import Upkeep, bring_up
from zhuanjie.web.reminders import projection as reminders
from zhuanjie.web.service.law_book import LawBook
from zhuanjie.web.service.place import RegisterPlace, place_of
from zhuanjie.web.service.reads import ReadCounter
from zhuanjie.web.service.uploads import Uploads
from zhuanjie.web.settings import projection as office
from zhuanjie.web.settings.names import ACTS
from zhuanjie.web.settings.office import OfficeSettings
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.members import KeyForms
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.transfer import projection as transfer

PROJECTIONS: Final = (*access.PROJECTIONS, *acts.PROJECTIONS, *transfer.PROJECTIONS,
                      *reminders.PROJECTIONS, *office.PROJECTIONS, *letters.PROJECTIONS)
"""The tables that rooms make from events."""


@dataclass(frozen=True)
class Register:
    """Every room of one register; safe to share among threads."""

    place: RegisterPlace
    database: RegisterDatabase
    store: RegisterStore
    vocabulary: Vocabulary
    day: Callable[[], date]
    """Today, where the office is."""
    guard: AccessGuard
    judging: Judging
    acts: ActRoom
    waivers: Waivers
    attachments: AttachmentFolder
    trail: Trail
    access: Access
    settings: OfficeSettings
    letters: LetterDesk
    law_book: LawBook
    uploads: Uploads
    upkeep: Upkeep
    reads: ReadCounter
    past: PastFigures
    """Figures of past days."""

    def policy(self, day: date | None = None) -> Policy:
        """The policy that judges on `day`, or today, by the settings."""
        return self.judging.law.policy(day or self.day())

    def close(self) -> None:
        """Let the database go."""
        self.database.close()


def open_register(url: str | None = None, *, folder: Path | None = None,
                  now: Callable[[], datetime] = lambda: datetime.now(UTC),
                  day: Callable[[], date] = office_day, renewing: bool = False) -> Register:
    """The register at `url` (or the usual place), made where there is none.

    `now` is the clock of events, `day` the day of the office; `renewing` opens one whose keys are
    lost, to begin new ones and for nothing else. Raises UsageError for a URL, settings or keys that
    cannot be used, OutputError where nothing can be written.
    """
    place = place_of(url, folder)
    place.make()
    law = Law(_Policies())
    policy = law.policy(day())
    of_domain = register_acts(policy)
    database = RegisterDatabase(place.url)
    try:
        bring_up(database, place.folder)
        return _compose(place, database, law, policy, of_domain, now, day, renewing=renewing)
    except SQLAlchemyError as error:
        database.close()
        raise fail(UsageError, "register.database", hint="register.database.hint",
                   url=shown_name(str(database.url.render_as_string(hide_password=True))),
                   reason=type(error).__name__) from None


def _compose(place: RegisterPlace, database: RegisterDatabase, law: Law, policy: Policy,
             of_domain: RegisterActs, now: Callable[[], datetime],
             day: Callable[[], date], *, renewing: bool) -> Register:
    vocabulary = policy.vocabulary
    law.waivers = lambda conn, upto: waiver_entries(conn, vocabulary, upto)
    forms = _forms(vocabulary, of_domain)
    judging = Judging(law, day, [FigureKeeper(of_domain)])
    guard = AccessGuard(
        {act.id: act.act.permission for act in of_domain.acts.values()} | dict(ACTS))
    trail, metrics = Trail(None), RegisterMetrics(database)
    store = RegisterStore(
        database, forms, guard=guard, projections=PROJECTIONS, now=now,
        projectors=[access.PROJECTORS, acts.projectors(of_domain), transfer.PROJECTORS,
                    reminders.PROJECTORS, office.PROJECTORS, letters.projectors(of_domain)],
        hooks=[metrics.timed(judging.hook), trail.hook, metrics.hook])
    store.begin()
    box = CodeBox([SealingKey.new()]) if renewing else code_box(database, place.folder)
    with database.reading() as conn, suppress(*([UsageError] if renewing else [])):
        trail.signer = signer_for(conn, place.folder)
    letters.bring_up_awaited(database, of_domain)
    attachments = AttachmentFolder(place.folder / "attachments")
    unit_field = of_domain.unit_field
    compared = vocabulary.fields[unit_field].compared if unit_field else str

    def unit_of(conn: Connection, text: str) -> str | None:
        return unit_called(conn, text, compared)

    of_office = OfficeSettings(store, guard, place.folder)
    desk = ActDesk(of_domain, NumberBook(of_domain, frozenset(forms)), judging, unit_of, guard)
    return Register(
        place, database, store, vocabulary, day, guard, judging, ActRoom(store, desk, attachments),
        Waivers(law.policy, day), attachments, trail,
        Access(store, guard, access_settings(settings().register), box=box), of_office,
        LetterDesk(store, of_domain, guard, Press(place.folder), day),
        LawBook(vocabulary),
        Uploads(place.folder / "uploads"),
        Upkeep(store, place.folder, judging=judging, trail=trail, guard=guard, office=of_office,
               day=day, metrics=metrics), ReadCounter(store),
        PastFigures(law, of_domain, office_zone()))


class _Policies:
    """The policies of days, by the settings; the last few are kept."""

    def __init__(self) -> None:
        self._known: dict[date, Policy] = {}

    def __call__(self, day: date) -> Policy:
        known = self._known.get(day)
        if known is None:
            said = settings().options
            chosen, params = said.get("policy"), said.get("set")
            known = kept_policy(chosen.value if chosen else None, as_of=day,
                                params=dict(params.value) if params else None)
            if len(self._known) > _KEPT:
                self._known.clear()
            self._known[day] = known
        return known


_KEPT: Final = 16


def _forms(vocabulary: Vocabulary, of_domain: RegisterActs) -> KeyForms:
    """The fields that members are found by: keys, their name, what series number."""
    names = {*vocabulary.keys, *filter(None, (vocabulary.name,)),
             *(series.field for series in of_domain.series.values())}
    return {name: vocabulary.fields[name].compared for name in sorted(names)}
