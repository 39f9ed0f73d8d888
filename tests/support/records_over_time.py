"""Records of every time, around the days on which law changed. In: a seed. Out: values by field."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from support.amounts import amount
from support.party_transfer import fields

RECORDS = amount(240)
TURNS = (date(2007, 11, 1), date(2015, 7, 1), date(2019, 5, 6))
SERIALS = ("0001", "0002", "0003")


def day(random: Random, used: list[date]) -> date:
    """A day near a change of law, or near another of the record."""
    if used and random.random() < 0.4:
        return random.choice(used) + timedelta(random.choice((-1, 0, 1, 30, 90, 180, 365)))
    return random.choice(TURNS) + timedelta(random.choice((-400, -30, -1, -1, 0, 0, 1, 30, 400)))


def record(seed: int) -> dict[str, Any]:
    """A record of any time, any field of which may be blank."""
    random = Random(seed)
    blank = random.choice((0.1, 0.3, 0.6))
    out: dict[str, Any] = {"member.id": f"{seed:05d}"}
    used: list[date] = []
    for field in fields():
        if field.name in out or random.random() < blank:
            continue
        match field.type:
            case "date":
                used.append(day(random, used))
                out[field.name] = used[-1]
            case "bool":
                out[field.name] = random.random() < 0.5
            case "enum":
                out[field.name] = random.choice(list(field.values))
            case "int":
                out[field.name] = random.choice((0, 30, 90))
            case _:
                out[field.name] = random.choice(SERIALS if "serial" in field.name else ("甲", "乙"))
    if random.random() < 0.4:
        out["destination.kind"] = "retained"
    if random.random() < 0.3:
        out.pop("abroad.leaves_on", None)
    return out
