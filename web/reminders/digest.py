"""Digests. In: what is open, a day. Out: messages in the outbox, one a reader and day.

A digest counts: so many of a clause. It names nobody and quotes no number of anybody's, for mail
and chat keep what they are given, and whoever follows a link must sign in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Final, cast
from urllib.parse import urlencode

from sqlalchemy import Connection

from zhuanjie.engine.api import Lang, say
from zhuanjie.web.reminders.open_items import GroupedItem, OpenItems, grouped
from zhuanjie.web.reminders.outbox import Message, message_id, put
from zhuanjie.web.reminders.projection import ReminderList, reminder_lists
from zhuanjie.web.reminders.settings import ReminderSettings
from zhuanjie.web.store.database import EVERYTHING, RegisterDatabase, Scope

Titles = Callable[[Lang], Mapping[str, str]]
"""What clauses are called, in a language."""
UnitsBelow = Callable[[Connection, str], Scope]
"""A unit and those below it."""
_DIGEST: Final = "digest"


def only_itself(_conn: Connection, unit: str) -> Scope:
    """A register without a tree of units: each stands for itself."""
    return unit if unit == EVERYTHING else (unit,)


class Digests:
    """Decides once a day what each reader is told."""

    def __init__(self, database: RegisterDatabase, settings: ReminderSettings, items: OpenItems,
                 titles: Titles = lambda _lang: {}, below: UnitsBelow = only_itself,
                 unit_name: Callable[[Connection, str], str] = lambda _conn, unit: unit) -> None:
        self._database, self._settings, self._items = database, settings, items
        self._titles, self._below, self._unit_name = titles, below, unit_name

    def decide(self, day: date, now: datetime) -> int:
        """Put the digests of a day into the outbox; returns how many were not there before.

        Nothing is sent where nothing is open, nor on a day that the settings leave out.
        """
        if day.isoweekday() not in self._settings.weekdays:
            return 0
        with self._database.writing() as conn:
            return sum(self._decide(conn, reader, day, now) for reader in reminder_lists(conn))

    def _decide(self, conn: Connection, reader: ReminderList, day: date, now: datetime) -> bool:
        open_now = self._items(conn, self._below(conn, reader.unit))
        lines = grouped(open_now, day, self._settings.soon_days)
        if not lines:
            return False
        lang = cast("Lang", reader.lang)
        unit = (say("register.digest.everything", lang) if reader.unit == EVERYTHING
                else self._unit_name(conn, reader.unit))
        subject = say("register.digest.subject", lang, unit=unit, day=day.isoformat())
        body = digest_text(subject, lines, lang, self._titles(lang), self._settings.address,
                           None if reader.unit == EVERYTHING else reader.unit)
        id = message_id(_DIGEST, reader.id, day.isoformat())
        return put(conn, Message(id, reader.channel, reader.target, reader.unit, subject, body),
                   now)


def digest_text(heading: str, lines: Sequence[GroupedItem], lang: Lang,
                titles: Mapping[str, str], address: str, unit: str | None = None) -> str:
    """A digest in words, as Markdown that reads well where it is shown as it is.

    Its links lead to the lists that it counts, of `unit` where it is of one.
    """
    out = [f"**{heading}**"]
    for group, of_group in groupby(lines, key=lambda line: line.group):
        out += ["", say(f"register.digest.{group}", lang), ""]
        out += [f"- {_line(line, lang, titles, address, unit)}" for line in of_group]
    out += ["", say("register.digest.foot", lang)]
    return "\n".join(out) + "\n"


def _line(line: GroupedItem, lang: Lang, titles: Mapping[str, str], address: str,
          unit: str | None) -> str:
    title = titles.get(line.clause, "")
    clause = say("register.digest.clause", lang, clause=line.clause, title=title) if title \
        else line.clause
    if address:
        query = urlencode({"clause": line.clause, "group": line.group,
                           **({"unit": unit} if unit else {})})
        clause = f"[{clause}]({address.rstrip('/')}/members?{query})"
    code = "register.digest.line-due" if line.due is not None else "register.digest.line"
    due = line.due.isoformat() if line.due is not None else ""
    return say(code, lang, clause=clause, count=line.count, due=due)
