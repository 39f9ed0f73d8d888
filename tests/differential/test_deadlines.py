"""What is due is chosen in columns; held against all outcomes in words, judged one by one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.marks import few
from support.messy_ledgers import ledger
from support.records_over_time import record as drawn
from support.values import replace

from zhuanjie.engine.api import DueList, audit, deadlines, load_policy, open_acts, part_of
from zhuanjie.engine.auditing.stages.base import StageContext
from zhuanjie.engine.auditing.stages.registry import STAGES
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.backends.verdicts import Verdicts
from zhuanjie.engine.core.limits import Limits, limits, using
from zhuanjie.engine.core.results import OUTCOME_CODES, Finding, Outcome, Summary
from zhuanjie.engine.policy.policy import Policy

ROOT = Path(__file__).resolve().parents[2]
TINY = Limits(reported_rows=7, hashed_rows=5, beat_rows=3, slice_rows=6, text_rows=4, typed_rows=6,
              sample_rows=4, chunk_rows=6, stream_from=0, batch_rows=5)
DAYS = (date(2007, 12, 31), date(2016, 1, 31), date(2021, 6, 30))


def by_hand(ledgers: list[Path], policy: Policy, within: int | None,
            options: dict[str, Any]) -> list[Finding]:
    """Every outcome put into words; of these, what has a day and is not done."""
    last = options["as_of"] + timedelta(days=10**5 if within is None else within)
    rules = {rule.id: rule for rule in policy.rules}

    def is_open(found: Finding) -> bool:
        rule = rules[found.key]
        if found.due is None or found.due > last:
            return False
        if found.outcome is Outcome.SATISFIED:
            return rule.shape == "recurring"
        done = found.fields.get(rule.rule.deadline.done) if rule.rule.deadline else None
        return done is None or done > options["as_of"]

    findings = audit(ledgers, policy, all_outcomes=True, **options).findings
    return sorted(filter(is_open, findings), key=lambda f: f.due or date.max)


def first(wanted: list[Finding], most: int) -> list[Finding]:
    """The first few of each part."""
    left = Counter({"overdue": most, "waived": most, "coming": most})
    out = []
    for found in wanted:
        left[part_of(found.outcome)] -= 1
        if left[part_of(found.outcome)] >= 0:
            out.append(found)
    return out


def listed(ledgers: list[Path], policy: Policy, most: int, **options: Any) -> tuple[
        list[Finding], DueList]:
    """What a list for people shows."""
    due = DueList(most)
    with closing(open_acts(ledgers, policy, **options)) as run:
        for batch in run.batches():
            due.add(batch)
        return due.findings(run.words), due


def hold(ledgers: list[Path], policy: Policy, within: int | None, options: dict[str, Any]) -> None:
    """The list is the one by hand, in every form of it."""
    wanted = by_hand(ledgers, policy, within, options)
    report = deadlines(ledgers, policy, within=within, **options)
    assert report.findings == wanted
    told = Summary.of(wanted)
    assert report.summary.counts == told.counts
    assert report.summary.days_late == told.days_late
    for most in (1, 3, 10**6):
        shown, due = listed(ledgers, policy, most, within=within, **options)
        assert shown == first(wanted, most)
        assert due.counts == type(due.counts).of(wanted)


@pytest.mark.parametrize("stream", [False, True], ids=["batches", "stream"])
@pytest.mark.parametrize("seed", few(range(6), 0))
def test_messy_ledgers(seed: int, stream: bool, tmp_path: Path) -> None:
    rng = random.Random(seed)
    day = rng.choice(DAYS)
    paths = []
    for part in range(rng.choice((1, 2))):
        records = ledger(rng, rng.choice((9, 40)), rng.choice((0.0, 0.05, 0.5)))
        gone = rng.sample([n for n in records[0] if n != "member.id"], rng.choice((0, 3, 20)))
        paths.append(tmp_path / f"{part}.csv")
        pl.DataFrame(records, schema=dict.fromkeys(records[0], pl.String)).drop(gone).write_csv(
            paths[-1])
    policy = load_policy(rng.choice(("fujian-2007-80", "quanzhou-normal-2007-23", None)), as_of=day)
    options = {"as_of": day, "absent": rng.choice(("unknown", "blank"))}
    with using(TINY if stream else replace(limits(), stream_from=10**9)):
        hold(paths, policy, rng.choice((None, 0, 30)), options)


@pytest.mark.parametrize("engine", few(["polars", "reference", "python", "durable", "duckdb"],
                                       "reference"))
@pytest.mark.parametrize("day", few(DAYS, DAYS[0]), ids=str)
def test_every_engine(day: date, engine: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.parquet"
    pl.DataFrame([drawn(day.toordinal() * 1000 + n) for n in range(40)],
                 infer_schema_length=None).write_parquet(path)
    hold([path], load_policy(None, as_of=day), 60, {"as_of": day, "backend": engine})


@pytest.mark.parametrize("path", ["fixtures/ledgers/office-2007.xlsx"])
def test_shipped_ledgers(path: str) -> None:
    hold([ROOT / path], load_policy("fujian-2007-80"), None, {"as_of": DAYS[0]})


def lenient(batches: Iterator[VerdictBatch], _: StageContext) -> Iterator[VerdictBatch]:
    """Waives every second violation."""
    broken = OUTCOME_CODES.index(Outcome.VIOLATION)
    for batch in batches:
        table = batch.verdicts.table.with_columns(
            outcome=pl.when((pl.col("outcome") == broken) & (pl.col("row") % 2 == 0))
            .then(OUTCOME_CODES.index(Outcome.WAIVED)).otherwise(pl.col("outcome"))
            .cast(pl.Int8))
        yield replace(batch, verdicts=Verdicts(batch.plan, table=table))


def test_what_is_waived_is_listed_apart() -> None:
    policy, ledgers = load_policy("fujian-2007-80"), [ROOT / "fixtures/ledgers/office-2007.xlsx"]
    options = {"as_of": DAYS[0], "stages": (*STAGES, lenient)}
    hold(ledgers, policy, None, options)
    shown, due = listed(ledgers, policy, 10**6, **options)
    assert due.counts.total("waived") == sum(f.outcome is Outcome.WAIVED for f in shown) > 0
