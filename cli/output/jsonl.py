"""Findings as JSON, one a line. In: findings as they come. Out: lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TextIO

from zhuanjie.cli.output import shape
from zhuanjie.cli.output.view import View
from zhuanjie.engine.results import Finding, Report


def lines(findings: Iterable[Finding]) -> Iterator[str]:
    """A line for every finding."""
    for finding in findings:
        yield json.dumps(shape.finding(finding), ensure_ascii=False) + "\n"


def render(report: Report, out: TextIO, view: View) -> None:
    """Write the findings of a report."""
    out.writelines(lines(report.findings))
