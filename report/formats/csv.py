"""Findings as CSV, one a line under a header. In: a report. Out: rows for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TextIO

from zhuanjie.engine.core.finding_columns import columns
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import Finding, Report
from zhuanjie.engine.core.unaudited import Unaudited, unaudited
from zhuanjie.report import json_shape as shape
from zhuanjie.report.inert import csv_text
from zhuanjie.report.view import View

Tail = Callable[[], Iterable[Unaudited]]

_json = json.JSONEncoder(ensure_ascii=False).encode


def lines(findings: Iterable[Finding], by_pack: bool = False, by: Sequence[str] = (),
          after: Tail = tuple, lang: Lang = "en") -> Iterator[str]:
    """The header, and a line for every finding; with `by_pack`, also which pack judged it.

    `by` are the fields that findings are grouped by; `after` says in the end what was not audited.
    """
    names = [column.name for column in columns(packs=by_pack, by=by)]
    line = io.StringIO()
    writer = csv.writer(line)  # lines end as RFC 4180 has it; else a lone \r would go unquoted
    not_audited = (_cells(shape.not_audited(part, lang), names) for make in [after]
                   for part in make())
    for row in chain([names], (_cells(shape.finding(f), names) for f in findings), not_audited):
        writer.writerow(row)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def render(report: Report, out: TextIO, view: View) -> None:
    """Write the findings of a report."""
    out.writelines(lines(report.findings, bool(report.judged), (
        *report.summary.by, *(("known_since",) if report.baseline else ())),
                         lambda: unaudited(report), view.lang))


def _cells(cells: dict[str, Any], names: Sequence[str]) -> list[Any]:
    cells |= cells.pop("location")
    cells |= cells.pop("by", {})
    cells["missing"] = " ".join(cells["missing"])
    cells["waiver"] = cells["waiver"] and cells["waiver"]["id"]
    cells["fields"] = _json(cells["fields"])
    return [csv_text(cell) if cell.__class__ is str else cell for cell in map(cells.get, names)]
