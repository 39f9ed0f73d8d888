"""Reports compared, for people and programs. In: a comparison. Out: sections, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import polars as pl

from zhuanjie.engine.core.messages import say_diagnostic
from zhuanjie.report.comparing.comparison import GROUP, ReportComparison
from zhuanjie.report.comparing.matching import (
    CHANGED,
    GONE,
    MENDED,
    NEW,
    NOT_JUDGED,
    OPEN,
    STATES,
    UNREPORTED,
    WAIVED,
)
from zhuanjie.report.comparing.report_file import WRONG, ReportFile
from zhuanjie.report.inert import csv_cell
from zhuanjie.report.section import Section, Tone
from zhuanjie.report.view import View

LISTED: Final = {"table": 200}
"""How many findings of each kind a format lists."""
MOST: Final = 20_000
"""How many the other formats for people do."""
_TONES: Final[Mapping[str, Tone]] = {
    NEW: "bad", CHANGED: "warn", OPEN: "plain", WAIVED: "muted", NOT_JUDGED: "warn",
    UNREPORTED: "plain", GONE: "muted", MENDED: "good"}
_COLUMNS: Final = ("id", "state", "record", "name", "group", "rule", "clause", "outcome", "was",
                   "severity", "message", "due", "was_due", "since", "waiver", "file", "sheet",
                   "row", "pack")
_PLACE: Final = ("file", "sheet", "row")


def sections(compared: ReportComparison, view: View, most: int) -> Iterator[Section]:
    """What became of the findings: in numbers, by group, by clause, then each of them."""
    *_, before, after = compared.reports
    totals = compared.totals()
    yield Section(
        title=view.say("compare.title", old=before.label, new=after.label), level=1,
        notes=[view.say("compare.report", file=r.path.name, day=r.as_of or "—",
                        policy=f"{r.policy['id']} {r.policy['version']}" if r.policy else "—",
                        records="—" if r.records is None else r.records)
               for r in compared.reports])
    said = [view.say("compare.total", state=_state(s, view), count=n)
            for s, n in totals.items() if n]
    yield Section(title=view.parts(said) if said else view.say("compare.nothing"),
                  tone="bad" if totals[NEW] else "good")
    if compared.notices:
        yield Section(title=view.say("compare.notices"), tone="warn",
                      notes=[say_diagnostic(notice, view.lang) for notice in compared.notices])
    shown = [state for state, count in totals.items() if count]
    if shown:
        yield _by_group(compared, shown, view)
        yield _by_clause(compared, shown, view)
    for state in shown:
        yield _list(compared, state, totals[state], view, most)


def _state(state: str, view: View) -> str:
    return view.say(f"compare.state.{state}")


def _by_group(compared: ReportComparison, shown: list[str], view: View) -> Section:
    """What became of the findings of each group, the one with most that is new first."""
    field = view.names.get("group", "") if compared.by == GROUP else compared.by
    name = view.column("group") if compared.by == GROUP else view.field(field)
    ranked = sorted(compared.counts(compared.by).items(),
                    key=lambda item: [-item[1][state] for state in shown])
    return Section(
        title=view.say("compare.by", field=name),
        headers=[name, *(_state(state, view) for state in shown)],
        rows=[(view.group_value(field, value or None), *(str(own[s] or "") for s in shown))
              for value, own in ranked])


def _by_clause(compared: ReportComparison, shown: list[str], view: View) -> Section:
    """What became of those of each clause, in the policy's order."""
    order = {clause: at for at, clause in enumerate(view.clauses)}
    counts = sorted(compared.counts("clause").items(),
                    key=lambda item: (order.get(item[0], len(order)), item[0]))
    return Section(
        title=view.say("audit.summary"),
        headers=[view.column("clause"), *(_state(state, view) for state in shown),
                 view.column("about")],
        rows=[(clause, *(str(own[s] or "") for s in shown), view.headings.get(clause, ""))
              for clause, own in counts])


