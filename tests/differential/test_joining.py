"""A ledger split at random into tables and joined again says what the whole one says.

Records that come from only some of the tables are judged as if a ledger of just their columns held
them. Both ways to pass a ledger through an engine, and the reference, are tried.
"""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.edge_records import chinese, record
from support.marks import few
from support.party_transfer import fields
from support.values import replace

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.engine.core.limits import Limits, using
from zhuanjie.engine.core.results import Finding, Report

DAY = date(2007, 12, 31)
KEY = "学号"
TINY = Limits(reported_rows=7, hashed_rows=5, beat_rows=3, slice_rows=6, text_rows=4, typed_rows=6,
              sample_rows=4, chunk_rows=6, line_block=4, kept_part=5, batch_rows=4, object_rows=3)
WAYS: list[dict[str, Any]] = [{"bulk": False}, {"bulk": True}, {"backend": "reference"}]


def said(paths: list[Path], **options: Any) -> Report:
    options = {"policy": load_policy("fujian-2007-80"), "as_of": DAY, **options}
    with using(replace(TINY, stream_from=10**9, lines_kept_from=10**9)):
        return audit(paths, **options)


def plain(findings: list[Finding], *without: str) -> list[Finding]:
    """Findings as they are, wherever their records stand, ordered as by one table."""
    bare = [replace(f, location=type(f.location)()) for f in findings if f.rule not in without]
    return sorted(bare, key=lambda f: f.record or "")


def write(path: Path, rows: list[dict[str, Any]], headings: list[str]) -> Path:
    frame = pl.DataFrame([{h: str(v) if (v := row.get(h)) is not None else None for h in headings}
                          for row in rows], schema=dict.fromkeys(headings, pl.String))
    (frame.write_parquet if path.suffix == ".parquet" else frame.write_csv)(path)
    return path


