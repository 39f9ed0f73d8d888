"""Fixes, for people and programs. In: fixes of the engine. Out: sections, plain data."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.results import plain
from zhuanjie.report import json_shape as shape
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import CellChange, Fix, RecordFix, TableRow

_HOLDS = {True: "yes", False: "no", None: "unknown"}


def sections(found: RecordFix, view: View) -> Iterator[Section]:
    """The ways to mend a record, what cannot be mended, then the rows of its tables."""
    name = found.record or ""
    if found.alternatives:
        yield Section(title=_say(view, "title", record=name, count=len(found.alternatives)),
                      tone="good")
    else:
        code = "none" if found.beyond else "nothing"
        yield Section(title=_say(view, code, record=name), tone="bad" if found.beyond else "good")
    for number, fix in enumerate(found.alternatives, 1):
        yield _way(number, fix, view)
    if found.beyond:
        yield Section(
            title=_say(view, "beyond", count=len(found.beyond)), level=3, tone="bad",
            headers=[view.say("column.clause"), view.say("column.finding"),
                     _say(view, "column.why")],
            rows=[(b.finding.clause, b.finding.message, _say(view, f"reason.{b.reason}"))
                  for b in found.beyond])
    for rule, rows in groupby(found.rows, lambda row: row.rule):
        yield _table(rule, list(rows), view)


def _way(number: int, fix: Fix, view: View) -> Section:
    return Section(
        title=_say(view, "way", number=number, changes=len(fix.changes)), level=3,
        headers=[_say(view, f"column.{c}") for c in ("field", "now", "new", "kind")],
        rows=[(view.field(c.field), view.value(c.field, c.was), _new(c, view),
               _say(view, f"kind.{c.kind}")) for c in fix.changes],
        tree=[_say(view, code, clause=f.clause, message=f.message)
              for code, left in (("pending", fix.pending), ("remaining", fix.remaining))
              for f in left])


def _table(rule: str, rows: list[TableRow], view: View) -> Section:
    """Which row allows what, and what would have to differ for it to hold."""
    subject = rows[0].subject
    return Section(
        title=_say(view, "rows", rule=view.titles.get(rule, rule), field=view.field(subject),
                   value=view.value(subject, rows[0].value)), level=3,
        headers=[_say(view, f"column.{c}") for c in ("row", "holds", "allows", "differs")],
        rows=[(f"{row.clause} {row.title}", _say(view, f"holds.{_HOLDS[row.holds]}"),
               view.join(_allowed(row, value, view) for value in row.allows),
               _differs(row, view)) for row in rows])


def _allowed(row: TableRow, value: str, view: View) -> str:
    name = view.value(row.subject, value)
    return _say(view, "this", value=name) if value == row.value else name


def _differs(row: TableRow, view: View) -> str:
    if row.differs is None:
        return _say(view, "never")
    return view.join(_say(view, "change", field=view.field(c.field),
                          now=view.value(c.field, c.was), new=_new(c, view)) for c in row.differs)


def _new(change: CellChange, view: View) -> str:
    return _say(view, "open") if change.open else view.value(change.field, change.value)


def _say(view: View, code: str, **args: Any) -> str:
    return say(f"fix.{code}", view.lang, **args)


def plain_fix(found: RecordFix, view: View) -> dict[str, Any]:
    """The fixes of a record as JSON has them."""
    return {
        "record": found.record,
        "location": shape.location(found.location),
        "alternatives": [
            {
                "changes": [_plain_change(c, view) for c in fix.changes],
                "pending": [shape.finding(f) for f in fix.pending],
                "remaining": [shape.finding(f) for f in fix.remaining],
            }
            for fix in found.alternatives
        ],
        "beyond": [{**shape.finding(b.finding), "reason": b.reason} for b in found.beyond],
        "rows": [
            {
                "rule": row.rule,
                "clause": row.clause,
                "title": row.title,
                "holds": row.holds,
                "allows": list(row.allows),
                "opens": row.value in row.allows,
                "differs": None
                if row.differs is None
                else [_plain_change(c, view) for c in row.differs],
            }
            for row in found.rows
        ],
    }


def _plain_change(change: CellChange, view: View) -> dict[str, Any]:
    """A change; an open one has no value of its own, only an example of the right form."""
    value = plain(change.value)
    return {
        "field": change.field, "heading": view.fields[change.field].heading, "kind": change.kind,
        "now": plain(change.was), "to": None if change.open else value, "open": change.open,
        "example": value if change.open else None,
    }
