"""A ledger that says of each record what is not kept of it is judged as the tables it came from."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from zhuanjie.engine.api import NOT_KEPT, audit, load_policy
from zhuanjie.engine.core.errors import UsageError
from zhuanjie.engine.core.results import Finding, Report
from zhuanjie.engine.ledger.joining.join import join_tables
from zhuanjie.engine.ledger.ledger import Ledger, open_ledger
from zhuanjie.synthetic import generate

DAY = date(2007, 12, 31)
POLICY = load_policy("fujian-2007-80")
WAYS: list[dict[str, Any]] = [{}, {"bulk": True}, {"backend": "reference"}, {"backend": "python"},
                              {"backend": "durable"}]
LACKED = (("receipt.returned_on", "receipt.tracker"), ("letter.issued_on",),
          ("member.degree", "letter.serial", "transfer.destination"), ())


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[pl.DataFrame]:
    """Tables with different columns."""
    path = tmp_path_factory.mktemp("made") / "ledger.parquet"
    generate(records=400, seed=7, output=path, as_of=DAY)
    whole = pl.read_parquet(path)
    size = len(whole) // len(LACKED)
    return [whole.slice(at * size, size).drop(c for c in names if c in whole.columns)
            for at, names in enumerate(LACKED)]


def apart(parts: list[pl.DataFrame], folder: Path) -> list[Path]:
    for at, part in enumerate(parts):
        part.write_parquet(folder / f"{at}.parquet")
    return [folder / f"{at}.parquet" for at in range(len(parts))]


def together(parts: list[pl.DataFrame], path: Path, heading: str = NOT_KEPT["zh"]) -> Path:
    every = dict.fromkeys(c for part in parts for c in part.columns)
    whole = pl.concat([part.with_columns(pl.lit(" ".join(
        c for c in every if c not in part.columns)).alias(heading)) for part in parts],
        how="diagonal").select(*every, heading)
    writers = {".csv": whole.write_csv, ".parquet": whole.write_parquet,
               ".jsonl": whole.write_ndjson, ".xlsx": whole.write_excel}
    writers[path.suffix](path)
    return path


def said(report: Report) -> list[tuple[Any, ...]]:
    def one(f: Finding) -> tuple[Any, ...]:
        return (f.record or "", f.rule, f.clause, f.outcome, f.due, f.days_late, f.missing,
                f.judged, f.message)
    return sorted(map(one, report.findings), key=str)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl", ".xlsx"])
@pytest.mark.parametrize("heading", NOT_KEPT.values(), ids=NOT_KEPT)
def test_one_file_is_judged_as_the_tables_it_came_from(
        parts: list[pl.DataFrame], suffix: str, heading: str, tmp_path: Path) -> None:
    wanted = said(audit(apart(parts, tmp_path), POLICY, as_of=DAY))
    one = audit([together(parts, tmp_path / f"one{suffix}", heading)], POLICY, as_of=DAY)
    assert said(one) == wanted
    assert not [n for n in one.notices if heading in str(n.args)]
    blank = audit([tmp_path / f"one{suffix}"], POLICY, as_of=DAY, absent="blank")
    assert len(blank.findings) > len(wanted)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_engine_takes_it_so(parts: list[pl.DataFrame], way: dict[str, Any],
                                  tmp_path: Path) -> None:
    wanted = said(audit(apart(parts, tmp_path), POLICY, as_of=DAY, all_outcomes=True))
    one = together(parts, tmp_path / "one.csv")
    assert said(audit([one], POLICY, as_of=DAY, all_outcomes=True, **way)) == wanted


def test_a_field_that_has_a_value_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = ["学号,姓名,介绍信日期,介绍信姓名,未设栏目", "1,甲,2007-06-20,乙,letter.name",
            "2,乙,2007-06-20,,letter.name", "3,丙,2007-06-20,,"]
    path.write_text("\n".join(rows), encoding="utf-8")
    found = {f.record: f.outcome for f in audit([path], POLICY, as_of=DAY).findings
             if f.clause == "1.3a" and f.judged}
    assert found["1"] == found["3"] == "violation"
    assert "2" not in found


def test_what_names_no_field_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("学号,姓名,未设栏目\n\n1,甲,letter.name\n2,乙,介绍信姓名\n3,丙,介绍信姓名\n",
                    encoding="utf-8")
    [wrong] = [f for f in audit([path], POLICY, as_of=DAY).input
               if f.code == "records.not-kept-unknown"]
    assert (wrong.row, wrong.column, wrong.value) == (4, "未设栏目", "介绍信姓名")


def test_keys_of_several_tables_are_said_as_without_it(tmp_path: Path) -> None:
    for name, heading in (("a", "未设栏目"), ("b", "未设栏目"), ("c", "备注"), ("d", "性别")):
        (tmp_path / f"{name}.csv").write_text(f"学号,姓名,{heading}\n1,甲,\n", encoding="utf-8")
    paths = [tmp_path / f"{name}.csv" for name in "abcd"]
    report = audit(paths, POLICY, as_of=DAY)
    assert [f.file for f in report.input if f.code == "records.same-id"] == [
        str(tmp_path / "b.csv"), str(tmp_path / "c.csv")]
    [kept_apart] = [n for n in report.notices if n.code == "audit.same-keys"]
    assert kept_apart.args["count"] == 1
    assert not [n for n in report.notices if n.code == "records.joined"]


def test_a_table_of_a_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("学号,姓名,未设栏目\n1,甲,\n", encoding="utf-8")
    ledger = open_ledger([path], vocabulary=POLICY.vocabulary)
    with pytest.raises(UsageError, match="not audited here"):
        join_tables(Ledger(ledger.tables, is_database=True), join=False)
