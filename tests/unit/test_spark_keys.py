"""Which keys several records have, counted part by part as workers do, without Spark."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

pytest.importorskip("pyspark")

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.api.policies import plan_for
from zhuanjie.engine.auditing.strategies import spark_keys
from zhuanjie.engine.auditing.strategies.pieces import KEY_COUNTS, AuditTerms
from zhuanjie.engine.auditing.strategies.spark_readers import PartReader
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.file_parts import FilePart
from zhuanjie.engine.ledger.readers.pieces import TableHead

DAY = date(2007, 12, 31)
HEADINGS = ["学号", "姓名", "介绍信编号", "开具单位", "介绍信开具时间"]


def rows() -> list[tuple[Any, ...]]:
    """Records of which some share an id or a letter's serial, and rows that are no records."""
    found: list[tuple[Any, ...]] = [
        (f"{n:05}", f"某人{n}", f"A{n}", "某校", date(2007, 6, 1)) for n in range(2000)]
    found[7] = ("01500", *found[7][1:])
    found[90] = ("01500 ", *found[90][1:])
    found[400] = (*found[400][:2], "A1900", "某校", date(2007, 6, 2))
    found[401] = (*found[401][:2], "A1900", "另校", date(2007, 6, 2))
    found[402] = (*found[402][:2], "A1901", "某校", None)  # a letter that nobody gave
    for at in (500, 1200):
        found.insert(at, ("学号", "姓名", "介绍信编号", "开具单位", None))
        found.insert(at, ("00033", None, None, None, None))  # little in it, and yet a record
        found.insert(at, ("合计", None, "A1950", "某校", date(2007, 6, 1)))
        found.insert(at, (None,) * 5)
    return found


def counted(folder: Path) -> tuple[spark_keys.CommonKeys, list[set[int]]]:
    """What the tasks make of the ledger, and where they would look again, by kind."""
    path = folder / "ledger.parquet"
    frame = pl.DataFrame(rows(), schema=HEADINGS, orient="row")
    frame.write_parquet(path, row_group_size=100)
    plan = plan_for(load_policy("fujian-2007-80"), DAY)
    match = HeadingMap(plan.policy.vocabulary).match(HEADINGS, None)  # type: ignore[arg-type]
    heights = [600, 900, len(frame) - 1500]
    parts = [FilePart(str(path), "a", sum(heights[:n]), height)
             for n, height in enumerate(heights)]
    reader, terms = PartReader(TableHead("a", HEADINGS, match, "words"), parts), AuditTerms(plan)

    def sent(task: Any) -> list[pa.RecordBatch]:
        return [batch for n in range(len(parts))
                for batch in task(iter([pa.record_batch({"id": [n]})]))]

    hashed = sent(spark_keys.HashTask(reader, terms, {}))
    found = pl.DataFrame(pl.from_arrow(list(spark_keys._Twice()(iter(hashed)))))
    kinds = range(2)
    hashes = [spark_keys._joined(found.filter(pl.col("part").is_null(), kind=kind)["hashes"],
                                 np.uint64) for kind in kinds]
    places = spark_keys._places(found.drop_nulls("part"), kinds, len(parts))
    task = spark_keys.CountTask(reader, terms, hashes, places)
    some = pl.DataFrame(pl.from_arrow(sent(task))).cast(KEY_COUNTS)
    own = some.group_by("kind", "first", "second").agg(pl.col("sure", "everyone").sum())
    looked: list[set[int]] = [set(), set()]
    for start, part in zip((0, 600, 1500), places or (), strict=False):
        for kind, at in enumerate(part):
            looked[kind] |= {start + place for place in at}
    return spark_keys.CommonKeys(own.filter(pl.col("everyone") > 1), places), looked


def told(keys: spark_keys.CommonKeys) -> set[tuple[Any, ...]]:
    return set(keys.counts.select(*KEY_COUNTS).iter_rows())


def test_keys_are_counted_where_they_stand(tmp_path: Path) -> None:
    """Rows that are no records are not counted, though they look like it at first; of the others
    only those are read again that may share a key."""
    keys, looked = counted(tmp_path)
    ids = [str(row[0]).strip() for row in rows()]
    shared = {form for form, times in Counter(ids).items() if times > 1} - {"学号", "合计", "None"}
    assert shared == {"01500", "00033"}
    assert {(kind, first, everyone) for kind, first, _, _, everyone in told(keys) if not kind} == {
        (0, "01500", 3), (0, "00033", 3)}
    assert {(first, everyone) for kind, first, _, _, everyone in told(keys) if kind} == {
        ("A1900", 2)}
    assert {at for at, form in enumerate(ids) if form in shared} <= looked[0]
    assert 0 < len(looked[0] | looked[1]) < 30


def test_too_many_places_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they are too many to send around, the same keys come of their hashes."""
    keys, _ = counted(tmp_path)
    monkeypatch.setattr(spark_keys, "SHARED", 6)
    again, _ = counted(tmp_path)
    assert keys.places is not None and again.places is None
    assert told(again) == told(keys)
