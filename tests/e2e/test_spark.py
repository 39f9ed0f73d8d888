"""Ledgers on Spark: it reads, judges and writes by itself, and finds what every engine finds."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.cli_command import AS_OF, LEDGER, SOUND, record, run
from support.edge_records import chinese
from support.edge_records import record as drawn
from support.messy_ledgers import ledger as over_the_years
from support.messy_ledgers import typed as as_typed
from support.party_transfer import fields

from zhuanjie.cli.main import main
from zhuanjie.engine.api import audit, audit_on_spark, load_policy
from zhuanjie.engine.core.errors import ZhuanjieError
from zhuanjie.engine.core.results import Finding, InputFinding

pytestmark = pytest.mark.engine("spark")
PACK, DAY = "fujian-2007-80", date(2007, 12, 31)
COLUMNS = ["record", "name", "group", "rule", "clause", "outcome", "severity", "due", "days_late", "missing",
           "waiver", "file", "sheet", "row"]
MESSY = [
    *LEDGER,
    record(8, 学号="06001", 转出时间="#N/A"),
    record(9, 学号="", 届别="1888"),
    record(11, 介绍信编号="A1", 开具单位="", 学号="06001", 离校时间=" 2007年6月30日"),
    dict.fromkeys(SOUND, ""),
    dict.fromkeys(SOUND, "") | {"姓名": "合计 11"},
    record(12, 性别="男性别", 介绍信联系电话="１３８００００００００", 届别="2006届"),
    record(13, 介绍信编号='B"7\n,', 开具单位="\u00a0某校 "),
    record(14, 介绍信编号='B"7\n,', 开具单位="某校"),
]


def told(found: Iterable[Finding]) -> list[tuple[Any, ...]]:
    return [(f.record, f.name, f.group, f.rule, f.clause, str(f.outcome), str(f.severity), f.due, f.days_late,
             [*f.missing], f.waiver and f.waiver.id, f.location.file, f.location.sheet, f.location.row) for f in found]


def unread(found: Iterable[InputFinding]) -> list[tuple[Any, ...]]:
    """One for each row, where a report has one entry for the same fault in many cells."""
    every = [(record, f.field, f.column, value, f.code, f.file, row)
             for f in found for record, value, row in zip(
                 f.records or [f.record], f.values or [f.value], f.rows or [f.row], strict=True)]
    return sorted(every, key=lambda told: (told[-1], fields().order.get(told[1], -1)))


def parts(folder: Path, suffix: str) -> list[Path]:
    return sorted(folder.glob(f"part-*{suffix}"))


def test_a_folder_of_parquet(tmp_path: Path) -> None:
    """Typed columns and texts, blanks, groups taken apart, shared serials in two files."""
    ledger = tmp_path / "台账 a+b"
    ledger.mkdir()
    schema = {f.name: {"bool": pl.Boolean, "int": pl.Int64, "date": pl.Date}.get(f.type, pl.String)
              for f in fields()}
    for part in (0, 1):
        rows = [drawn(part * 10_000 + n % 290, DAY) for n in range(300)]  # the last ids come twice
        pl.DataFrame(rows, schema=schema).write_parquet(ledger / f"{part}.parquet")
    roster = tmp_path / "roster.csv"
    roster.write_text("学号\n000001\n999999\n\n000002\n", encoding="utf-8")
    out = tmp_path / "findings.parquet"
    done = audit_on_spark([str(ledger)], load_policy(PACK), out, "parquet", as_of=DAY,
                           roster=roster)
    wanted = audit(ledger, load_policy(PACK), as_of=DAY, roster=roster)
    found = pl.concat([pl.read_parquet(p) for p in parts(out, ".parquet")])
    assert found.columns == COLUMNS
    assert found.schema["missing"] == pl.List(pl.String)
    assert (found.schema["due"], found.schema["days_late"]) == (pl.Date, pl.Int32)
    rows = [tuple(row) for row in found.iter_rows()]
    assert sorted(rows, key=str) == sorted(told(wanted.findings), key=str)
    there = [row for row in rows if row[4] != "1.5a"]
    assert there == [row for row in told(wanted.findings) if row[4] != "1.5a"]  # in their order
    assert done.report.summary == wanted.summary
    assert done.report.ledger.records == wanted.ledger.records == 600
    assert done.report.notices == wanted.notices
    beside = pl.concat([pl.read_parquet(p) for p in parts(Path(done.beside), ".parquet")])
    assert sorted(beside.iter_rows(), key=str) == sorted(unread(wanted.input), key=str)
    assert done.unread == sum(f.count for f in wanted.input) >= 20


@pytest.mark.parametrize("every", [False, True])
def test_packs_chosen_by_date(every: bool, tmp_path: Path) -> None:
    """Where law changed every record is judged by what was in force, and the pack is named."""
    ledger, roster = tmp_path / "years.parquet", tmp_path / "roster.csv"
    as_typed(over_the_years(random.Random(int(every)), 200, 0.05)).write_parquet(ledger)
    roster.write_text("学号\n06000\n06999\n", encoding="utf-8")
    out, day = tmp_path / "findings.parquet", date(2021, 6, 30)
    done = audit_on_spark([str(ledger)], None, out, "parquet", as_of=day, roster=roster,
                          all_outcomes=every)
    wanted = audit(ledger, as_of=day, roster=roster, all_outcomes=every)
    found = pl.concat([pl.read_parquet(p) for p in parts(out, ".parquet")])
    assert found.columns == [*COLUMNS, "pack"]
    packs = [(*row, f.pack or None) for row, f in zip(told(wanted.findings), wanted.findings,
                                                      strict=True)]
    judged = found.filter(pl.col("outcome") != "not_audited")
    assert sorted(judged.iter_rows(), key=str) == sorted(packs, key=str)
    assert set(found["clause"]) - set(judged["clause"]) <= set(wanted.summary.not_judged)
    assert done.report.summary == wanted.summary
    assert done.report.judged == wanted.judged and len(wanted.judged) == 3


def test_texts_in_csv(tmp_path: Path) -> None:
    """Whatever an office writes is read by the one parser, in Spark's workers."""
    ledger = tmp_path / "ledger.csv"
    rows = [*MESSY, *({**dict.fromkeys(SOUND, ""), **{k: v for k, v in chinese(drawn(n, DAY)).items()
                                                     if k in SOUND}} for n in range(60))]
    with ledger.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, [*SOUND, "row", ""], restval="x")
        writer.writeheader()
        writer.writerows(rows)
    out = tmp_path / "findings.jsonl"
    policy = load_policy("quanzhou-normal-2007-23")
    done = audit_on_spark([str(ledger)], policy, out, "jsonl", as_of=DAY, all_outcomes=True)
    wanted = audit(ledger, policy, as_of=DAY, all_outcomes=True)
    found = [json.loads(line) for p in parts(out, ".json") for line in p.open(encoding="utf-8")]
    assert [tuple(f[c] for c in COLUMNS) for f in found] == [
        (*row[:7], row[7] and row[7].isoformat(), *row[8:]) for row in told(wanted.findings)]
    said = [json.loads(line) for p in parts(Path(done.beside), ".json")
            for line in p.open(encoding="utf-8")]
    assert [tuple(f.values()) for f in said] == unread(wanted.input)
    assert len(said) > 5
    assert done.report.ledger.records == wanted.ledger.records
    assert done.report.summary == wanted.summary