def whole(rng: random.Random, count: int) -> tuple[list[str], list[dict[str, Any]]]:
    records = [chinese(record(rng.randrange(10**6), DAY)) for _ in range(count)]
    records = list({row[KEY]: row for row in records}.values())
    headings = [f.heading for f in fields() if f.heading != KEY and rng.random() < 0.9]
    return [KEY, *headings], [{h: row[h] for h in (KEY, *headings) if h in row}
                              for row in records]


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("seed", few(range(6), 0))
def test_a_split_ledger_joined_says_what_the_whole_says(
    seed: int, way: dict[str, Any], tmp_path: Path,
) -> None:
    rng = random.Random(seed)
    headings, records = whole(rng, rng.choice((1, 7, 30)))
    expected = said([write(tmp_path / "whole.csv", records, headings)], backend="reference")
    names = [h for h in headings if h != KEY]
    rng.shuffle(names)
    cuts = sorted(rng.sample(range(1, len(names)), rng.choice((1, 2, 3))))
    paths = []
    for half in range(rng.choice((1, 2))):
        here = records if half == 0 and rng.random() < 0.5 else records[half::2]
        for at, (a, b) in enumerate(zip([0, *cuts], [*cuts, len(names)], strict=True)):
            again = rng.sample(names, 3)  # cells that stand twice, or are blank in one table
            rows = [{h: v for h, v in row.items() if h in (KEY, *names[a:b]) or rng.random() < 0.7}
                    for row in here]
            rng.shuffle(rows)
            path = tmp_path / f"{half}-{at}.{rng.choice(('csv', 'parquet'))}"
            paths.append(write(path, rows, [KEY, *dict.fromkeys([*names[a:b], *again])]))
    held = {row[KEY] for path in paths for row in (
        pl.read_parquet(path) if path.suffix == ".parquet"
        else pl.read_csv(path, infer_schema=False)).iter_rows(named=True)}
    if len(held) < len(records):  # only one half was written
        expected = said([write(tmp_path / "whole.csv",
                               [r for r in records if r[KEY] in held], headings)],
                        backend="reference")
    rng.shuffle(paths)
    found = said(paths, join=True, **way)
    assert plain(found.findings) == plain(expected.findings)
    assert found.ledger.records == expected.ledger.records
    assert found.summary.not_judged == expected.summary.not_judged
    assert found.summary.counts == expected.summary.counts
    assert found.summary.people == expected.summary.people


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("seed", few(range(6), 0))
def test_records_of_some_tables_lack_what_these_lack(
    seed: int, way: dict[str, Any], tmp_path: Path,
) -> None:
    rng = random.Random(seed)
    headings, records = whole(rng, rng.choice((3, 30)))
    names = [h for h in headings if h != KEY]
    rng.shuffle(names)
    cut = rng.randrange(5, len(names) - 5)
    first, second = [KEY, *names[:cut]], [KEY, *names[cut:]]
    kinds = {row[KEY]: rng.choice(("first", "second", "both")) for row in records}
    more: dict[str, Any] = rng.choice(({}, {"all_outcomes": True}, {"absent": "blank"}))
    paths, expected, counts = [], [], 0
    for kind, columns in (("first", first), ("second", second)):
        rows = [row for row in records if kinds[row[KEY]] in (kind, "both")]
        rng.shuffle(rows)
        paths.append(write(tmp_path / f"{kind}.csv", rows, columns))
    for kind, columns in (("first", first), ("second", second), ("both", headings)):
        rows = [row for row in records if kinds[row[KEY]] == kind]
        if not rows:
            continue
        alone = said([write(tmp_path / f"only-{kind}.csv", rows, columns)], backend="reference",
                     **more)
        expected += alone.findings
        counts += alone.summary.not_judged.total()
    unique = {r.rule.id for r in load_policy("fujian-2007-80").rules if r.shape == "unique"}
    found = said(paths, join=True, **way, **more)
    assert plain(found.findings, *unique) == plain(expected, *unique)
    assert found.ledger.records == len(records)
    # In the order of the tables, then of their rows.
    places = [(paths.index(Path(f.location.file or "")), f.location.row) for f in found.findings]
    assert places == sorted(places)
    assert [t.records for t in found.ledger.tables] == [
        sum(kinds[row[KEY]] in (kind, "both") for row in records) for kind in ("first", "second")]
    if way != WAYS[0]:
        batches = said(paths, join=True, **WAYS[0], **more)
        assert found.findings == batches.findings
        assert found.summary.not_judged == batches.summary.not_judged


@pytest.mark.parametrize("seed", few(range(12), 0))
def test_every_way_says_the_same_of_tables_that_contradict_each_other(
    seed: int, tmp_path: Path,
) -> None:
    rng = random.Random(seed)
    headings, records = whole(rng, rng.choice((3, 30)))
    names = headings[1:]
    paths = []
    for part in range(rng.choice((2, 3))):
        columns = rng.sample(names, len(names) // 2)
        rows = [dict(row) for row in records if rng.random() < 0.7]
        for row in rows:
            for heading in rng.sample(columns, 2):
                row[heading] = rng.choice(records).get(heading)
        rows += rng.sample(rows, min(len(rows), rng.choice((0, 0, 2))))  # keys that come twice
        rows += [{h: v for h, v in row.items() if h != KEY} for row in rows[:1]]
        rng.shuffle(rows)
        path = tmp_path / f"{part}.{rng.choice(('csv', 'parquet'))}"
        paths.append(write(path, rows, [KEY, *columns]))
    more: dict[str, Any] = rng.choice(({}, {"all_outcomes": True}, {"absent": "blank"}))
    first, *others = (said(paths, join=True, **way, **more) for way in WAYS)
    assert len(records) < 9 or any(i.code.startswith("records.contradiction") for i in first.input)
    for other in others:
        assert other.findings == first.findings
        assert other.input == first.input
        assert other.ledger == first.ledger
        assert other.summary == first.summary
