"""Findings as JSON, one a line. In: findings as they come. Out: lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TextIO

from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import Finding, Report
from zhuanjie.engine.core.unaudited import Unaudited, unaudited
from zhuanjie.report import json_shape as shape
from zhuanjie.report.view import View

Tail = Callable[[], Iterable[Unaudited]]


def lines(findings: Iterable[Finding], by_pack: bool = False, by: Sequence[str] = (),
          after: Tail = tuple, lang: Lang = "en") -> Iterator[str]:
    """A line for every finding, then for all that was not audited, which `after` says.

    A finding says itself which pack judged it, and what it is grouped by.
    """
    for finding in findings:
        yield json.dumps(shape.finding(finding), ensure_ascii=False) + "\n"
    for part in after():
        yield json.dumps(shape.not_audited(part, lang), ensure_ascii=False) + "\n"


def render(report: Report, out: TextIO, view: View) -> None:
    """Write the findings of a report."""
    out.writelines(lines(report.findings, after=lambda: unaudited(report), lang=view.lang))
