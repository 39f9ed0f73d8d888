"""A report as one JSON document. In: a report. Out: the shape of the contract.

Every finding is one line of its own, so that a large report stays readable and is written fast.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from zhuanjie.engine.core.results import Finding, Report
from zhuanjie.report import json_shape as shape
from zhuanjie.report.view import View


def render(report: Report, out: TextIO, view: View) -> None:
    """Write the report."""
    out.write(head(report, view))
    out.writelines(tail(report.findings))


def head(report: Report, view: View) -> str:
    """What stands before the findings."""
    text = json.dumps(shape.head(report, view), ensure_ascii=False, indent=2)
    return text.removesuffix("\n}") + ',\n  "findings": ['


def tail(findings: Iterable[Finding]) -> Iterator[str]:
    """The findings, as they come, and what stands behind them."""
    gap, end = "\n    ", "]\n}\n"
    for finding in findings:
        yield gap + json.dumps(shape.finding(finding), ensure_ascii=False)
        gap, end = ",\n    ", "\n  ]\n}\n"
    yield end


def write(data: Any, out: TextIO) -> None:
    """Write any other answer."""
    out.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
