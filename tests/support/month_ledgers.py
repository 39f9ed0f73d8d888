"""Ledgers for the fixture pack whose rules count by months. In: a source of chance. Out: rows."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

PACK = Path(__file__).parents[2] / "fixtures" / "packs" / "haiwan-2024-3"
DAY = date(2024, 6, 30)
MONTHS = ("member.born_on", "member.converted_on", "dues.paid_to", "dues.due_from")
DATES = ("letter.issued_on", "member.left_on", "arrival.accepted_on", "arrival.receipt_sent_on",
         "retention.last_contact_on")
TEXTS = {"destination.kind": ("employer_org", "residence_township", "retained"),
         "letter.serial": ("A1", "A2", "A3")}
UNREADABLE = ("2024", "2024-13", "六月", "2024-02-30", "3000-01", "1899-12", "0-1", "2024-0", "-")


def record(random: Random, number: int) -> dict[str, Any]:
    """A record whose months and days lie close together, any of them blank now and then."""
    out: dict[str, Any] = {"member.id": f"{number:04}"}
    for name in (*MONTHS, *DATES):
        day = DAY + timedelta(random.choice((-1, 1)) * random.choice((0, 1, 28, 29, 30, 31, 60)))
        if name == "member.born_on":
            day = day.replace(year=day.year - random.choice((18, 60)), day=min(day.day, 28))
        if random.random() < 0.15:
            continue
        out[name] = day.replace(day=1) if name in MONTHS else day
    for name, values in TEXTS.items():
        if random.random() < 0.85:
            out[name] = random.choice(values)
    return out


def written(random: Random, month: date) -> str:
    """A month as somebody writes it, or a day that lies in it."""
    y, m, d = month.year, month.month, random.randrange(1, 29)
    return random.choice((
        f"{y}-{m:02}", f"{y}-{m:02}", f"{y}-{m:02}", f"{y}.{m}", f"{y}/{m:02}", f"{y}{m:02}",
        f"{y}年{m}月", f"{y}-{m:02}-{d:02}", f"{y}{m:02}{d:02}", f"{y}年{m}月{d}日",
        f" {y} 年 {m} 月", f"{y}-{m:02}-{d:02} 10:30:00"))


def as_texts(random: Random, records: list[dict[str, Any]], messy: float) -> pl.DataFrame:
    """The same as texts, months in any form; some of them unreadable."""
    rows = []
    for values in records:
        row = {n: v.isoformat() if isinstance(v, date) else v for n, v in values.items()}
        for name in MONTHS:
            if name in row:
                row[name] = written(random, values[name])
            if random.random() < messy:
                row[name] = random.choice(UNREADABLE)
        rows.append(row)
    return pl.DataFrame(rows, schema=dict.fromkeys(("member.id", *MONTHS, *DATES, *TEXTS),
                                                   pl.String))


def as_days(random: Random, records: list[dict[str, Any]]) -> pl.DataFrame:
    """The same with days as days, and any day of the month where a month belongs."""
    rows = [values | {n: values[n].replace(day=random.randrange(1, 29))
                      for n in MONTHS if n in values} for values in records]
    return pl.DataFrame(rows, schema={
        "member.id": pl.String, **dict.fromkeys((*MONTHS, *DATES), pl.Date),
        **dict.fromkeys(TEXTS, pl.String)})
