"""The engines against the reading by hand, on records that sit on every edge."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from oracle import Judged, judge_ledger

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.engine.backends.registry import NAMES
from zhuanjie.engine.core.results import Finding
from zhuanjie.engine.vocabulary.fields import Field, fields

PACK = "fujian-2007-80"
RECORDS = int(os.environ.get("ZHUANJIE_EXAMPLES", "700"))
SHARE = {"durable": 7}
"""Of how many records an engine takes one: matching single records is slow."""
DAYS = (date(2007, 12, 31), date(2008, 2, 29), date(2007, 8, 31))
WRITTEN = tuple(zip(DAYS, ("own", "Chinese", "own"), strict=True))
TIGHT = {"receipt_return_days": 10, "letter_validity_days": 0, "probation_months": 6,
         "extension_min_months": 1, "extension_max_months": 1, "contact_interval_days": 1}

# Distances at which something falls due, or an act stands to the one before it.
STEPS = (0, 0, 0, 1, 10, 15, 30, 45, 60, 90, 105, 120, 135, 180, 365, 366, 395, 545, 548, 730, 760)
TEXTS: Mapping[str, tuple[str, ...]] = {
    "phone": ("13000000000", "0595-2200000", "059122000000", "010 2200000", "1300000000",
              "１３００００００００0", "0595-220000", "01-22000000", "0595--2200000",
              "010-22000000", "1300000000a", "23000000000", "059-5220000000"),
    "name": ("林一", "林二", "林1"),
    "serial": ("0001", "1", "0002", "0003", "A-7"),
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


def outcomes(found: Iterable[Finding], rules: Mapping[str, str]) -> dict[str, dict[str, Judged]]:
    """Findings as the reading by hand puts them, by record and rule."""
    out: dict[str, dict[str, Judged]] = {}
    for f in found:
        out.setdefault(f.record or "", {})[rules[f.rule]] = Judged(
            f.outcome.value, f.due, f.days_late, frozenset(f.missing), f.clause)
    return out


# Spark's own way through a ledger is tried in tests/e2e/test_spark.py.
@pytest.mark.parametrize("backend", [n for n in NAMES if n != "spark"])
@pytest.mark.parametrize("params", [{}, TIGHT], ids=["default", "tight"])
@pytest.mark.parametrize(("as_of", "headings"), WRITTEN, ids=str)
def test_engines_read_the_notice_as_we_do(backend: str, params: dict[str, int], as_of: date,
                                          headings: str) -> None:
    first = DAYS.index(as_of) * RECORDS
    records = [record(first + i, as_of) for i in range(0, RECORDS, SHARE.get(backend, 1))]
    policy = load_policy(PACK, params=params)
    rules = {r.id: r.clause for r in policy.rules}
    given = records if headings == "own" else [chinese(r) for r in records]
    report = audit(given, policy, as_of=as_of, backend=backend, all_outcomes=True)
    assert not report.input
    said = outcomes(report.findings, rules)
    for mine, expected in zip(records, judge_ledger(records, as_of, params), strict=True):
        assert said[mine["member.id"]] == expected, mine


def test_a_file_reads_like_records(tmp_path: Path) -> None:
    as_of = DAYS[0]
    records = [record(i, as_of) for i in range(300)]
    file = tmp_path / "ledger.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, [f.heading for f in fields()])
        writer.writeheader()
        writer.writerows(chinese(r) for r in records)
    policy = load_policy(PACK)
    report = audit(file, policy, as_of=as_of, all_outcomes=True)
    said = outcomes(report.findings, {r.id: r.clause for r in policy.rules})
    assert list(said.values()) == judge_ledger(records, as_of)


def test_records_reach_every_outcome() -> None:
    """Every clause comes out every way it can, or the comparison above would prove little."""
    reached: dict[str, set[str]] = {}
    for as_of in DAYS:
        for found in judge_ledger([record(i, as_of) for i in range(3 * RECORDS)], as_of):
            for clause, judged in found.items():
                reached.setdefault(clause, set()).add(judged.outcome)
    always = {"1.1a", "1.1b", "1.3b", "1.3c", "1.3d", "1.3e", "1.5b", "1.6a", "1.6b", "1.6c",
              "1.6d", "2.1a", "2.1b", "2.1c", "2.2a", "2.3a", "2.3b", "2.5d"}
    deadlines = {"1.1a", "1.1b", "1.4a", "1.4b", "1.6b", "1.6c", "2.1b", "2.1c", "2.2a", "2.3a",
                 "2.3b", "2.4a", "2.5b"}
    for clause, outcome in reached.items():
        wanted = {"not_applicable", "satisfied", "violation"}
        wanted |= {"pending"} if clause in deadlines else set()
        wanted |= set() if clause in always else {"undetermined"}
        assert outcome == wanted, clause
