"""Figures for whoever watches. In: what happens. Out: Prometheus' text, in which is nobody.

Labels are of few values each: a route's template and never a path, a status, a code of the
catalogue. What is counted in the database is asked for when the figures are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from zhuanjie import __version__
from zhuanjie.web.operations.tables import DUTIES
from zhuanjie.web.reminders import outbox
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.tables import TRAIL_HEAD

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
OTHER: Final = "other"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS: Final = (.005, .01, .02, .03, .05, .1, .25, .5, 1, 2.5, 5, 10, 30)
_MOST: Final = 200
"""How many values of one label are told apart; what comes after is OTHER."""


class RegisterMetrics:
    """The figures of one register in one process; safe to share among threads."""

    def __init__(self, database: RegisterDatabase | None = None) -> None:
        """With a database, what is in it is counted as well."""
        self.registry = CollectorRegistry()
        self._known: dict[str, set[str]] = {}
        self._info = Gauge("zhuanjie_info", "The program.", ["version"], registry=self.registry)
        self._info.labels(__version__).set(1)
        self._requests = Counter("zhuanjie_http_requests", "Requests that were answered.",
                                 ["method", "route", "status"], registry=self.registry)
        self._latency = Histogram("zhuanjie_http_request_seconds", "How long answers took.",
                                  ["route"], buckets=_SECONDS, registry=self.registry)
        self.in_flight = Gauge("zhuanjie_http_requests_in_flight", "Requests under way.",
                               registry=self.registry)
        self._changes = Counter("zhuanjie_changes", "Changes of the register that were kept.",
                                registry=self.registry)
        self._events = Counter("zhuanjie_events", "Events that were kept.",
                               registry=self.registry)
        self._judging = Histogram("zhuanjie_judging_seconds", "How long judging a change took.",
                                  buckets=_SECONDS, registry=self.registry)
        self._refused = Counter("zhuanjie_refused", "What was refused, by the message's code.",
                                ["code"], registry=self.registry)
        self._sent = Counter("zhuanjie_reminders", "Attempts to send a reminder, by result.",
                             ["result"], registry=self.registry)
        self._duties = Counter("zhuanjie_duties", "Duties that came to an end, by result.",
                               ["duty", "result"], registry=self.registry)
        if database is not None:
            self.registry.register(_Kept(database))

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is the template of its path."""
        route = self._label("route", route)
        self._requests.labels(method if method in _METHODS else OTHER, route, str(status)).inc()
        self._latency.labels(route).observe(seconds)

    def refused(self, code: str) -> None:
        """Something was refused, for the reason that `code` says."""
        self._refused.labels(self._label("code", code)).inc()

    def sent(self, result: str) -> None:
        """An attempt to send ended so."""
        self._sent.labels(self._label("result", result)).inc()

    def duty(self, name: str, done: bool) -> None:
        """A duty came to its end."""
        self._duties.labels(self._label("duty", name), "done" if done else "failed").inc()

    def hook(self, work: UnitOfWork) -> None:
        """The last hook of the store: counts a change about to be kept."""
        self._changes.inc()
        self._events.inc(len(work.leaves))

    def timed(self, hook: Callable[[UnitOfWork], None]) -> Callable[[UnitOfWork], None]:
        """A hook that judges, with its time taken."""
        def measured(work: UnitOfWork) -> None:
            with self.judging():
                hook(work)
        return measured

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Take the time of judging."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._judging.observe(time.perf_counter() - begun)

    def _label(self, name: str, value: str) -> str:
        """A value of a label, unless there are too many of them already."""
        known = self._known.setdefault(name, set())
        if value not in known:
            if len(known) >= _MOST:
                return OTHER
            known.add(value)
        return value


class _Kept(Collector):
    """What is counted in the database when somebody asks."""

    def __init__(self, database: RegisterDatabase) -> None:
        self._database = database

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing: to be registered it need not be asked."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The figures; where the database is away there is only that."""
        up = GaugeMetricFamily("zhuanjie_database_up", "Whether the database answers.")
        try:
            with self._database.reading() as conn:
                found = list(_counted(conn))
        except SQLAlchemyError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from found


def _counted(conn: Connection) -> Iterator[GaugeMetricFamily]:
    size = GaugeMetricFamily("zhuanjie_trail_size", "How many events there are.")
    size.add_metric([], conn.execute(select(TRAIL_HEAD.c.size)).scalar() or 0)
    yield size
    states = GaugeMetricFamily("zhuanjie_outbox", "Messages in the outbox, by state.",
                               labels=["state"])
    for state, count in outbox.counts(conn).items():
        states.add_metric([state], count)
    yield states
    failures = GaugeMetricFamily("zhuanjie_duty_failures", "Failures since a duty was last done.",
                                 labels=["duty"])
    for name, count in conn.execute(select(DUTIES.c.name, DUTIES.c.failures)):
        failures.add_metric([name], count)
    yield failures
