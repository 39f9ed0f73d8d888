"""A report as one JSON document. In: a report. Out: the shape of the contract.

Every finding is one line of its own, so that a large report stays readable and is written fast.
"""

from __future__ import annotations

import json
from typing import Any, TextIO

from zhuanjie.cli.output import shape
from zhuanjie.cli.output.view import View
from zhuanjie.engine.results import Report


def render(report: Report, out: TextIO, view: View) -> None:
    """Write the report."""
    text = json.dumps(shape.head(report, view), ensure_ascii=False, indent=2)
    out.write(text.removesuffix("\n}") + ',\n  "findings": [')
    gap = "\n    "
    for finding in report.findings:
        out.write(gap + json.dumps(shape.finding(finding), ensure_ascii=False))
        gap = ",\n    "
    out.write("\n  ]\n}\n" if report.findings else "]\n}\n")


def write(data: Any, out: TextIO) -> None:
    """Write any other answer."""
    out.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
