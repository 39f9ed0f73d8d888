"""Ledgers with months where other engines read them: in PostgreSQL, on Spark, as from a file."""

from __future__ import annotations

from pathlib import Path
from random import Random

import polars as pl
import pytest
from support import engines
from support.cluster import Cluster
from support.month_ledgers import DAY, PACK, as_days, as_texts, record
from support.tables import load

from zhuanjie.engine.api import audit, audit_on_spark, load_policy


@pytest.fixture(scope="module")
def server() -> Cluster:
    return engines.server()


def frame_of(form: str) -> pl.DataFrame:
    """A ledger of days, of texts in every form, or of texts as a program writes months."""
    random = Random(form)
    drawn = [record(random, n) for n in range(120)]
    return as_days(random, drawn) if form == "days" else as_texts(random, drawn, 0.1)


@pytest.mark.parametrize("form", ["days", "texts", "timestamps"])
def test_a_table_in_a_server(server: Cluster, form: str, tmp_path: Path) -> None:
    frame = frame_of("days" if form == "timestamps" else form)
    types = dict.fromkeys(("member.born_on", "dues.paid_to"), "timestamp")
    load("months", frame, types if form == "timestamps" else None)
    file = tmp_path / "months.parquet"
    frame.write_parquet(file)
    address = server.url("months", "&order=member.id")
    there = audit(address, load_policy(PACK), as_of=DAY, all_outcomes=True, backend="postgresql")
    here = audit(file, load_policy(PACK), as_of=DAY, all_outcomes=True)
    for report in (there, here):
        assert len(report.findings) > 300
    told = [[(f.record, f.rule, f.outcome, f.missing, f.message, f.remedy, str(f.fields))
             for f in report.findings] for report in (there, here)]
    assert told[0] == told[1]
    unread = [[(i.record, i.field, i.value, i.code) for i in report.input]
              for report in (there, here)]
    assert unread[0] == unread[1] and bool(unread[0]) is (form == "texts")
    assert there.summary == here.summary


@pytest.mark.engine("spark")
@pytest.mark.parametrize("form", ["days", "texts"])
def test_a_ledger_on_spark(form: str, tmp_path: Path) -> None:
    file, out = tmp_path / "months.parquet", tmp_path / "findings.parquet"
    frame_of(form).write_parquet(file)
    done = audit_on_spark([str(file)], load_policy(PACK), out, "parquet", as_of=DAY)
    wanted = audit(file, load_policy(PACK), as_of=DAY)
    found = pl.concat([pl.read_parquet(p) for p in sorted(out.glob("part-*.parquet"))])
    assert [(r["record"], r["rule"], r["outcome"], r["missing"], r["row"])
            for r in found.iter_rows(named=True)] == [
        (f.record, f.rule, str(f.outcome), [*f.missing], f.location.row) for f in wanted.findings]
    assert done.report.summary == wanted.summary and wanted.findings
    assert done.unread == sum(found.count for found in wanted.input)
    assert bool(wanted.input) is (form == "texts")