def test_tables_and_refusals(tmp_path: Path) -> None:
    from zhuanjie.engine.backends.spark.session import session

    frame = session().createDataFrame(
        [("1", date(2007, 6, 1), "是"), ("2", None, "maybe")], "`学号` string, left_on date, e string")
    frame.selectExpr("`学号`", "named_struct('left_on', left_on) AS member",
                     "e AS `employment.employed`").createOrReplaceTempView("ledger")
    out = tmp_path / "findings.csv"
    done = audit_on_spark(["spark:ledger"], load_policy(PACK), out, "csv", as_of=DAY,
                          absent="blank")
    assert done.unread == 1 and done.report.ledger.records == 2
    found = pl.concat([pl.read_csv(p, infer_schema=False) for p in parts(out, ".csv")])
    assert {("1", "1.1a"), ("1", "1.5b")} <= set(found.select("record", "clause").iter_rows())
    assert set(found["file"]) == {"spark:ledger"}
    elsewhere = Path("file:" + str(tmp_path / "address.csv"))  # as a path holds an address
    audit_on_spark(["spark:ledger"], load_policy(PACK), elsewhere, "csv", as_of=DAY)
    assert parts(tmp_path / "address.csv", ".csv")
    # The folder may be written anew; one with anything else in it may not.
    audit_on_spark(["spark:ledger"], load_policy(PACK), out, "csv", as_of=DAY)
    (out / "notes.txt").write_text("mine")
    for sources, path in ((["spark:ledger"], out), (["spark:nowhere"], tmp_path / "o"),
                          ([str(tmp_path / "no.csv")], tmp_path / "o"),
                          (["spark:ledger", "spark:ledger"], tmp_path / "o"),
                          ([str(tmp_path)], tmp_path / "o")):
        with pytest.raises(ZhuanjieError) as refused:
            audit_on_spark(sources, load_policy(PACK), path, "csv", as_of=DAY)
        assert refused.value.exit_code == 2
    assert (out / "notes.txt").read_text() == "mine"
    assert not (tmp_path / "o").exists()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_a_failure_leaves_no_findings(tmp_path: Path) -> None:
    good = pl.DataFrame([{"学号": str(n), "离校时间": date(2007, 6, 1)} for n in range(10)])
    ledger = tmp_path / "ledger"
    ledger.mkdir()
    good.write_parquet(ledger / "a.parquet")
    good.write_parquet(ledger / "b.parquet")
    out = tmp_path / "findings.parquet"
    audit_on_spark([str(ledger)], load_policy(PACK), out, "parquet", as_of=DAY)
    before = sorted(p.name for p in out.iterdir())
    content = (ledger / "b.parquet").read_bytes()
    (ledger / "b.parquet").write_bytes(content[:8] + bytes(len(content) // 2) + content[
        8 + len(content) // 2:])
    with pytest.raises(ZhuanjieError) as failed:
        audit_on_spark([str(ledger)], load_policy(PACK), out, "parquet", as_of=DAY)
    assert failed.value.exit_code in (2, 3)
    assert sorted(p.name for p in out.iterdir()) == before


def test_the_command(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Its Spark is started in this process: beside it nothing differs from the command's own."""
    ledger = tmp_path / "ledger.parquet"
    pl.DataFrame(MESSY).write_parquet(ledger)
    out = tmp_path / "findings"
    code = main(["audit", str(ledger), *AS_OF, "--backend", "spark", "--output", str(out),
                 "--format", "json", "--lang", "en"])
    done = capfd.readouterr()
    assert code == 1, done.err
    summary = json.loads(done.out)
    whole = json.loads(run("audit", ledger, *AS_OF, "--format", "json").stdout)
    assert summary["summary"] == whole["summary"]
    assert summary["findings"] == []
    assert pl.scan_parquet(parts(out, ".parquet")).select(pl.len()).collect().item() == len(
        whole["findings"])
    assert f"{tmp_path / 'findings-input'}" in done.err
    lost = run("audit", "spark:ledger", *AS_OF)
    assert lost.returncode == 2 and "--output" in lost.stderr