def _list(compared: ReportComparison, state: str, count: int, view: View, most: int) -> Section:
    rows = compared.found.filter(state=state).head(most)
    notes = [view.say("compare.first", listed=most)] if count > most else []
    if f"compare.why.{state}" in _EXPLAINED:
        notes.insert(0, view.say(f"compare.why.{state}"))
    return Section(
        title=view.say("compare.list", state=_state(state, view), count=count),
        tone=_TONES[state], notes=notes,
        headers=view.columns("clause", "record", "named", "group", "outcome", "due", "since",
                             "about"),
        rows=[(row["clause"], row["record"] or "", row["name"] or "", row["group"] or "",
               _outcome(row, view), _due(row), compared.since(row["since"]),
               row["message"] or view.headings.get(row["clause"], ""))
              for row in rows.iter_rows(named=True)])


_EXPLAINED: Final = {f"compare.why.{state}" for state in (CHANGED, UNREPORTED, NOT_JUDGED)}


def _outcome(row: Mapping[str, Any], view: View) -> str:
    """The outcome, and where it is another, what it was."""
    was, now = (view.say(f"outcome.{row[name]}") if row[name] else ""
                for name in ("was", "outcome"))
    return f"{was} → {now}" if was and now and was != now else now or was


def _due(row: Mapping[str, Any]) -> str:
    was, now = row["was_due"], row["due"]
    moved = row["state"] == CHANGED and was != now and was and now
    return f"{was} → {now}" if moved else str(now or was or "")


def document(compared: ReportComparison, view: View) -> Iterator[str]:
    """JSON, every finding on a line of its own."""
    by = {} if compared.by == GROUP else {compared.by: compared.counts(compared.by)}
    head = {
        "compared": [_report(report) for report in compared.reports],
        "notices": [say_diagnostic(notice, view.lang) for notice in compared.notices],
        "summary": {**compared.totals(), "by_clause": compared.counts("clause"),
                    "by_group": compared.counts(GROUP), **({"by": by} if by else {})},
    }
    yield json.dumps(head, ensure_ascii=False, indent=2).removesuffix("\n}") + ',\n  "findings": ['
    gap, end = "\n    ", "]\n}\n"
    for row in _rows(compared):
        place = {name: row.pop(name) for name in _PLACE}
        more = {} if compared.by == GROUP else {"by": {compared.by: row.pop(compared.by)}}
        yield gap + json.dumps({**row, "location": place, **more}, ensure_ascii=False)
        gap, end = ",\n    ", "\n  ]\n}\n"
    yield end


def lines(compared: ReportComparison) -> Iterator[str]:
    """CSV: a header, then a line for each finding."""
    line = io.StringIO()
    writer = csv.writer(line)
    names = [*_COLUMNS, *([] if compared.by == GROUP else [compared.by])]
    writer.writerow(names)
    for row in _rows(compared):
        yield line.getvalue()
        line.seek(0)
        line.truncate()
        writer.writerow([csv_cell(row[name]) for name in names])
    yield line.getvalue()


def _rows(compared: ReportComparison) -> Iterator[dict[str, Any]]:
    """The findings, as JSON has them."""
    labels = [report.label for report in compared.reports]
    names = [*_COLUMNS, *([] if compared.by == GROUP else [compared.by])]
    frame = compared.found.with_columns(
        pl.col("due", "was_due").dt.to_string("iso"),
        pl.col("since").replace_strict(dict(enumerate(labels)), return_dtype=pl.String))
    yield from frame.select(names).iter_rows(named=True)


def _report(report: ReportFile) -> dict[str, Any]:
    wrong = report.findings.filter(pl.col("outcome").is_in(WRONG))
    return {
        "file": str(report.path), "policy": dict(report.policy) if report.policy else None,
        "as_of": report.as_of.isoformat() if report.as_of else None, "records": report.records,
        "findings": len(wrong),
    }


assert set(_TONES) == set(STATES)
