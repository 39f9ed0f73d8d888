"""A notice of a made-up university, written as its authors would: data alone, and all of it works."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zhuanjie.cli.main import main

PACK = Path(__file__).parents[2] / "fixtures" / "packs" / "binhu-2019-12"
LEDGER = """\
学号,届别,离校时间,书面告知时间,是否落实工作单位,单位是否建立党组织,去向类型,转出时间,介绍信编号,报到日期
s1,2019,2019-06-30,2019-06-20,是,是,单位党组织,2019-06-20,BH20190001,2019-08-19
s2,2019,2019-06-30,2019-06-21,否,,保留在学校,,,
s3,2018,2018-06-30,,,,,,,
s4,2019,,,是,否,父母居住地街道乡镇,2019-06-20,BH20190001,2019-08-20
"""


def test_a_ledger_is_judged_by_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = tmp_path / "ledger.csv"
    ledger.write_text(LEDGER, encoding="utf-8")
    assert main(["audit", str(ledger), "--policy", str(PACK), "--as-of", "2019-12-31",
                 "--format", "json", "--quiet", "--absent", "blank"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ledger"]["out_of_scope"] == 1
    found = [(f["record"], f["rule"], f["outcome"]) for f in report["findings"]]
    assert found == [
        ("s1", "number-once", "violation"),
        ("s2", "told-in-time", "violation"), ("s2", "where-to", "violation"),
        ("s2", "quarterly", "violation"),
        ("s4", "where-to", "violation"), ("s4", "number-once", "violation"),
        ("s4", "presented", "violation"),
    ]
