"""Large ledgers pass in one stream, small ones in batches: both ways must say the same of any ledger.

The limits from which on the stream is used, and the sizes of its parts, are made tiny, so that every
ledger here is "large" and every border between parts is met.
"""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.marks import few
from support.messy_ledgers import ledger, typed
from support.party_transfer import fields
from support.values import replace

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.engine.core.errors import ZhuanjieError
from zhuanjie.engine.core.limits import Limits, using
from zhuanjie.engine.core.results import Report

DAYS = (date(2007, 12, 31), date(2016, 1, 31), date(2021, 6, 30))
"""One before and two after the law changed: without a policy's name the clause's day decides."""


TINY = Limits(reported_rows=7, hashed_rows=5, beat_rows=3, slice_rows=6, text_rows=4, typed_rows=6,
              sample_rows=4, chunk_rows=6, line_block=4, kept_part=9)

SHOWN = {"member.id", "member.name", "member.school_branch"}
"""Fields that are read to name records, whatever the rules ask."""


def said(paths: list[Path], *, stream: bool, **options: Any) -> Report:
    held = stream and paths[0].suffix in (".jsonl", ".tsv")
    with using(replace(TINY, stream_from=0 if stream else 10**9,
                       lines_kept_from=0 if held else 10**9, text_part=1 << 10,
                       held_bytes=10**9 if held else 2000)):
        return audit(paths, **options)


@pytest.mark.parametrize("form", few(["csv", "tsv", "text.parquet", "typed.parquet", "text.jsonl",
                                      "typed.jsonl"], "csv", "typed.parquet"))
@pytest.mark.parametrize("seed", few(range(12), 0))
def test_a_stream_and_batches_agree(form: str, seed: int, tmp_path: Path) -> None:
    rng = random.Random(f"{form}-{seed}")
    day = rng.choice(DAYS)
    paths = []
    for part in range(rng.choice((1, 1, 2))):
        records = ledger(rng, rng.choice((1, 9, 40)), rng.choice((0.0, 0.05, 0.5)))
        gone = rng.sample([n for n in records[0] if n != "member.id"], rng.choice((0, 0, 3, 20)))
        records = [{n: v for n, v in row.items() if n not in gone} for row in records]
        path = tmp_path / f"{part}.{form.rpartition('.')[2]}"
        frame = pl.DataFrame(records, schema=dict.fromkeys(records[0], pl.String))
        if form in ("csv", "tsv"):
            frame.write_csv(path, separator="," if form == "csv" else "\t")
        else:
            frame = typed(records) if form.startswith("typed") else frame
            frame.write_ndjson(path) if form.endswith("jsonl") else frame.write_parquet(path)
        paths.append(path)
    roster = tmp_path / "roster.csv"
    roster.write_text("学号\n06000\n06001\n06999\n06999\n", encoding="utf-8")
    options: dict[str, Any] = {
        "policy": load_policy(rng.choice(("fujian-2007-80", "quanzhou-normal-2007-23", None)),
                              as_of=day), "as_of": day,
        "roster": rng.choice((None, roster)), "all_outcomes": rng.random() < 0.2,
        "absent": rng.choice(("unknown", "unknown", "blank")),
    }
    try:
        batches = said(paths, stream=False, **options)
    except ZhuanjieError as error:
        with pytest.raises(type(error)) as caught:
            said(paths, stream=True, **options)
        assert str(caught.value) == str(error)
        return
    stream = said(paths, stream=True, **options)
    assert stream.findings == batches.findings
    # Of a columnar file, columns that no rule reads and that have their field's type are not read,
    # but for those whose values are checked.
    unread = set[str | None]() if "parquet" not in form else {
        f.name for f in fields() if f.name not in options["policy"].fields | SHOWN
        and f.check is None and (f.type == "string" or (form == "typed.parquet" and f.type in ("bool", "int", "date")))}
    assert stream.input == [i for i in batches.input if i.field not in unread]
    assert stream.ledger == batches.ledger
    assert stream.summary == batches.summary
    assert stream.notices == batches.notices
    assert stream.judged == batches.judged
