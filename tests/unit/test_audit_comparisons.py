"""Ids, keys and rosters as an office compares them: in batches, in a stream, record by record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.author_packs import write
from support.cli_command import SOUND, run
from support.cli_command import record as sound
from support.values import replace

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.engine.core.limits import Limits, using
from zhuanjie.engine.core.results import Outcome

PACK = "fujian-2007-80"
RECORDS = [
    sound(1, 姓名="张 三", 介绍信编号="〔2007〕1号", 存根序号="[2007]1", 回执序号="第（2007）1号",
          介绍信联系电话="１３８ ００００ ００００"),
    sound(2, 学号="０６００２", 姓名="买买提·吐逊", 介绍信姓名="买买提 • 吐逊"),
    sound(3, 学号="06 002"),
    sound(4, 介绍信编号="第7号", 存根序号="7", 回执序号="No.7", 开具单位="某校"),
    sound(5, 介绍信编号="７", 存根序号="7", 回执序号="7", 开具单位="某 校"),
    sound(6, 介绍信编号="7", 存根序号="07", 回执序号="7", 开具单位="别校"),
    sound(7, 介绍信姓名="张四", 介绍信联系电话="0595-20000000转1"),
    *(sound(n) for n in range(8, 20)),
]
ROSTER = "学号\n０６００１\n 06002\n06 003\n06004\n０６ ０９９\n06099\n"
ENGINES = ("reference", "polars", "python", "durable", "duckdb")
TINY = Limits(reported_rows=3, hashed_rows=4, beat_rows=3, slice_rows=5, text_rows=4, typed_rows=5,
              sample_rows=2, chunk_rows=4)


@contextmanager
def way(stream: bool) -> Iterator[None]:
    with using(replace(TINY, stream_from=0 if stream else 10**9)):
        yield


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    ledger, roster = tmp_path / "ledger.parquet", tmp_path / "roster.csv"
    pl.DataFrame(RECORDS, schema=dict.fromkeys(SOUND, pl.String)).write_parquet(ledger)
    roster.write_text(ROSTER, encoding="utf-8")
    return ledger, roster


def said(report: Any) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for finding in report.findings:
        if finding.outcome is Outcome.VIOLATION:
            out.setdefault(finding.clause, []).append(finding.record)
    return out


WANTED = {"1.3a": ["06007"], "1.3b": ["06007"], "1.3d": ["06006"], "1.3e": ["06004", "06005"],
          "1.5a": ["06 003", "０６ ０９９"]}
"""06003 stands in the ledger under another's id; who is twice in the roster is said once."""


@pytest.mark.parametrize("stream", [False, True])
def test_bulk(files: tuple[Path, Path], stream: bool) -> None:
    with way(stream):
        _right(_audit(files, None))


@pytest.mark.parametrize("engine", ENGINES)
def test_engines(files: tuple[Path, Path], engine: str) -> None:
    _right(_audit(files, engine))


def _audit(files: tuple[Path, Path], engine: str | None) -> Any:
    return audit(files[0], load_policy(PACK), as_of=date(2007, 12, 31), roster=files[1],
                 backend=engine)


def _right(report: Any) -> None:
    assert said(report) == WANTED
    # What is shown is what was written.
    assert [(i.code, i.record, i.value, i.row) for i in report.input] == [
        ("records.same-id", "06099", "06099", 7), ("records.same-id", "06 002", "06 002", 3)]
    texts = {f.clause: f.message for f in report.findings if f.record == "06005"}
    assert "７" in texts["1.3e"]


def test_explain_finds_a_record_by_any_form_of_its_id(files: tuple[Path, Path]) -> None:
    for given in ("０６００７", "06 007"):
        done = run("explain", files[0], given, "1.3a", "--as-of", "2007-12-31", "--policy", PACK)
        assert done.returncode == 0, done.stderr
        assert "张四" in done.stdout


def test_an_id_of_another_number_is_another(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.csv"
    rows = [sound(1, 学号=key) for key in ("06001", "6001", "06001.0", "l6001", "16001")]
    pl.DataFrame(rows).write_csv(ledger)
    roster = tmp_path / "roster.csv"
    roster.write_text("学号\n006001\n", encoding="utf-8")
    report = _audit((ledger, roster), None)
    assert report.input == []
    assert said(report)["1.5a"] == ["006001"]


TABLE = """\
topic: {zh: 试, en: tried}
rules:
  - id: issuer
    clause: "2"
    title: {zh: 试, en: tried}
    when: has(letter.issued_on)
    table:
      subject: letter.issuer
      rows:
        - {clause: "2a", title: {zh: 甲, en: a}, when: employment.employed, allow: [某校（组织部）, 别校]}
        - {clause: "2b", title: {zh: 乙, en: b}, when: "!employment.employed", allow: [别校]}
    message: {zh: 错, en: wrong}
    remedy: {zh: 改, en: mend}
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_table_of_names(engine: str, tmp_path: Path) -> None:
    pack = write(tmp_path / "pack", rules=TABLE, cases=None)
    ledger = tmp_path / "ledger.csv"
    pl.DataFrame([sound(1, 开具单位="某校 〔组织部〕"), sound(2, 开具单位="别　校"),
                  sound(3, 开具单位="某校组织部"),
                  sound(4, 开具单位="某校[组织部]", 是否落实工作单位="否")]).write_csv(ledger)
    report = audit(ledger, load_policy(pack), as_of=date(2007, 12, 31), backend=engine)
    assert said(report) == {"2a": ["06003"], "2b": ["06004"]}


def test_an_event_speaks_of_the_record_of_the_same_id(tmp_path: Path) -> None:
    events = tmp_path / "events"
    events.write_text("".join(json.dumps(event) + "\n" for event in (
        {"member.id": "１ 1", "letter.issued_on": "2007-06-30", "letter.serial": "第7号"},
        {"member.id": "11", "receipt.returned_on": "2007-07-20"},
        {"member.id": "12", "letter.issued_on": "2007-06-30", "letter.serial": "7"},
        {"member.id": "１２", "letter.serial": "8"},
    )), encoding="utf-8")
    done = run("watch", events, "--policy", PACK, "--as-of", "2007-07-21")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["record"] for line in lines} == {"１ 1", "12"}
    came = [(line["record"], line["is"]) for line in lines if line["clause"] == "1.6b"]
    assert came[:2] == [("１ 1", "pending"), ("１ 1", "satisfied")]
    serials = [(line["record"], line["is"]) for line in lines if line["clause"] == "1.3e"]
    assert serials == [("１ 1", "satisfied"), ("12", "violation"), ("１ 1", "violation"),
                       ("12", "satisfied"), ("１ 1", "satisfied")]
