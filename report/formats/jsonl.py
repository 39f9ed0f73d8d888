"""Findings as JSON, one a line. In: findings as they come. Out: lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TextIO

from zhuanjie.engine.core.results import Finding, Report
from zhuanjie.report import json_shape as shape
from zhuanjie.report.view import View


def lines(findings: Iterable[Finding], by_pack: bool = False) -> Iterator[str]:
    """A line for every finding; which pack judged it is said where several do."""
    for finding in findings:
        yield json.dumps(shape.finding(finding), ensure_ascii=False) + "\n"


def render(report: Report, out: TextIO, view: View) -> None:
    """Write the findings of a report."""
    out.writelines(lines(report.findings, bool(report.judged)))
