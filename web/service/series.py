"""Series as they stand. In: a connection, a book of numbers. Out: each with what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from zhuanjie.engine.api import Text
from zhuanjie.web.acts.numbers import NumberBook
from zhuanjie.web.acts.tables import SERIES


@dataclass(frozen=True, slots=True)
class SeriesStanding:
    """How far a series is, for a unit and a year where these count for themselves."""

    id: str
    title: Text
    by_unit: bool
    by_year: bool
    unit: str
    year: int
    prefix: str
    next: int
    text: str
    """The number that comes next, as it is written."""


def series_standing(conn: Connection, book: NumberBook, year: int) -> list[SeriesStanding]:
    """Every series for every unit and year of which there is something, the latest year first."""
    found: list[SeriesStanding] = []
    for id, said in book.acts.series.items():
        rows = [(row.counts_for, row.year, row.prefix, row.next) for row in conn.execute(
            select(SERIES).where(SERIES.c.series == id)
            .order_by(SERIES.c.counts_for, SERIES.c.year.desc()))]
        this = year if said.by_year else 0
        if not said.by_unit and not any(row[1] == this for row in rows):
            prefix = rows[0][2] if rows else said.prefix
            rows.insert(0, ("", this, prefix, 1))
        for unit, at, prefix, number in rows:
            text = said.form.format(prefix=prefix, unit=unit, year=at,
                                    number=f"{number:0{said.digits}}")
            found.append(SeriesStanding(id, said.title, said.by_unit, said.by_year, unit, at,
                                        prefix, number, text))
    return found
