"""Parts of files on Spark, without Spark: how they are cut, read and written."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest

pytest.importorskip("pyspark")

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.api.policies import plan_for
from zhuanjie.engine.auditing.strategies.spark_output import Form
from zhuanjie.engine.auditing.strategies.spark_parts import PartWriter
from zhuanjie.engine.backends.spark.files import files_in, parts_of
from zhuanjie.engine.core.errors import UsageError
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.file_parts import FilePart, FilePartTable
from zhuanjie.engine.ledger.readers.pieces import TableHead

SCHEMA = pl.Schema({"record": pl.String, "due": pl.Date, "missing": pl.List(pl.String), "row": pl.Int64})


def found(*rows: tuple[str | None, date | None, list[str], int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@pytest.mark.parametrize(("groups", "size", "parts"), [
    ([], 10, []), ([0, 0], 10, []), ([3], 10, [(0, 3)]),
    ([4, 4, 4, 4], 8, [(0, 8), (8, 8)]), ([30, 1, 1], 10, [(0, 30), (30, 2)]),
    ([10, 0, 10], 10, [(0, 10), (10, 10)]), ([6, 6, 6, 6, 0], 10, [(0, 12), (12, 12)]),
])
def test_parts_hold_every_row_once(groups: list[int], size: int,
                                   parts: list[tuple[int, int]]) -> None:
    cut = list(parts_of(groups, size))
    assert sum(height for _, height in cut) == sum(groups)
    assert [start for start, _ in cut] == [sum(h for _, h in cut[:n]) for n in range(len(cut))]
    if parts != cut:  # how they are cut is a matter of speed; that they are, is not
        assert len(cut) <= len(groups)


def test_a_part_is_read_as_its_rows_of_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"学号": [f"{n:05}" for n in range(100)], "离校时间": [date(2007, 6, 1)] * 100}
                 ).write_parquet(path, row_group_size=10)
    policy = load_policy("fujian-2007-80")
    match = HeadingMap(plan_for(policy, date(2007, 12, 31)).policy.vocabulary).match(
        ["学号", "离校时间"], None)  # type: ignore[arg-type]
    head = TableHead(str(path), ["学号", "离校时间"], match, "words")
    table = FilePartTable(head, FilePart(str(path), "a", 30, 20))
    assert table.size_hint == 20 and table.file == "a"
    assert table.scan().collect()["0"].to_list() == [f"{n:05}" for n in range(30, 50)]


@pytest.mark.parametrize("form", get_args(Form))
def test_what_attempts_left_is_not_shown(form: Any, tmp_path: Path) -> None:
    writer = PartWriter(str(tmp_path), form, SCHEMA)
    names = []
    for number in (1, 0):
        with writer.part(number) as file:
            file.write(found())
            file.write(found(("=1+1", date(2007, 1, 2), ["a", "b"], number)))
            file.write(found((None, None, [], number)))
        names.append(file.name)
    with writer.part(0) as lost:  # an attempt that Spark did not need
        lost.write(found(("again", None, [], 0)))
    with pytest.raises(InterruptedError), writer.part(2) as failed:
        failed.write(found(("half", None, [], 2)))
        raise InterruptedError
    with writer.part(3) as empty:
        pass
    assert empty.name == "" and not [p for p in tmp_path.iterdir() if "-00002-" in p.name]
    writer.finish(names, found(("last", None, [], 9)))
    shown = sorted(p for p in tmp_path.iterdir() if p.name != "_SUCCESS")
    assert len(shown) == 3 and all(p.name.startswith("part-") for p in shown)
    read: dict[str, Any] = {
        "parquet": pl.read_parquet, "jsonl": pl.read_ndjson,
        "csv": lambda path: pl.read_csv(path, infer_schema=False).with_columns(
            pl.col("row").cast(pl.Int64))}
    rows = pl.concat([read[form](p).select("record", "row") for p in shown]).rows()
    guarded = "'=1+1" if form == "csv" else "=1+1"
    assert rows == [(guarded, 0), (None, 0), (guarded, 1), (None, 1), ("last", 9)]


def test_a_folder_that_workers_do_not_see(tmp_path: Path) -> None:
    writer = PartWriter(str(tmp_path), "parquet", SCHEMA)
    with pytest.raises(UsageError):
        writer.finish([".part-00000-elsewhere.zstd.parquet"], found())
    writer.finish([], found())
    (part,) = tmp_path.glob("part-*")
    assert pl.read_parquet(part).schema == SCHEMA


def test_the_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.parquet", "a.parquet", "_SUCCESS", ".hidden"):
        (tmp_path / name).touch()
    assert [p.name for p in files_in(tmp_path)] == ["a.parquet", "b.parquet"]
    (tmp_path / "届别=2007").mkdir()  # a column by its name
    with pytest.raises(OSError):
        list(files_in(tmp_path))
