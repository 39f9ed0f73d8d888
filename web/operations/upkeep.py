"""A register kept going. In: its rooms. Out: duties that run, routes for machines, figures.

One object a process: `start` when requests are taken, `stop` when a signal ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final, Protocol

import orjson
from sqlalchemy import Connection, select
from starlette.routing import Route

from zhuanjie.engine.api import Lang, Outcome, Policy, office_zone, settings_file
from zhuanjie.web.access.guard import AccessGuard
from zhuanjie.web.access.tables import UNITS, USERS
from zhuanjie.web.access.units import unit_tree
from zhuanjie.web.judging.judging import Judging
from zhuanjie.web.judging.rows import outcome_counts
from zhuanjie.web.judging.tables import OUTCOMES
from zhuanjie.web.operations.backup import write_backup
from zhuanjie.web.operations.duties import Duty, DutyRunner, daily, every
from zhuanjie.web.operations.health import Readiness, checks_of
from zhuanjie.web.operations.metrics import RegisterMetrics
from zhuanjie.web.operations.migrating import Migration, Revisions
from zhuanjie.web.operations.routes import operation_routes
from zhuanjie.web.operations.settings import OperationSettings, operation_settings
from zhuanjie.web.operations.tidying import tidy
from zhuanjie.web.reminders.calendar import Calendars, NamedItem, Subscription
from zhuanjie.web.reminders.delivery import Delivery, senders_of
from zhuanjie.web.reminders.digest import Digests
from zhuanjie.web.reminders.open_items import OpenItem
from zhuanjie.web.reminders.routes import calendar_routes
from zhuanjie.web.reminders.settings import (
    ReminderSettings,
    reminder_settings,
    settings_folder,
)
from zhuanjie.web.settings.office import OfficeSettings
from zhuanjie.web.store.database import EVERYTHING, RegisterDatabase, Scope
from zhuanjie.web.store.event import Actor
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import MEMBERS

BACKUPS: Final = "backups"
_OUTBOX: Final = timedelta(seconds=20)
_SIGN: Final = timedelta(hours=1)
_TIDY: Final = timedelta(hours=1)
_FIGURES: Final = timedelta(minutes=10)
CloseDays = Callable[[Callable[[], bool]], object]
"""Keeps figures; it is told how to ask whether to stop."""
_BACKUP: Final = "register-%Y%m%dT%H%M%SZ.zip"


def bring_up(database: RegisterDatabase, folder: Path, *, to: str | None = None,
             saved: Callable[[Path], None] = lambda _path: None,
             revisions: Revisions | None = None) -> Migration:
    """Bring a register's schema up before it is served; one with something in it is saved first.

    The backup stands in the register's folder; `saved` is told where. `to` names another revision
    than the last, an earlier one too. Raises UsageError for a register that is newer.
    """
    known = revisions or Revisions()

    def save(revision: str) -> None:
        place = folder / BACKUPS
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = datetime.now(UTC).strftime(f"before-{revision}-%Y%m%dT%H%M%S%fZ.zip")
        write_backup(database, place / name, folder=folder, settings=settings_file())
        saved(place / name)

    with database.reading() as conn:
        current = known.standing(conn).current
    if to is not None and current is not None and known.is_earlier(to, current):
        save(current)
        return known.downgrade(database, to)
    return known.upgrade(database, before=save, to=to)


class CheckpointSigner(Protocol):
    """What signs the trail."""

    @property
    def signer(self) -> object | None:
        """The key; None where there is none."""

    def checkpoint(self, store: RegisterStore) -> object:
        """Sign the trail as it is now."""


class Upkeep:
    """What a register does by itself while it is served, and what machines ask of it."""

    def __init__(self, store: RegisterStore, folder: Path, *, judging: Judging,
                 trail: CheckpointSigner, guard: AccessGuard, office: OfficeSettings,
                 day: Callable[[], date],
                 settings: OperationSettings | None = None,
                 reminders: ReminderSettings | None = None, zone: tzinfo | None = None,
                 metrics: RegisterMetrics | None = None) -> None:
        """`store` may have `metrics.hook` among its hooks. Raises UsageError for settings."""
        self.close_days: CloseDays = lambda _stopping: None
        """What keeps the figures of days that have passed: one at each call."""
        self._store, self._folder, self._day = store, folder, day
        self._judging, self._trail, self._guard, self._office = judging, trail, guard, office
        self._settings = settings or operation_settings()
        self._reminders = reminders or reminder_settings()
        self._sending = self._reminders
        database, beside = store.database, settings_folder()
        self.metrics = metrics or RegisterMetrics(database)
        self.readiness = Readiness(checks_of(
            database, folder, signs=lambda: trail.signer is not None))
        self._delivery = self._delivery_of(self._sending)
        self._digests = Digests(database, self._reminders, open_items, self._titles, units_below,
                                unit_title)
        self.calendars = Calendars(database, open_items, self._named, day=day,
                                   titles=self._titles, below=units_below, may=self._may)
        self.runner = DutyRunner(
            database, list(self._duties(zone or office_zone() or UTC)), now=store.now,
            told=self.metrics.duty)
        token = self._settings.metrics_token
        self.routes: list[Route] = [
            *operation_routes(self.readiness, self.metrics,
                              token.read(beside) if token is not None else None),
            *calendar_routes(self.calendars)]

    def start(self) -> None:
        """Begin with what comes by itself."""
        self.runner.start()

    def stop(self) -> None:
        """Take no more, and let what is under way come to its end."""
        self.readiness.draining = True
        self.runner.stop()

    def _duties(self, zone: tzinfo) -> Iterable[Duty]:
        yield Duty("judge", daily(self._settings.judge_at, zone), self._judge)
        yield Duty("digests", daily(self._reminders.at, zone),
                   lambda now: self._digests.decide(self._day(), now))
        yield Duty("outbox", every(_OUTBOX), lambda _now: self._send())
        if self._trail.signer is not None:
            yield Duty("sign", every(_SIGN), lambda _now: self._trail.checkpoint(self._store))
        yield Duty("tidy", every(_TIDY), self._tidy)
        yield Duty("figures", every(_FIGURES),
                   lambda _now: self.close_days(lambda: self.runner.stopping))
        if self._settings.backups is not None:
            yield Duty("backup", daily(self._settings.backup_at, zone), self._backup)

    def _send(self) -> None:
        with self._store.database.reading() as conn:
            said = self._office.reminders(conn, self._reminders)
        if said != self._sending:  # somebody set a server since
            self._delivery, self._sending = self._delivery_of(said), said
        self._delivery.run(lambda: self.runner.stopping)

    def _delivery_of(self, said: ReminderSettings) -> Delivery:
        store = self._store
        return Delivery(
            store.database, senders_of(said, settings_folder(), now=store.now), now=store.now,
            attempts=said.attempts, told=self.metrics.sent)

    def _judge(self, _now: datetime) -> None:
        with self.metrics.judging():
            for _batch in self._judging.catch_up(self._store):
                if self.runner.stopping:  # what is left is judged after the next start
                    break

    def _tidy(self, now: datetime) -> None:
        with self._store.database.writing() as conn:
            tidy(conn, now, timedelta(days=self._settings.answers_kept_days))
        self._office.tidy()

    def _backup(self, now: datetime) -> None:
        assert self._settings.backups is not None
        place = (settings_folder() or self._folder) / self._settings.backups
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_backup(self._store.database, place / now.astimezone(UTC).strftime(_BACKUP),
                     folder=self._folder, settings=settings_file(), now=self._store.now)
        for old in sorted(place.glob("register-*.zip"))[:-self._settings.backups_kept]:
            with suppress(OSError):
                old.unlink()

    def _policy(self) -> Policy:
        return self._judging.law.policy(self._day())

    def _titles(self, lang: Lang) -> Mapping[str, str]:
        return clause_titles(self._policy(), lang)

    def _may(self, conn: Connection, of: Subscription) -> tuple[bool, bool]:
        """What a calendar's owner may see today: a user's rights change, and end."""
        row = conn.execute(select(USERS).where(USERS.c.id == of.owner)).first()
        if row is None or row.disabled:
            return False, False
        actor = Actor(row.id, row.role, row.unit, "calendar")
        sees = self._guard.may(conn, actor, "read", None if of.unit == EVERYTHING else of.unit)
        return sees, sees

    def _named(self, conn: Connection, units: Scope) -> Iterable[NamedItem]:
        """The deadlines of cases, each with the key that its ledger has."""
        key = self._policy().vocabulary.keys[0]
        query = select(OUTCOMES.c.member, OUTCOMES.c.clause, OUTCOMES.c.outcome, OUTCOMES.c.due,
                       MEMBERS.c.record).join_from(
            OUTCOMES, MEMBERS, OUTCOMES.c.member == MEMBERS.c.id).where(OUTCOMES.c.due.is_not(None))
        if units != EVERYTHING:
            query = query.where(MEMBERS.c.unit.in_(list(units)))
        for row in conn.execute(query):
            label = str(orjson.loads(row.record).get(key, row.member))
            yield NamedItem(row.member, label, row.clause, Outcome(row.outcome),
                            date.fromisoformat(row.due))


def clause_titles(policy: Policy, lang: Lang) -> dict[str, str]:
    """What each clause is called: its first rule's title."""
    titles: dict[str, str] = {}
    for rule in policy.rules:
        titles.setdefault(rule.clause, getattr(rule.title, lang))
    return titles


def open_items(conn: Connection, units: Scope) -> list[OpenItem]:
    """What is open in units, from the outcomes that the register keeps."""
    return [OpenItem(c.clause, c.outcome, c.due, c.count) for c in outcome_counts(conn, units)]


def units_below(conn: Connection, unit: str) -> Scope:
    """A unit and those below it."""
    if unit == EVERYTHING:
        return EVERYTHING
    return list(dict.fromkeys((unit, *unit_tree(conn).below(unit))))


def unit_title(conn: Connection, unit: str) -> str:
    """What a unit is called."""
    title = conn.execute(select(UNITS.c.title).where(UNITS.c.id == unit)).scalar()
    return title or unit
