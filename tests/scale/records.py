"""Random records over any vocabulary, by columns. In: chance, fields, a day. Out: a frame.

Values lie where rules turn: days about the as-of day and a few steps from each other, texts that an
office takes for the same, numbers at the bounds. Some records are nearly full, some nearly empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import polars as pl

from scale.expressions import texts_of
from zhuanjie.engine.auditing.uniqueness import DTYPES
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.rules import UNIQUE_ALL, UNIQUE_SURE
from zhuanjie.engine.vocabulary.fields import Field

STEPS = (0, 0, 1, 14, 15, 29, 30, 31, 45, 59, 60, 61, 89, 90, 91, 105, 120, 180, 181, 365, 366, 395)
BLANK = (0.03, 0.15, 0.5)
"""How many of a record's cells are blank."""


def days_about(random: Random, day: date, many: int = 24) -> list[date]:
    """Some days about one; ends of months are frequent."""
    out = [day + timedelta(random.choice((1, -1, -1)) * random.choice(STEPS)) for _ in range(many)]
    turns = [d.replace(day=1) - timedelta(random.choice((0, 1))) for d in out[: many // 3]]
    return out + turns


def values_of(random: Random, field: Field, days: Sequence[date]) -> list[Any]:
    """What a field may hold."""
    match field.type:
        case "bool":
            return [True, False]
        case "enum":
            return list(field.values)
        case "int":
            near = [v for v in (-5, -1, 0, 1, 2, 3, 12, 30, 60, 90, 2007, 2010, 2019, 2024)
                    if field.low <= v <= field.high]
            return [*near, field.low, field.high]
        case "date":
            return random.sample(list(days), min(len(days), 12))
        case "month":
            return sorted({d.replace(day=1) for d in random.sample(list(days), min(len(days), 10))})
        case _:
            texts = texts_of(field)
            return random.sample(texts, min(len(texts), 8))


def columns(random: Random, fields: Sequence[Field], day: date, size: int) -> dict[str, list[Any]]:
    """The cells of `size` records, by field."""
    days = days_about(random, day)
    blank = random.choices(BLANK, k=size)
    out = {}
    for field in fields:
        cells = random.choices(values_of(random, field, days), k=size)
        out[field.name] = [None if random.random() < b else v
                           for v, b in zip(cells, blank, strict=True)]
    return out


def schema_of(plan: Plan) -> dict[str, Any]:
    """The columns that a plan's engines read, and their types; never none."""
    read = plan.fields.sort({plan.key}.union(*(rule.fields for rule in plan.rules)))
    counts = [name.format(rule=r.id) for r in plan.unique for name in (UNIQUE_SURE, UNIQUE_ALL)]
    return {**{n: DTYPES[plan.fields[n].type] for n in read}, **dict.fromkeys(counts, pl.Int64)}


def frame_of(random: Random, plan: Plan, size: int) -> pl.DataFrame:
    """Records for a plan, with counts for what is to be unique; absent columns are blank."""
    schema = schema_of(plan)
    cells = columns(random, [plan.fields[n] for n in schema if "#" not in n], plan.as_of, size)
    for rule in plan.unique:
        sure = random.choices((0, 1, 1, 2) if rule.limit is None else (0, 1, 2, 3, 4), k=size)
        cells[UNIQUE_SURE.format(rule=rule.id)] = sure
        cells[UNIQUE_ALL.format(rule=rule.id)] = [
            n + more for n, more in zip(sure, random.choices((0, 0, 1), k=size), strict=True)]
    for name in plan.absent.intersection(cells):
        cells[name] = [None] * size
    return pl.DataFrame(cells, schema=schema)
