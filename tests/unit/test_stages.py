"""What a stage does to verdicts is seen in every form of an audit, whichever strategy judges."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.values import replace

from zhuanjie.engine.api import audit, audit_to_file, audit_to_folder, load_policy, stream
from zhuanjie.engine.auditing.run import AuditRun
from zhuanjie.engine.auditing.stages.base import StageContext
from zhuanjie.engine.auditing.stages.registry import STAGES
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.backends.verdicts import Verdicts
from zhuanjie.engine.core.results import OUTCOME_CODES, Outcome, Report
from zhuanjie.report.formats import json as document
from zhuanjie.report.view import View
from zhuanjie.synthetic.ledger import generate

DAY = date(2007, 12, 31)
CLAUSE = "1.2"
MARKED, DROPPED = (OUTCOME_CODES.index(o) for o in (Outcome.VIOLATION, Outcome.PENDING))
WAIVED = OUTCOME_CODES.index(Outcome.WAIVED)


def lenient(batches: Iterator[VerdictBatch], context: StageContext) -> Iterator[VerdictBatch]:
    """Waives every violation of one part of the notice, and keeps silent on what is pending."""
    rules = [i for i, rule in enumerate(context.plan.rules) if rule.clause.startswith(CLAUSE)]
    for batch in batches:
        table = batch.verdicts.table.filter(pl.col("outcome") != DROPPED)
        marked = pl.col("rule").is_in(rules) & (pl.col("outcome") == MARKED)
        outcome = pl.when(marked).then(WAIVED).otherwise(pl.col("outcome"))
        table = table.with_columns(outcome.cast(table.schema["outcome"]).alias("outcome"))
        yield replace(batch, verdicts=Verdicts(batch.plan, table=table))


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stages") / "ledger.csv"
    generate(records=300, seed=11, output=path, lang="en")
    return path


def options(*stages: Any, **more: Any) -> dict[str, Any]:
    return {"policy": load_policy("fujian-2007-80"), "as_of": DAY, "stages": (*STAGES, *stages),
            **more}


def softened(report: Report) -> list[tuple[str | None, str, Outcome]]:
    """What the stage makes of an audit without it, by the findings."""
    found = [(f.record, f.rule, Outcome.WAIVED if f.clause.startswith(CLAUSE)
              and f.outcome is Outcome.VIOLATION else f.outcome) for f in report.findings]
    return [f for f in found if f[2] is not Outcome.PENDING]


def begun(ledger: Path, **more: Any) -> AuditRun:
    return stream(ledger, **options(lenient, **more))


@pytest.mark.parametrize("how", [{"bulk": True}, {"bulk": False}, {"backend": "python"}],
                         ids=["stream", "batches", "records"])
def test_a_stage_is_seen_in_findings_and_counts(ledger: Path, how: dict[str, Any]) -> None:
    plain, soft = audit(ledger, **options(**how)), audit(ledger, **options(lenient, **how))
    found = softened(plain)
    assert [(f.record, f.rule, f.outcome) for f in soft.findings] == found
    assert plain.summary.total(Outcome.PENDING) and not soft.summary.total(Outcome.PENDING)
    waived = [f for f in found if f[2] is Outcome.WAIVED]
    assert soft.summary.total(Outcome.WAIVED) == len(waived) > 5
    assert soft.summary.total(Outcome.VIOLATION) == (
        plain.summary.total(Outcome.VIOLATION) - len(waived)) > 0
    assert (soft.ledger, soft.input) == (plain.ledger, plain.input)


def test_a_stage_is_seen_in_the_document(ledger: Path) -> None:
    out = io.StringIO()
    report = audit(ledger, **options(lenient))
    document.render(report, out, View("en"))
    shown = json.loads(out.getvalue())
    waived = [f for f in shown["findings"] if f["outcome"] == "waived"]
    assert shown["summary"]["waived"] == len(waived) > 5
    assert all(f["message"] for f in waived)
    assert sum(c.get("waived", 0) for c in shown["summary"]["by_clause"].values()) == len(waived)


def test_a_stage_is_seen_in_tables(ledger: Path, tmp_path: Path) -> None:
    found = sorted(softened(audit(ledger, **options())), key=repr)
    whole = audit_to_file(tmp_path / "whole.parquet", begun(ledger))
    parts = audit_to_folder(tmp_path / "parts", begun(ledger, bulk=True), ("outcome",),
                            [str(ledger)])
    assert whole.summary == parts.summary
    for path in (tmp_path / "whole.parquet", tmp_path / "parts" / "**" / "*.parquet"):
        frame = pl.scan_parquet(path, hive_partitioning=True).collect()
        rows = frame.select("record", "rule", "outcome").rows()
        assert sorted(((r, n, Outcome(o)) for r, n, o in rows), key=repr) == found


def test_absences_pass_through_the_stages_after_them(ledger: Path, tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("member.id\nnobody\n", encoding="utf-8")
    plain = audit(ledger, **options(roster=roster))
    absent = [f for f in plain.findings if f.location.file == str(roster)]
    assert [(f.record, f.outcome) for f in absent] == [("nobody", Outcome.VIOLATION)]

    def silent(batches: Iterator[VerdictBatch], _: StageContext) -> Iterator[VerdictBatch]:
        for batch in batches:
            yield batch if batch.slice else replace(batch, verdicts=Verdicts(batch.plan))

    without = audit(ledger, **options(silent, roster=roster))
    assert without.findings == plain.findings[:-1]
