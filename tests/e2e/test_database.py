"""Ledgers in a PostgreSQL server: fetched or judged there, and the same report as from a file."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import closing
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from support import engines
from support.cli_command import AS_OF, COMMAND, LEDGER, SOUND, record, run
from support.cluster import PASSWORD, Cluster
from support.edge_records import chinese
from support.edge_records import record as drawn
from support.party_transfer import MAPPING, fields
from support.tables import execute, load
from support.values import replace

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.engine.core.results import InputFinding, Report

IN_PLACE = ["--backend", "postgresql"]
BLANK = ("--absent", "blank")  # most rules' columns are not there
ROSTER = "学号\n06001\n06009\n06002\n06009\n 06010 \n06017\n０６００5\n０６ 999\n"


@pytest.fixture(scope="module")
def server() -> Cluster:
    return engines.server()


MESSY = [
    *LEDGER,
    record(8, 学号="06001", 转出时间="#N/A"),
    record(9, 学号=""),
    record(10, 学号="\u3000", 届别="1888", 介绍信编号="A1", 开具单位="\u00a0某校 "),
    record(11, 介绍信编号="A1", 开具单位="", 学号="06001"),
    dict.fromkeys(SOUND, ""),
    dict.fromkeys(SOUND, "") | {"姓名": "合计 11"},
    dict.fromkeys(SOUND, "") | {"姓名": "甲"},
    record(12, 性别="男性别", 去向类型="街道", 介绍信联系电话="１３８００００００００", 届别="2006届"),
    record(13, 学号="#REF!", 介绍信编号=" #N/A ", 离校时间=" 2007年6月 30日 ", 党员类别="预备党员"),
    record(14, 介绍信编号="B7", 开具单位="某校", 跟踪责任人="a'b\"c\\d%s{}$1"),
    record(15, 介绍信编号="B7", 开具单位="某校"),
    record(16, 介绍信编号="B7", 开具单位="别校"),
    record(17, 学号="０６０17", 姓名="张 三", 介绍信编号="第B7号", 开具单位="某　校", 存根序号="Ｂ７",
           介绍信联系电话="（0595）20000000"),
    record(18, 学号="06 017", 姓名="张·三", 介绍信姓名="张 • 三", 介绍信联系电话="+86 138 0000 0000"),
]


@pytest.fixture(scope="module")
def messy(server: Cluster, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A ledger with everything that can be amiss, as a table of texts and as a file of them."""
    frame = pl.DataFrame(MESSY).with_columns(pl.lit("x").alias("备注")).with_columns(
        pl.int_range(pl.len()).cast(pl.String).str.zfill(3).alias("序"))
    load("台账", frame)
    path = tmp_path_factory.mktemp("messy") / "ledger.parquet"
    frame.write_parquet(path)
    return server.url("台账", "&order=序"), path


def shown(url: str) -> str:
    return f"postgresql:///postgres?table={url.partition('table=')[2].partition('&')[0]}"


@pytest.mark.parametrize("more", [
    [], ["--all"], ["--policy", "quanzhou-normal-2007-23"], ["--set", "receipt_return_days=200"],
    ["--lang", "zh"]], ids=" ".join)
@pytest.mark.parametrize("backend", [IN_PLACE, []], ids=["there", "here"])
def test_a_table_reads_like_a_file(messy: tuple[str, Path], more: list[str], backend: list[str],
                                   tmp_path: Path) -> None:
    url, path = messy
    roster = tmp_path / "roster.csv"
    roster.write_text(ROSTER, encoding="utf-8")
    call = (*AS_OF, "--quiet", "--format", "json", "--roster", roster, *more)
    table, file = run("audit", url, *call, *backend), run("audit", path, *call)
    assert table.returncode == file.returncode == 1, table.stderr
    mine = json.loads(table.stdout)
    theirs = json.loads(file.stdout.replace(str(path), shown(url)))
    assert mine["ledger"].pop("sha256") == ""
    theirs["ledger"].pop("sha256")
    assert mine == theirs
    assert table.stderr == file.stderr.replace(str(path), shown(url))
    codes = {f["message"][:12] for f in mine["input"]}
    assert len(mine["input"]) > 10 and len(codes) > 6
    assert [f["record"] for f in mine["findings"] if f["clause"] == "1.5a"] == [
        "06009", "06010", "０６ 999"]
    if "quanzhou-normal-2007-23" in more:
        assert mine["ledger"]["out_of_scope"] == 0


