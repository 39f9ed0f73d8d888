"""Work that comes by itself. In: what is to be done, a clock. Out: it, done by one process.

Each duty is a row. Whoever finds it due leases it for a while, does it, and writes down when it is
due next: however many processes serve a register, one does it. A process that dies at it leaves a
lease that runs out; so a duty is something that may be begun twice.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from sqlalchemy import insert, or_, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from zhuanjie.web.operations.tables import DUTIES
from zhuanjie.web.reminders.outbox import moment
from zhuanjie.web.store.database import RegisterDatabase

Next = Callable[[datetime], datetime]
"""When something is due again, from now."""
_LOG: Final = logging.getLogger(__name__)
_LEASE: Final = timedelta(minutes=30)
_LOOKS: Final = 5.0
"""Seconds between two looks at what is due."""
_RETRIES: Final = (1, 5, 15, 60)
"""Minutes after a failure, by how many there were."""


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to do from time to time. `act` is told the moment, and may be begun twice."""

    name: str
    next: Next
    act: Callable[[datetime], object]


def every(pause: timedelta) -> Next:
    """Due again after a pause."""
    return lambda now: now + pause


def daily(at: time, zone: tzinfo) -> Next:
    """Due each day at a time of the office."""
    def following(now: datetime) -> datetime:
        here = now.astimezone(zone)
        day: date = here.date()
        found = datetime.combine(day, at, zone)
        # Compared as moments: in autumn an hour of the clock comes twice.
        while found.astimezone(UTC) <= now.astimezone(UTC):
            day += timedelta(days=1)
            found = datetime.combine(day, at, zone)
        return found.astimezone(UTC)
    return following


class DutyRunner:
    """Does what is due, in a thread of its own or when it is asked."""

    def __init__(self, database: RegisterDatabase, duties: Sequence[Duty], *,
                 now: Callable[[], datetime] = lambda: datetime.now(UTC),
                 told: Callable[[str, bool], None] = lambda _name, _done: None) -> None:
        """`told` hears the name of each duty that was done, and whether it was."""
        self._database, self._duties, self._now, self._told = database, duties, now, told
        self._runner = uuid.uuid4().hex
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop: what takes long looks at it."""
        return self._stop.is_set()

    def start(self) -> None:
        """Begin to look at what is due, again and again."""
        self._thread = threading.Thread(target=self._work, name="duties", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 30) -> None:
        """Stop once what is under way has come to its end."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                self.run_due()
            except SQLAlchemyError as error:  # the database is away: look again
                _LOG.warning("duties cannot be looked at", exc_info=error)
            self._stop.wait(_LOOKS)

    def run_due(self) -> list[str]:
        """Do what is due now; returns the names of what was done."""
        done = []
        for duty in self._duties:
            if self._stop.is_set():
                break
            now = self._now()
            if self._lease(duty, now) and self._do(duty, now):
                done.append(duty.name)
        return done

    def _lease(self, duty: Duty, now: datetime) -> bool:
        at = moment(now)
        with self._database.reading() as conn:
            row = conn.execute(select(DUTIES).where(DUTIES.c.name == duty.name)).first()
        if row is None:
            # What was never done is due now: a register that was off at the hour makes it up.
            try:
                with self._database.writing() as conn:
                    conn.execute(insert(DUTIES).values(
                        name=duty.name, due_at=at, failures=0))
            except IntegrityError:
                return False
        elif row.due_at > at or (row.leased_until is not None and row.leased_until >= at):
            return False
        with self._database.writing() as conn:
            return bool(conn.execute(
                update(DUTIES).where(
                    DUTIES.c.name == duty.name, DUTIES.c.due_at <= at,
                    or_(DUTIES.c.leased_until.is_(None), DUTIES.c.leased_until < at))
                .values(leased_by=self._runner, leased_until=moment(now + _LEASE))).rowcount)

    def _do(self, duty: Duty, now: datetime) -> bool:
        try:
            duty.act(now)
        except Exception as error:  # noqa: BLE001 - one that fails must not end the others
            _LOG.error("a duty failed: %s", duty.name, exc_info=error)
            self._end(duty, failed=True)
            self._told(duty.name, False)
            return False
        self._end(duty, failed=False)
        self._told(duty.name, True)
        return True

    def _end(self, duty: Duty, *, failed: bool) -> None:
        now = self._now()
        mine = (DUTIES.c.name == duty.name, DUTIES.c.leased_by == self._runner)
        with self._database.writing() as conn:
            had = conn.execute(select(DUTIES.c.failures).where(*mine)).scalar()
            if had is None:
                return
            if failed:
                pause = timedelta(minutes=_RETRIES[min(had, len(_RETRIES) - 1)])
                values = {"due_at": moment(min(now + pause, duty.next(now))),
                          "failures": had + 1}
            else:
                values = {"due_at": moment(duty.next(now)), "done_at": moment(now), "failures": 0}
            conn.execute(update(DUTIES).where(*mine).values(
                leased_by=None, leased_until=None, **values))
