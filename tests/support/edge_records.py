"""Records that sit on every edge of the notice. In: a seed and a day. Out: values by field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

from support.party_transfer import fields
from zhuanjie.engine.vocabulary.fields import Field

PACK = "fujian-2007-80"
# Distances at which something falls due, or an act stands to the one before it.
STEPS = (0, 0, 0, 1, 10, 15, 30, 45, 60, 90, 105, 120, 135, 180, 365, 366, 395, 545, 548, 730, 760)
TEXTS: Mapping[str, tuple[str, ...]] = {
    "phone": ("13000000000", "0595-2200000", "059122000000", "010 2200000", "1300000000",
              "１３００００００００0", "0595-220000", "01-22000000", "0595--2200000",
              "010-22000000", "1300000000a", "23000000000", "059-5220000000"),
    "name": ("林一", "林二", "林1"),
    "serial": ("0001", "1", "0002", "0003", "A-7"),
    "id_number": ("11010519491231002X",),
}


def near(random: Random, as_of: date) -> date:
    """A day close to where something turns; month ends are frequent."""
    step = random.choice(STEPS) + random.choice((-1, 0, 0, 0, 1))
    day = as_of - timedelta(random.choice((step, step, step, -step)))
    if random.random() < 0.1:
        day = day.replace(day=1) - timedelta(random.choice((0, 1)))
    return day


def value(random: Random, field: Field, as_of: date, used: list[date]) -> Any:
    if field.type == "date":
        if used and random.random() < 0.5:
            step = random.choice(STEPS) + random.choice((-1, 0, 0, 1))
            return random.choice(used) + timedelta(step)
        return near(random, as_of)
    if field.type == "month":  # as text: so it fits a column of any kind
        return near(random, as_of).isoformat()[:7]
    if field.type == "bool":
        return random.random() < 0.5
    if field.type == "enum":
        return random.choice(list(field.values))
    if field.name == "letter.valid_days":
        return random.choice((0, 1, 30, 90, -5, 36500))
    if field.type == "int":
        return random.choice((2006, 2007))
    return random.choice(next((t for k, t in TEXTS.items() if k in field.name), ("甲",)))


def record(seed: int, as_of: date) -> dict[str, Any]:
    """A record in which any field may be blank, more often in some records than in others."""
    random = Random(seed)
    blank = random.choice((0.02, 0.15, 0.15, 0.4))
    out: dict[str, Any] = {"member.id": f"{seed:06d}"}
    used: list[date] = []
    for field in fields():
        if field.name in out or random.random() < blank:
            continue
        out[field.name] = value(random, field, as_of, used)
        if field.type == "date":
            used.append(out[field.name])
    if random.random() < 0.6:  # else hardly any letter would agree with its member
        out |= {f"letter.{k}": out[f"member.{k}"] for k in ("name", "sex", "category")
                if f"member.{k}" in out}
    if random.random() < 0.3:
        out["letter.serial"] = f"N{seed}"
    if random.random() < 0.6 and "letter.serial" in out:
        out["letter.stub_serial"] = out["letter.receipt_serial"] = out["letter.serial"]
    return out


def chinese(record: Mapping[str, Any]) -> dict[str, Any]:
    """The same record as an office writes it."""
    out = {}
    for name, value in record.items():
        field = fields()[name]
        own = str(value).lower() if isinstance(value, bool) else value
        out[field.heading] = field.values.get(own, value) if field.values else value
    return out
