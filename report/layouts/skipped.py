"""What was not audited, for people. In: a report. Out: sections of files, sheets and clauses."""

from __future__ import annotations

from collections.abc import Iterator

from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.results import Report
from zhuanjie.report.section import Section
from zhuanjie.report.view import View


def skipped(report: Report, view: View) -> Iterator[Section]:
    """The files and sheets that were not audited, each with the reason."""
    if not report.ledger.skipped:
        return
    yield Section(
        title=view.say("audit.skipped", count=len(report.ledger.skipped)), tone="warn",
        headers=view.columns("file", "sheet", "why"),
        rows=[(s.file, s.sheet or "", say(s.reason.code, view.lang, **s.reason.args))
              for s in report.ledger.skipped],
    )


def not_judged(report: Report, view: View) -> Iterator[Section]:
    """The clauses that could not be judged of some records, and the columns that would allow it."""
    counts = report.summary.not_judged
    if not counts:
        return
    lacking: dict[str, list[str]] = {clause: [] for clause in counts}
    for name, clauses in report.no_columns.items():
        for clause in clauses:
            for told in counts:
                if told == clause or view.rules_of.get(told) == clause:
                    lacking[told].append(view.field(name))
    yield Section(
        title=view.say("audit.not-judged", count=len(counts)), tone="warn",
        notes=[view.say("audit.not-judged.why")],
        headers=view.columns("clause", "records", "about", "lacking"),
        rows=[(clause, str(times), view.headings.get(clause, ""), view.join(lacking[clause]))
              for clause, times in counts.items()],
    )