@pytest.mark.parametrize("command", ["audit", "deadlines"])
@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "markdown"])
def test_every_form_is_as_if_judged_here(messy: tuple[str, Path], form: str, command: str) -> None:
    url, _ = messy
    call = (command, url, *AS_OF, *BLANK, "--quiet", "--format", form)
    there, here = run(*call, *IN_PLACE), run(*call)
    told = [(done.returncode, done.stdout, done.stderr) for done in (there, here)]
    assert told[0] == told[1] and "06002" in there.stdout


def test_the_other_commands(messy: tuple[str, Path], tmp_path: Path) -> None:
    url, path = messy
    for call in (["deadlines"], ["deadlines", "--within", "30", "--format", "json"]):
        table, file = (run(*call, source, *AS_OF, *BLANK) for source in (url, path))
        assert table.returncode == file.returncode
        assert "2007-10-28" in table.stdout
    for more in ([], ["1.6b"], ["1.3e", "--fix"]):
        table, file = (run("explain", source, "06002", *more, *AS_OF, *BLANK) for source in (url, path))
        assert table.returncode == 0, table.stderr
        assert table.stdout.split("\n")[1:] == file.stdout.split("\n")[1:]
    near = run("explain", url, "060022", *AS_OF)
    assert near.returncode == 2
    assert near.stderr.count("error: ") == 1 and "did you mean" in near.stderr


@pytest.mark.parametrize("day", [date(2007, 8, 31), date(2007, 12, 31), date(2008, 2, 29)], ids=str)
@pytest.mark.parametrize("texts", [False, True], ids=["typed", "texts"])
def test_random_ledgers(server: Cluster, day: date, texts: bool, tmp_path: Path) -> None:
    """Every finding, its day, lateness, missing fields and words, as of the same records here."""
    schema = {f.name: {"bool": pl.Boolean, "int": pl.Int64, "date": pl.Date}.get(f.type, pl.String)
              for f in fields()}
    rows = [drawn(day.toordinal() * 1000 + n % 590, day) for n in range(600)]  # some ids twice
    frame = pl.DataFrame(rows, schema=schema).with_columns(
        pl.int_range(pl.len()).alias("at"))
    if texts:
        rows = [{f.heading: chinese(row).get(f.heading) for f in fields()} for row in rows]
        frame = pl.DataFrame([{k: None if v is None else str(v) for k, v in row.items()}
                              for row in rows]).with_columns(pl.int_range(pl.len()).alias("at"))
    load("random", frame)
    path = tmp_path / "ledger.parquet"
    frame.write_parquet(path)
    url, policy = server.url("random", "&order=at"), load_policy("fujian-2007-80")
    for backend, every in (("postgresql", True), ("postgresql", False), (None, True),
                           ("reference", False)):
        there = audit(url, policy, as_of=day, backend=backend, all_outcomes=every)
        here = audit(path, policy, as_of=day, all_outcomes=every)
        assert [replace(f, location=replace(f.location, file=None)) for f in there.findings] == [
            replace(f, location=replace(f.location, file=None)) for f in here.findings]
        assert there.summary == here.summary
        assert _input(there) == _input(here)
        assert len(here.input) == 10
    assert len(here.findings) > 3000


def _input(report: Report) -> list[InputFinding]:
    return [replace(f, file=None, args={k: v for k, v in f.args.items() if k != "first"})
            for f in report.input]


def typed(rows: int) -> pl.DataFrame:
    """A ledger as the generator writes it, typed."""
    path = Path(os.environ["PGHOST"]) / f"typed-{rows}.parquet"
    done = subprocess.run([COMMAND, "generate", "--records", str(rows), "--seed", "5", "--as-of",
                           "2007-12-31", "--quiet", "--output", str(path)], check=False)
    assert done.returncode == 0
    return pl.read_parquet(path)


