"""What the rows of a ledger are. In: a report. Out: lines for people, and a table of its tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath

from zhuanjie.engine.api import Diagnostic, Place
from zhuanjie.engine.core.results import LedgerRef, Report
from zhuanjie.report.section import Section
from zhuanjie.report.view import View


def other_rows(ledger: LedgerRef, view: View) -> Iterator[str]:
    """Lines on the rows that are no records, and on those that are hidden or struck through."""
    for code, kinds in (("audit.rows", _sum(t.rows for t in ledger.tables)),
                        ("audit.marked", _sum(t.marked for t in ledger.tables))):
        if kinds:
            yield view.say(code, rows=_listed(kinds, view))


def tables(report: Report, view: View) -> Iterator[Section]:
    """Where there are several tables, what the rows of each are."""
    found = report.ledger.tables
    if len(found) < 2:
        return
    yield Section(
        title=view.say("audit.tables", count=len(found)),
        headers=view.columns("file", "sheet", "header", "read", "others"),
        rows=[(PurePath(t.table.file).name, t.table.sheet or "",
               "" if t.table.header_row is None else str(t.table.header_row), str(t.records),
               _listed({**t.rows, **t.marked}, view)) for t in found],
    )


def row_notices(report: Report, view: View) -> Iterator[Diagnostic]:
    """The same for formats that hold findings alone."""
    for counts in report.ledger.tables:
        if kinds := {**counts.rows, **counts.marked}:
            at = counts.table
            yield Diagnostic(
                "output.rows", {"records": counts.records, "rows": _listed(kinds, view)},
                Place(at.file, at.sheet, at.header_row))


def _sum(kinds: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for some in kinds:
        total.update(some)
    return total


def _listed(kinds: Mapping[str, int], view: View) -> str:
    return view.join(view.say(f"row.{kind}", count=count) for kind, count in kinds.items() if count)
