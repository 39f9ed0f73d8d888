"""Findings as CSV, one a line under a header. In: a report. Out: rows for a spreadsheet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TextIO

from zhuanjie.engine.core.finding_columns import Kind, columns
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import Finding, Report
from zhuanjie.engine.core.shares import SHARE_COLUMNS
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
    shown = columns(packs=by_pack, by=by)
    names = [column.name for column in shown]
    cells = [(column.of, _WRITTEN.get(column.kind, _as_it_is)) for column in shown]
    kept: list[str] = []
    writer = csv.writer(_Lines(kept))  # lines end as RFC 4180 has it; else a lone \r goes unquoted
    rows = chain([names], ([written(of(finding)) for of, written in cells] for finding in findings),
                 (_cells(shape.not_audited(part, lang), names) for part in _later(after)))
    for row in rows:
        writer.writerow(row)
        yield kept.pop()


def render(report: Report, out: TextIO, view: View) -> None:
    """Write the findings of a report."""
    out.writelines(lines(report.findings, bool(report.judged), (
        *report.summary.by, *(("known_since",) if report.baseline else ()),
        *(SHARE_COLUMNS if _has_shares(report) else ())),
                         lambda: unaudited(report), view.lang))


class _Lines:
    """What a writer of CSV writes to: a list."""

    def __init__(self, kept: list[str]) -> None:
        self.write = kept.append


def _later(after: Tail) -> Iterator[Unaudited]:
    yield from after()


def _text(cell: str | None) -> str | None:
    return csv_text(cell) if cell else cell


def _texts(cell: Iterable[str]) -> str:
    return csv_text(" ".join(cell))


def _values(cell: dict[str, Any]) -> str:
    return csv_text(_json(cell))


def _as_it_is(cell: Any) -> Any:
    return cell


_WRITTEN: dict[Kind, Callable[[Any], Any]] = {
    "text": _text, "texts": _texts, "values": _values}


def _has_shares(report: Report) -> bool:
    """Whether a rule that was asked is on a share."""
    rules = report.origin[0].rules if report.origin else ()
    return any(f.share is not None for f in report.findings) or any(
        r.shape == "share" and r.clause not in report.summary.not_asked for r in rules)


def _cells(cells: dict[str, Any], names: Sequence[str]) -> list[Any]:
    cells |= cells.pop("location")
    cells |= {"missing": " ".join(cells["missing"]), "fields": _json(cells["fields"])}
    return [csv_text(cell) if cell.__class__ is str else cell for cell in map(cells.get, names)]