def test_columns_of_other_types(server: Cluster, tmp_path: Path) -> None:
    """Whatever type a column has, its values mean what their text means in a file."""
    frame = typed(300).sort("member.id")
    texts = frame.with_columns(pl.all().cast(pl.String)).with_columns(
        pl.when(pl.int_range(pl.len()) % 50 == 7).then(pl.lit("infinity")).when(
            pl.int_range(pl.len()) % 50 == 8).then(pl.lit("3000-01-01")).otherwise(
            pl.col("letter.issued_on")).alias("letter.issued_on"),
        pl.when(pl.int_range(pl.len()) % 50 == 9).then(pl.lit("777777")).otherwise(
            pl.col("letter.valid_days")).alias("letter.valid_days"))
    kinds = {
        "member.id": "bigint", "member.cohort": "numeric(8,2)", "letter.valid_days": "integer",
        "letter.issued_on": "date", "member.left_on": "timestamp",
        "arrival.accepted_on": "timestamptz", "letter.form": "varchar(20)",
        "member.sex": "char(10)", "employment.employed": "smallint", "letter.phone": "bigint",
    }
    texts = texts.with_columns(pl.col("employment.employed").replace({"true": "1", "false": "0"}))
    texts = texts.with_columns(pl.col("letter.phone").str.extract(r"^([1-9]\d+)$"))
    execute('CREATE SCHEMA IF NOT EXISTS "Odd"')
    load("Odd.types", texts, kinds)
    path = tmp_path / "ledger.parquet"
    texts.with_columns(pl.col("member.sex").str.pad_end(10)).write_parquet(path)
    call = ("--as-of", "2007-12-31", "--format", "json")
    table = run("audit", server.url("Odd.types"), *call)
    file = run("audit", path, *call)
    mine, theirs = (json.loads(done.stdout) for done in (table, file))
    assert mine["findings"] and sum(f.get("count", 1) for f in mine["input"]) >= 3 * 5
    for report in (mine, theirs):
        for found in (*report["findings"], *report["input"]):
            found.pop("location", None)
            found.pop("file", None)
            found["value"] = (found.get("value") or "").strip()
            found["message"] = " ".join(found["message"].split())
    assert mine["summary"] == theirs["summary"]
    assert mine["findings"] == theirs["findings"]
    assert mine["input"] == theirs["input"]
    for backend in ("reference", "postgresql"):
        other = run("audit", server.url("Odd.types"), *call, "--backend", backend)
        assert other.stdout == table.stdout


def test_views_names_and_columns(server: Cluster, tmp_path: Path) -> None:
    execute('DROP VIEW IF EXISTS "2007 View"')
    load("plain", pl.DataFrame([{"编号": "1", "转出": "2007-02-01", "member.left_on": "2007-06-30"},
                                {"编号": "2", "转出": None, "member.left_on": "2007-06-30"}]))
    execute('CREATE VIEW "2007 View" AS SELECT "编号", "转出", "member.left_on" FROM plain')
    columns = tmp_path / "columns.yaml"
    columns.write_text("编号: member.id\n转出: letter.issued_on\n", encoding="utf-8")
    call = (*AS_OF, *BLANK, "--columns", columns, "--format", "json")
    for name in ("2007 View", "public.2007%20View", '"2007%20View"', "plain", "PLAIN"):
        done = run("audit", server.url(name.replace(" ", "%20")), *call)
        assert done.returncode == 1, done.stderr
        assert json.loads(done.stdout)["ledger"]["records"] == 2
    rows = {o: [f["record"] for f in json.loads(
        run("audit", server.url("plain", f"&order={o}"), *call).stdout)["findings"]]
        for o in ("编号", "member.id", "转出,编号")}
    assert rows["编号"] == rows["member.id"]
    backwards = run("audit", server.url("plain", "&order=学号"), *call)
    assert backwards.returncode == 2 and "`学号`" in backwards.stderr


