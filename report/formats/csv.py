"""Findings as CSV, one a line under a header. In: a report. Out: rows for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Final, TextIO

from zhuanjie.engine.core.finding_columns import columns
from zhuanjie.engine.core.results import Finding, Report
from zhuanjie.report import json_shape as shape
from zhuanjie.report.view import View

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def lines(findings: Iterable[Finding], by_pack: bool = False) -> Iterator[str]:
    """The header, and a line for every finding; with `by_pack`, also which pack judged it."""
    names = [column.name for column in columns(packs=by_pack)]
    line = io.StringIO()
    writer = csv.writer(line)  # lines end as RFC 4180 has it; else a lone \r would go unquoted
    for row in chain([names], (_row(finding, names) for finding in findings)):
        writer.writerow(row)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def render(report: Report, out: TextIO, view: View) -> None:
    """Write the findings of a report."""
    out.writelines(lines(report.findings, bool(report.judged)))


def _row(finding: Finding, names: Sequence[str]) -> list[Any]:
    cells = shape.finding(finding)
    cells |= cells.pop("location")
    cells["missing"] = " ".join(cells["missing"])
    cells["fields"] = json.dumps(cells["fields"], ensure_ascii=False)
    return [_inert(cells.get(name)) for name in names]


def _inert(cell: Any) -> Any:
    """Text a spreadsheet would run as a formula, marked as text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
