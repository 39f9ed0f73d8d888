"""Series of numbers. In: a change, a series. Out: the next number, each given once.

Who writes holds the trail's head, so that numbers are given one after another; a change that is
not kept takes its number back. A number that a case bears already, from a ledger, is passed over,
and that is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from zhuanjie.engine.api import RegisterActs, UsageError, fail, office_zone
from zhuanjie.web.acts.tables import NUMBERS, SERIES
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.errors import RefusedError
from zhuanjie.web.store.event import Event, EventDraft
from zhuanjie.web.store.members import find
from zhuanjie.web.store.tables import MEMBERS

STANDING, VOIDED, REPLACED, TAKEN = "standing", "voided", "replaced", "taken"
_LONGEST_PREFIX: Final = 40


@dataclass(frozen=True, slots=True)
class GivenNumber:
    """A number that is given: as it is written and compared, and those that it passes over."""

    series: str
    text: str
    form: str
    counts_for: str
    year: int
    prefix: str
    number: int
    passed: tuple[Mapping[str, Any], ...] = ()

    @property
    def data(self) -> dict[str, Any]:
        """What an event says of it."""
        return {"series": self.series, "text": self.text, "form": self.form,
                "counts_for": self.counts_for, "year": self.year, "prefix": self.prefix,
                "number": self.number, "passed": [dict(p) for p in self.passed]}


@dataclass(frozen=True, slots=True)
class NumberFate:
    """A number of a series, and what became of it."""

    text: str
    number: int | None
    state: str
    member: str | None
    given: int | None
    ended: int | None
    replaces: str | None = None
    replaced_by: str | None = None


@dataclass(frozen=True)
class NumberBook:
    """The series of a register."""

    acts: RegisterActs
    keys: frozenset[str] = field(default_factory=frozenset)
    """The fields that members are found by."""

    def next(self, conn: Connection, series: str, unit: str, day: date) -> GivenNumber:
        """The next number of a series, as it stands now; the event that takes it moves it on."""
        said = self.acts.series[series]
        counts_for, year = unit if said.by_unit else "", day.year if said.by_year else 0
        row = conn.execute(select(SERIES.c.prefix, SERIES.c.next).where(
            SERIES.c.series == series, SERIES.c.counts_for == counts_for,
            SERIES.c.year == year)).first()
        prefix, number = row if row is not None else (self._prefix(conn, series, counts_for), 1)
        passed: list[Mapping[str, Any]] = []
        while True:
            if number >= 10**said.digits:
                raise fail(RefusedError, "register.acts.series-full", series=said.title)
            text = said.form.format(prefix=prefix, unit=counts_for, year=year,
                                    number=f"{number:0{said.digits}}")
            form = self.form(series, text)
            if not self._is_taken(conn, series, form):
                return GivenNumber(series, text, form, counts_for, year, prefix, number,
                                   tuple(passed))
            passed.append({"number": number, "text": text, "form": form})
            number += 1

    def require(self, series: str) -> None:
        """Raise UsageError for a series that there is not."""
        if series not in self.acts.series:
            raise fail(UsageError, "register.acts.unknown-series", name=series,
                       known=", ".join(self.acts.series))

    def form(self, series: str, text: str) -> str:
        """A number as numbers of the series are compared."""
        return str(self.acts.fields[self.acts.series[series].field].compared(text))

    def _prefix(self, conn: Connection, series: str, counts_for: str) -> str:
        """What a new year's numbers begin with: as the year's before, or as the data say."""
        row = conn.execute(select(SERIES.c.prefix).where(
            SERIES.c.series == series, SERIES.c.counts_for == counts_for)
            .order_by(SERIES.c.year.desc()).limit(1)).first()
        return str(row.prefix) if row is not None else self.acts.series[series].prefix

    def _is_taken(self, conn: Connection, series: str, form: str) -> bool:
        known = select(NUMBERS.c.form).where(NUMBERS.c.series == series, NUMBERS.c.form == form)
        if conn.execute(known).first() is not None:
            return True
        name = self.acts.series[series].field
        return name in self.keys and (
            bool(find(conn, name, [form])) or form in self._withdrawn(conn, series))

    def _withdrawn(self, conn: Connection, series: str) -> set[str]:
        """The numbers that withdrawn cases bear: those are found by no key, and were given out."""
        name, found = self.acts.series[series].field, set[str]()
        for record in conn.execute(select(MEMBERS.c.record).where(
                MEMBERS.c.withdrawn.is_(True))).scalars():
            text = orjson.loads(record).get(name)
            if text is not None:
                found.add(self.form(series, str(text)))
        return found

    def ended(self, conn: Connection, series: str, member: str,
              record: Mapping[str, Any]) -> dict[str, Any] | None:
        """The number that a member bears now, as an event says which it ends; None for none."""
        row = conn.execute(select(NUMBERS.c.form, NUMBERS.c.text).where(
            NUMBERS.c.series == series, NUMBERS.c.member == member,
            NUMBERS.c.state == STANDING)).first()
        if row is not None:
            return {"series": series, "form": row.form, "text": row.text}
        text = record.get(self.acts.series[series].field)
        if text is None:
            return None
        return {"series": series, "form": self.form(series, str(text)), "text": str(text)}

    def set_series(self, work: UnitOfWork, series: str, *, unit: str = "", year: int | None = None,
                   prefix: str | None = None, next: int | None = None,
                   reason: str | None = None) -> Event:
        """Say how a series goes on; numbers that are passed over are explained by the event.

        Raises UsageError for a series that there is not, or one that would go back.
        """
        self.require(series)
        said = self.acts.series[series]
        counts_for = unit if said.by_unit else ""
        # By the office's clock, as numbers are given: at midnight it is ahead of that of events.
        here = datetime.fromisoformat(work.at).astimezone(office_zone())
        at = (year or here.year) if said.by_year else 0
        row = work.conn.execute(select(SERIES.c.prefix, SERIES.c.next).where(
            SERIES.c.series == series, SERIES.c.counts_for == counts_for,
            SERIES.c.year == at)).first()
        had = row.prefix if row is not None else self._prefix(work.conn, series, counts_for)
        was = row.next if row is not None else 1
        begins = had if prefix is None else prefix
        if len(begins) > _LONGEST_PREFIX or not begins.isprintable():
            raise fail(UsageError, "register.acts.prefix", most=_LONGEST_PREFIX)
        goes_on = (was if begins == had else 1) if next is None else next
        if goes_on < 1 or goes_on >= 10**said.digits or (begins == had and goes_on < was):
            raise fail(UsageError, "register.acts.series-back", next=goes_on, least=was)
        return work.record(EventDraft("series.set", unit=counts_for or None, reason=reason, data={
            "series": series, "counts_for": counts_for, "year": at, "prefix": begins,
            "next": goes_on, "was": {"prefix": had, "next": was}}))


def fates_of(conn: Connection, member: str) -> list[NumberFate]:
    """The numbers that a member bore or bears, the first first."""
    rows = conn.execute(select(NUMBERS).where(NUMBERS.c.member == member)
                        .order_by(NUMBERS.c.given, NUMBERS.c.form))
    return [_fate(row) for row in rows]


def fates(conn: Connection, series: str, *, after: str = "", limit: int = 1000) -> list[NumberFate]:
    """The numbers of a series that are seen, by how they are compared, and what became of each."""
    rows = conn.execute(select(NUMBERS).where(
        NUMBERS.c.series == series, NUMBERS.c.form > after)
        .order_by(NUMBERS.c.form).limit(limit))
    return [_fate(row) for row in rows]


def _fate(row: Any) -> NumberFate:
    return NumberFate(row.text, row.number, row.state, row.member, row.given, row.ended,
                      row.replaces, row.replaced_by)