REFUSED = {
    "no table": "postgresql://owner@/postgres", "unknown table": "{socket}no_such",
    "injection": "{socket}plain;%20DROP%20TABLE%20plain--",
    "no ledger": "{socket}pg_catalog.pg_am",
    "wrong password": "{wrong}", "no password": "{none}",
    "unreachable": "postgresql://owner:" + "hush" + "@127.0.0.1:1/postgres?table=t",
    "malformed": "postgresql://owner:hu/sh@local host:x/y?table=t&nonsense=hush",
    "denied": "{denied}", "empty": "{socket}nothing", "no database": "{other}",
    "unknown order": "{socket}plain&order=nowhere",
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("backend", [IN_PLACE, []], ids=["there", "here"])
def test_one_clear_message(server: Cluster, case: str, backend: list[str], tmp_path: Path) -> None:
    load("plain", pl.DataFrame([{"学号": "1", "离校时间": "2007-06-30"}]))
    load("nothing", pl.DataFrame({"学号": [], "离校时间": []}, schema={"学号": pl.String, "离校时间": pl.Date}))
    execute("DROP ROLE IF EXISTS stranger")
    execute("CREATE ROLE stranger LOGIN")
    url = REFUSED[case].format(
        socket=server.url(""), wrong=server.tcp("plain", "hush"), none=server.tcp("plain", None),
        other=server.tcp("plain").replace("/postgres", "/elsewhere"),
        denied=server.url("plain").replace("owner@", "stranger@"))
    (out := tmp_path / "out.json").write_text("before")
    done = run("audit", url, *AS_OF, *backend, "--output", out, "--format", "json", "--force")
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("error: ") == 1 and "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 3
    assert out.read_text() == "before"
    for secret in ("hush", PASSWORD, PASSWORD.replace("%", "%25")):
        assert secret not in done.stderr
    execute("SELECT 1 FROM plain")


def test_a_password_is_never_shown(server: Cluster) -> None:
    load("plain", pl.DataFrame([{"学号": "1", "离校时间": "2007-06-30"}]))
    for url in (server.tcp("plain"), server.tcp("plain", None) + f"&password={PASSWORD.replace('%', '%25')}"):
        for form in ("json", "table", "csv"):
            done = run("audit", url, *AS_OF, *BLANK, "--format", form)
            assert done.returncode == 1, done.stderr
            for secret in (PASSWORD, PASSWORD.replace("%", "%25"), "owner"):
                assert secret not in done.stdout + done.stderr
    location = json.loads(run("audit", server.tcp("plain"), *AS_OF, *BLANK, "--format", "json").stdout)[
        "findings"][0]["location"]
    assert location == {"file": f"postgresql://127.0.0.1:{server.port}/postgres?table=plain",
                        "sheet": None, "row": 1, "cells": {}}


def test_too_many_texts_to_read(server: Cluster) -> None:
    execute("DROP TABLE IF EXISTS many")
    execute("CREATE TABLE many AS SELECT n::text AS \"学号\", 'x' || n AS \"离校时间\" "
            "FROM generate_series(1, 60000) AS n")
    done = run("audit", server.url("many"), *AS_OF, *IN_PLACE)
    assert done.returncode == 2
    assert "`离校时间`" in done.stderr and "date" in done.stderr


def test_one_snapshot(server: Cluster) -> None:
    """What others write while an audit runs is not seen by any part of it."""
    from zhuanjie.engine.api import stream

    load("moving", pl.DataFrame([{"学号": f"{n}", "离校时间": "2007-06-30"} for n in range(5)]))
    for backend in (None, "postgresql"):
        run_ = stream(server.url("moving"), load_policy("fujian-2007-80"),
                      as_of=date(2007, 12, 31), backend=backend, absent="blank")
        execute("INSERT INTO moving VALUES ('0', '2007-06-30'), ('99', '2007-02-30')")
        found = list(run_)
        assert run_.head().ledger.records == 5
        assert not run_.head().input
        assert {f.record for f in found} == {"0", "1", "2", "3", "4"}
        execute("DELETE FROM moving WHERE \"学号\" = '99'")
        execute("DELETE FROM moving WHERE ctid IN (SELECT max(ctid) FROM moving WHERE \"学号\" = '0')")


def test_nothing_is_written(server: Cluster) -> None:
    from zhuanjie.engine.ledger.readers.address import address_of
    from zhuanjie.engine.ledger.readers.postgres import PostgresTable

    load("plain", pl.DataFrame([{"学号": "1", "离校时间": "2007-06-30"}]))
    table = PostgresTable(address_of(server.url("plain")), MAPPING)
    with closing(table), pytest.raises(Exception, match="ReadOnly"):
        table.server.rows("DELETE FROM public.plain RETURNING 1")
