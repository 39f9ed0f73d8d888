"""Deadlines as a subscription. In: a secret address. Out: a calendar, made anew.

Calendar programs sign in nowhere: the address is the key. It is told once, and only its hash is
kept; whoever has it sees counts, and names of cases only where its owner may see them and asked.
"""

from __future__ import annotations

import hmac
import re
import secrets
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Final, Protocol, cast

from sqlalchemy import Connection, insert, select, update

from zhuanjie.engine.api import Lang, Outcome, fail, say
from zhuanjie.report.formats.ics import all_day, calendar_of, uid_of
from zhuanjie.web.reminders.digest import Titles, UnitsBelow, only_itself
from zhuanjie.web.reminders.open_items import OpenItems
from zhuanjie.web.reminders.outbox import moment
from zhuanjie.web.reminders.tables import CALENDARS
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.database import EVERYTHING, RegisterDatabase, Scope
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import EventDraft

_SECRET: Final = 32
_ID: Final = re.compile("[0-9a-f]{32}")
_NOBODY: Final = bytes(32)
_OPEN: Final = (Outcome.VIOLATION, Outcome.PENDING)


@dataclass(frozen=True, slots=True)
class NamedItem:
    """A deadline of one case."""

    member: str
    label: str
    clause: str
    outcome: Outcome
    due: date


class NamedItems(Protocol):
    """The deadlines of cases in units."""

    def __call__(self, conn: Connection, units: Scope, /) -> Iterable[NamedItem]:
        """The deadlines, in any order."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A calendar's subscription, without its secret."""

    id: str
    unit: str
    owner: str
    named: bool
    lang: str
    made_at: str
    revoked_at: str | None


def subscribe(work: UnitOfWork, unit: str, owner: str, lang: Lang, *, named: bool,
              now: datetime) -> str:
    """A new subscription's token, which is told this once.

    Whether `owner` may see the unit, and its names, is for the caller to ask.
    """
    id, secret = uuid.uuid4().hex, secrets.token_urlsafe(_SECRET)
    work.conn.execute(insert(CALENDARS).values(
        id=id, secret=_hash(secret), unit=unit, owner=owner, named=named, lang=lang,
        made_at=moment(now)))
    work.record(EventDraft("calendar.made", unit=unit, data={
        "calendar": id, "owner": owner, "named": named}))
    return f"{id}.{secret}"


def revoke(work: UnitOfWork, id: str, now: datetime, *, owner: str | None = None) -> None:
    """End a subscription, one of `owner`'s if that is given; raises NotFoundError."""
    row = work.conn.execute(select(CALENDARS).where(CALENDARS.c.id == id)).first()
    if row is None or row.revoked_at is not None or owner not in {None, row.owner}:
        raise fail(NotFoundError, "register.calendar.none")
    work.conn.execute(update(CALENDARS).where(CALENDARS.c.id == id).values(
        revoked_at=moment(now)))
    work.record(EventDraft("calendar.revoked", unit=row.unit, data={"calendar": id}))


def subscriptions(conn: Connection, owner: str | None = None) -> list[Subscription]:
    """Every subscription, or those of one user, the newest last."""
    query = select(CALENDARS).order_by(CALENDARS.c.made_at, CALENDARS.c.id)
    if owner is not None:
        query = query.where(CALENDARS.c.owner == owner)
    return [Subscription(r.id, r.unit, r.owner, r.named, r.lang, r.made_at, r.revoked_at)
            for r in conn.execute(query)]


class Calendars:
    """Answers those who have a subscription's address."""

    def __init__(self, database: RegisterDatabase, items: OpenItems, named: NamedItems, *,
                 day: Callable[[], date], titles: Titles = lambda _lang: {},
                 below: UnitsBelow = only_itself,
                 may: Callable[[Connection, Subscription], tuple[bool, bool]] =
                 lambda _conn, of: (True, of.named)) -> None:
        """`may` says what a subscription's owner may see today: the unit, and its names."""
        self._database, self._items, self._named = database, items, named
        self._day, self._titles, self._below, self._may = day, titles, below, may

    def calendar(self, token: str) -> bytes:
        """The calendar of a token; raises NotFoundError, the same for every reason."""
        with self._database.reading() as conn:
            of = _found(conn, token)
            if of is not None:
                sees, names = self._may(conn, of)
                if sees:
                    return self._of(conn, of, names=names and of.named)
        raise fail(NotFoundError, "register.calendar.none")

    def _of(self, conn: Connection, of: Subscription, *, names: bool) -> bytes:
        lang = cast("Lang", of.lang)
        unit = say("register.digest.everything", lang) if of.unit == EVERYTHING else of.unit
        out = calendar_of(say("register.calendar.name", lang, unit=unit))
        today, units = self._day(), self._below(conn, of.unit)
        stamp, titles = datetime.combine(today, datetime.min.time(), UTC), self._titles(lang)
        entries = (self._cases(conn, units, titles, lang) if names
                   else self._counts(conn, units, titles, lang))
        for key, due, summary in sorted(entries, key=lambda e: (e[1], e[0])):
            out.add_component(all_day(uid_of(of.id, *key), stamp, due, summary))
        return bytes(out.to_ical())

    def _counts(self, conn: Connection, units: Scope, titles: Mapping[str, str],
                lang: Lang) -> Iterable[tuple[tuple[str, ...], date, str]]:
        counts: dict[tuple[str, Outcome, date], int] = {}
        for item in self._items(conn, units):
            if item.due is not None and item.outcome in _OPEN:
                key = (item.clause, item.outcome, item.due)
                counts[key] = counts.get(key, 0) + item.count
        for (clause, outcome, due), count in counts.items():
            code = "overdue" if outcome is Outcome.VIOLATION else "due"
            yield ((clause, outcome.value, due.isoformat()), due,
                   say(f"register.calendar.{code}", lang, clause=_clause(clause, titles, lang),
                       count=count))

    def _cases(self, conn: Connection, units: Scope, titles: Mapping[str, str],
               lang: Lang) -> Iterable[tuple[tuple[str, ...], date, str]]:
        for item in self._named(conn, units):
            if item.outcome in _OPEN:
                code = "overdue" if item.outcome is Outcome.VIOLATION else "due"
                yield ((item.clause, item.member, item.due.isoformat()), item.due,
                       say(f"output.ics.{code}", lang, clause=item.clause, record=item.label,
                           title=titles.get(item.clause, "")))


def _found(conn: Connection, token: str) -> Subscription | None:
    """The subscription of a token, found by the part that is no secret."""
    id, _, secret = token.partition(".")
    query = select(CALENDARS).where(CALENDARS.c.id == id)
    row = conn.execute(query).first() if _ID.fullmatch(id) else None
    # Compared even where there is no row: an answer takes as long for every wrong token.
    kept = bytes(row.secret) if row is not None else _NOBODY
    right = hmac.compare_digest(kept, _hash(secret))
    if row is None or not right or row.revoked_at is not None:
        return None
    return Subscription(row.id, row.unit, row.owner, row.named, row.lang, row.made_at, None)


def _clause(clause: str, titles: Mapping[str, str], lang: Lang) -> str:
    title = titles.get(clause)
    return say("register.digest.clause", lang, clause=clause, title=title) if title else clause


def _hash(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
