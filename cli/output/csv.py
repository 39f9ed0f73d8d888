"""Findings as CSV, one a line under a header. In: a report. Out: rows for a spreadsheet."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from typing import Any, Final, TextIO

from zhuanjie.cli.output import shape
from zhuanjie.cli.output.view import View
from zhuanjie.engine.results import Finding, Report

COLUMNS: Final = ("record", "rule", "clause", "outcome", "severity", "message", "due",
                  "days_late", "missing", "fields", "remedy", "file", "sheet", "row")

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def render(report: Report, out: TextIO, view: View) -> None:
    """Write the findings of a report."""
    writer = csv.writer(out)  # lines end as RFC 4180 has it; else a lone \r would go unquoted
    columns = (*COLUMNS, "pack") if report.judged else COLUMNS
    writer.writerow(columns)
    writer.writerows(_row(finding, columns) for finding in report.findings)


def _row(finding: Finding, columns: Sequence[str]) -> list[Any]:
    cells = shape.finding(finding)
    cells |= cells.pop("location")
    cells["missing"] = " ".join(cells["missing"])
    cells["fields"] = json.dumps(cells["fields"], ensure_ascii=False)
    return [_inert(cells.get(name)) for name in columns]


def _inert(cell: Any) -> Any:
    """Text a spreadsheet would run as a formula, marked as text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
