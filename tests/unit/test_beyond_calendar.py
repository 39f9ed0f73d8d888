"""Days beyond every calendar, durations, halves of characters: what other programs hand over."""

import json
from datetime import date, timedelta

import polars as pl
import pytest

from zhuanjie.engine import audit

DAY = date(2007, 12, 31)
FAR = {
    "date": pl.Series([10**8, -10**8], dtype=pl.Int32).cast(pl.Date),
    "ms": pl.Series([2**62, -2**62]).cast(pl.Datetime("ms")),
    "us": pl.Series([2**62, -2**62]).cast(pl.Datetime("us")),
    "zone": pl.Series([2**62, -2**62]).cast(pl.Datetime("us", "Asia/Shanghai")),
    "ns": pl.Series([2**63 - 1, -2**63 + 1]).cast(pl.Datetime("ns")),
    "duration": pl.Series([2**62, 5]).cast(pl.Duration("ms")),
    "years": pl.Series([date(9999, 12, 31), date(1, 1, 1)]),
}
HALF = "a\ud800b"


def frame(cells, name):
    rest = {"member.id": ["1", "2"], "member.name": ["甲", "乙"]}
    return pl.DataFrame({**rest, name: cells})


@pytest.mark.parametrize("name", ["letter.issued_on", "member.category", "member.name",
                                  "member.id", "member.cohort", "letter.valid_days", "其他"])
@pytest.mark.parametrize("kind", FAR)
def test_far_values_are_found_or_kept(kind, name, tmp_path):
    table = frame(FAR[kind], name)
    report = audit(table, "fujian-2007-80", as_of=DAY)
    assert report.ledger.records == 2
    if name == "letter.issued_on" and kind != "ns":
        assert [(i["field"], i["rows"]) for i in report.to_dict()["input"]] == [(name, [1, 2])]
    path = tmp_path / "far.parquet"
    table.write_parquet(path)
    assert [i.code for i in audit(path, "fujian-2007-80", as_of=DAY).input] == [
        i.code for i in report.input]
    report.save(tmp_path / "out.json")


@pytest.mark.parametrize("kind", FAR)
def test_far_values_in_lists_and_groups(kind):
    cells = FAR[kind]
    group = pl.DataFrame({"issued_on": cells}).to_struct("letter")
    listed = pl.DataFrame({"x": cells}).select(pl.concat_list("x"))["x"]
    deep = pl.DataFrame({"x": cells}).select(pl.concat_list(pl.struct("x")))["x"]
    assert audit(frame(group, "letter"), "fujian-2007-80", as_of=DAY).ledger.records == 2
    for name in ("letter.issued_on", "其他"):
        for nested in (listed, deep):
            said = audit(frame(nested, name), "fujian-2007-80", as_of=DAY).to_dict()["input"]
            assert [(i["value"], i["rows"]) for i in said] == (
                [("[…]", [1, 2])] if name != "其他" else [])


@pytest.mark.parametrize("record", [
    {"member.id": HALF, "member.name": "甲"}, {"member.id": "1", "member.name": HALF},
    {"member.id": "1", "member.name": "甲", HALF: "x"},
    {"member": {"id": "1", "name": "甲", HALF: "x"}},
    {"member.id": "1", "member.name": "甲", "letter.issued_on": timedelta(days=10**8)},
    {"member.id": "1", "member.name": "甲", "letter.issued_on": 10**5000},
    {"member.id": "1", "member.name": "甲", "其他": 10**5000}])
def test_records_that_no_file_can_hold(record, tmp_path):
    report = audit([record], "fujian-2007-80", as_of=DAY)
    assert report.ledger.records == 1
    json.dumps(report.to_dict(), ensure_ascii=False).encode()
    report.save(tmp_path / "out.csv")
    report._repr_html_().encode()
