"""A report's own methods: data, frames, files, a page for notebooks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zhuanjie.engine import OutputError, UsageError, audit

ROWS = [{"学号": "1", "离校时间": "2007-06-20"}, {"学号": "2"}]


def test_a_report_speaks_for_itself(tmp_path: Path) -> None:
    report = audit(ROWS, "fujian-2007-80", as_of="2007-12-31", only=["1.1"])
    data = report.to_dict()
    assert [f["record"] for f in data["findings"]] == [f.record for f in report.findings]
    assert data["as_of"] == "2007-12-31" and len(data["findings"]) > 1
    frame = report.to_frame()
    assert frame["clause"].to_list() == [f.clause for f in report.findings]
    assert frame["due"].to_list() == [f.due for f in report.findings]
    assert "1.1b" in report._repr_html_() and report._repr_html_().lstrip().startswith("<")
    assert repr(report) == (
        f"Report(fujian-2007-80, 2007-12-31, 2 records, {len(frame)} findings)")
    for ending in ("json", "jsonl", "csv", "md", "html", "parquet"):
        path = tmp_path / f"r.{ending}"
        report.save(path)
        report.save(str(path))  # over its own former output
        assert path.stat().st_size > 100
    assert json.loads((tmp_path / "r.json").read_text("utf-8")) == data


def test_what_is_not_ours_is_kept(tmp_path: Path) -> None:
    report = audit(ROWS, "fujian-2007-80", as_of="2007-12-31")
    (tmp_path / "r.csv").write_text("a,b\n", "utf-8")
    with pytest.raises(OutputError):
        report.save(tmp_path / "r.csv")
    report.save(tmp_path / "r.csv", force=True)
    with pytest.raises(UsageError, match="docx"):
        report.save(tmp_path / "r.docx")
