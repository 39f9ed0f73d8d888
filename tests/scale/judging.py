"""One trial: rules and records judged by engines. In: a number, a seed. Out: counts, disagreements.

A trial depends on its seed and its number alone, so that any of them can be repeated by itself.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

import polars as pl
from support.values import replace

from scale.found import Disagreement, verdicts_of
from scale.records import frame_of
from scale.rules import drawn_rules, features, plan_of
from scale.tally import Tally
from scale.worlds import BY_DATE, PACKS, World, world
from zhuanjie.engine.core.results import Verdict
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.policy.policy import TypedRule

SHARES = {"polars": 1.0, "python": 1.0, "durable": 0.15, "duckdb": 0.5, "postgresql": 0.3,
          "spark": 0.08}
"""What share of the outcomes each engine is asked about: what takes long, or takes long to start,
is asked about some."""
BY_RECORD = ("durable",)
"""Engines whose share is some records of every trial; of the others it is some trials."""
_OWN_RULES = 0.2
"""How often the rules are a pack's own, and not drawn."""
_MOST = 3
"""Disagreements that are kept of one trial and engine."""


@dataclass
class Trial:
    """What came of one."""

    tally: Tally = field(default_factory=Tally)
    found: list[Disagreement] = field(default_factory=list)


def shuffled_day(random: Random, day: date) -> date:
    """An as-of day about a world's own; ends of months and of February are frequent."""
    near = day + timedelta(random.choice((-61, -30, -1, 0, 0, 0, 1, 30, 365)))
    return random.choice((near, near, near.replace(day=1), near.replace(day=1) - timedelta(1)))


def rules_of(random: Random, where: World, of_each: int) -> Sequence[TypedRule]:
    """A pack's own rules, or some drawn over its vocabulary; editions come in packs by date."""
    if random.random() < (1.0 if where.name == BY_DATE else _OWN_RULES):
        return [r for r in where.policy.rules if r.shape != "reconcile"]
    return drawn_rules(random, where, of_each)


def run_trial(seed: str, number: int, engines: Sequence[str], *, size: int = 2000,
              of_each: int = 6, packs: Sequence[str] = tuple(PACKS)) -> Trial:
    """Judge `size` random records by random rules on every engine whose turn it is."""
    random = Random(f"{seed}-{number}")
    where = world(random.choice(packs))
    day = shuffled_day(random, where.day)
    rules = rules_of(random, where, of_each)
    read = sorted(frozenset[str]().union(*(r.fields for r in rules)))
    way = random.choice(("none", "none", "unknown", "blank", "left-out"))
    some = random.choice((1, 2, 4, max(1, len(read) // 2)))
    gone = frozenset(random.sample(read, min(some, len(read)))) if way != "none" and read else (
        frozenset[str]())
    absent = frozenset[str]() if way == "blank" else gone
    lists_all = way != "left-out"
    plan = plan_of(where, day, rules, absent, lists_all)
    frame = frame_of(random, plan, size)
    frame = frame.with_columns(
        pl.lit(None, frame.schema[n]).alias(n) for n in gone if n in frame.columns)

    trial = Trial()
    tally = trial.tally
    start = time.process_time()
    wanted = verdicts_of("reference", plan, frame, lists_all)
    tally.seconds["reference"] += time.process_time() - start
    assert isinstance(wanted, list), wanted
    tally.trials, tally.judged = 1, len(wanted)
    for rule in rules:
        tally.features.update(features(rule, where))
    tally.features[f"vocabulary:{where.vocabulary}"] += 1
    if gone:
        tally.features[f"absent:{way}"] += 1
    for engine in engines:
        asked = _rows_for(engine, number, size)
        if not asked:
            continue
        part = wanted if asked == size else [v for v in wanted if v.row < asked]
        start = time.process_time()
        found = verdicts_of(engine, plan, frame.head(asked), lists_all)
        tally.seconds[engine] += time.process_time() - start
        if found == part:
            tally.add(engine, ((plan.rules[v.rule].shape, str(v.outcome)) for v in part))
        else:
            base = Disagreement(where, day, tuple(rules), (), absent, engine, lists_all)
            trial.found += disagreements(base, plan, frame.head(asked), part, found)
    return trial


def _rows_for(engine: str, number: int, size: int) -> int:
    """How many records of a trial an engine is asked about."""
    share = SHARES.get(engine, 1.0)
    if engine in BY_RECORD:
        return max(1, round(size * share))
    return size if int((number + 1) * share) > int(number * share) else 0


def disagreements(base: Disagreement, plan: Plan, frame: pl.DataFrame, wanted: list[Verdict],
                  found: list[Verdict] | str) -> list[Disagreement]:
    """What differs, a record and a rule each where they can be told."""
    if isinstance(found, str):
        return [replace(base, records=tuple(map(_cells, frame.iter_rows(named=True))))]
    there, here = ({(v.row, v.rule): v for v in some} for some in (found, wanted))
    wrong = sorted(at for at in {*there, *here} if there.get(at) != here.get(at))
    if not wrong or len(found) != len({*there}):  # said twice, or in another order
        return [replace(base, records=tuple(map(_cells, frame.iter_rows(named=True))))]
    rules: dict[int, int] = {}
    for row, rule in wrong:
        rules.setdefault(rule, row)
    out = []
    for rule, row in list(rules.items())[:_MOST]:
        record = (_cells(frame.row(row, named=True)),)
        alone = replace(base, rules=(base.rules[rule],), records=record)
        out.append(alone if alone.stands else replace(base, records=record))
    return out


def _cells(row: dict[str, Any]) -> dict[str, Any]:
    return {n: v for n, v in row.items() if v is not None}
