"""An audit for people. In: a report. Out: sections: totals, what to do first, then the details.

The top fits a screen however many findings there are: how many records, what they come to, what
was not checked, what to do first, every clause in a line. Every finding follows below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zhuanjie.engine.core.results import Judged, Outcome, Report, Severity
from zhuanjie.report import waiver_words
from zhuanjie.report.labels import RecordLabels
from zhuanjie.report.layouts.audit_details import details
from zhuanjie.report.layouts.skipped import not_judged, skipped
from zhuanjie.report.rows import other_rows, tables
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

NO_RECORDS = {f"records.{role}-row" for role in ("note", "sum", "heading", "example")}
"""What is found of rows that are no records."""
FIRST = 5
"""How many clauses are named as what to do first."""


def sections(report: Report, view: View) -> Iterator[Section]:
    """The whole report."""
    view = view.of_report(report)
    labels = RecordLabels(report, view)
    yield from _top(report, view, labels.notes())
    if report.input:
        yield from unreadable(report, view, labels)
    yield from tables(report, view)
    yield from details(report.findings, view, labels)
    yield from not_judged(report, view)


def brief(report: Report, view: View) -> Iterator[Section]:
    """A report whose findings went elsewhere, or were not asked for."""
    view = view.of_report(report)
    yield from _top(report, view)
    if report.input:
        yield from unreadable(report, view, RecordLabels(report, view))
    yield from tables(report, view)
    yield from not_judged(report, view)


def _top(report: Report, view: View, notes: Iterable[str] = ()) -> Iterator[Section]:
    """What it all comes to."""
    top = head(report, view)
    yield Section(title=top.title, level=1, notes=(*top.notes, *notes))
    yield _totals(report, view)
    yield from skipped(report, view)
    yield from _not_checked(report, view)
    yield from _first(report, view)
    yield from _clauses(report, view)
    for name, groups in report.summary.by.items():
        if groups:
            yield _groups(name, report, view)
    yield from judged(report, view)


def head(report: Report, view: View) -> Section:
    """What was judged, by which pack, as of which day."""
    pack, ledger = report.policy, report.ledger
    return Section(
        title=view.policy_title or pack.id, level=1,
        notes=(
            view.say("audit.pack", id=pack.id, version=pack.version, as_of=report.as_of),
            view.say("audit.ledger", records=ledger.records, out_of_scope=ledger.out_of_scope),
            *other_rows(ledger, view),
        ),
    )


def judged(report: Report, view: View) -> Iterator[Section]:
    """Where several packs judged: which judged which clauses of how many records."""
    if not report.judged:
        return
    within = report.ledger.records - report.ledger.out_of_scope
    yield Section(
        title=view.say("audit.judged"),
        headers=view.columns("pack", "version", "in-force", "judged"),
        rows=[(j.policy.id, j.policy.version, view.period(j.start, j.end),
               _judged_clauses(j, within, view)) for j in report.judged if j.clauses],
    )


def _judged_clauses(part: Judged, within: int, view: View) -> str:
    """Clauses with their records; those of which the pack judged every record are counted."""
    some = [view.say("audit.judged.clause", clause=clause, records=n)
            for clause, n in part.clauses.items() if n < within]
    whole = len(part.clauses) - len(some)
    return view.join([*([view.say("audit.judged.whole", clauses=whole)] if whole else ()), *some])


def unreadable(report: Report, view: View, labels: RecordLabels) -> Iterator[Section]:
    """The cells that could not be read, then the rows that were taken for no records."""
    rows = [f for f in report.input if f.code in NO_RECORDS]
    cells = [f for f in report.input if f.code not in NO_RECORDS]
    if cells:
        yield Section(
            title=view.say("audit.input", count=sum(f.count for f in cells)), tone="warn",
            headers=view.columns("row", "record", "column", "why"),
            rows=[(labels.rows(f),
                   f.record or "" if f.count == 1 else view.say("audit.input.cells", count=f.count),
                   f.column or (view.field(f.field) if f.field else ""), f.message(view.lang))
                  for f in cells])
    if rows:
        yield Section(
            title=view.say("audit.no-records", count=sum(f.count for f in rows)), tone="warn",
            headers=view.columns("row", "why"),
            rows=[(labels.rows(f), f.message(view.lang)) for f in rows])


def _totals(report: Report, view: View) -> Section:
    """How much of everything there is, and how many records are concerned."""
    summary = report.summary
    shown = [o for o in view.outcomes if summary.total(o)]
    if not shown:
        # What was not judged is no good news.
        code = "audit.nothing-judged" if summary.not_judged else "audit.nothing"
        return Section(title=view.say(code, records=report.ledger.records),
                       tone="plain" if summary.not_judged else "good")
    said = [view.say("audit.total.outcome", outcome=view.outcome(o), count=summary.total(o))
            for o in shown]
    if summary.people:
        said[0] = view.say("audit.total.people", total=said[0], people=summary.people,
                           record=view.record)
    return Section(title=view.say("audit.totals", totals=view.parts(said)),
                   notes=waiver_words.notes(report, view),
                   tone="bad" if summary.people else "plain")


def _not_checked(report: Report, view: View) -> Iterator[Section]:
    """What the totals do not speak of, so that nobody takes them for all there is."""
    notes = []
    if report.summary.not_asked:
        notes.append(view.say("audit.not-asked", count=len(report.summary.not_asked),
                              clauses=" ".join(report.summary.not_asked)))
    if report.summary.not_judged:
        notes.append(view.say("audit.not-judged.below", count=len(report.summary.not_judged)))
    if report.input:
        notes.append(view.say("audit.input.below",
                              count=sum(f.count for f in report.input)))
    if notes:
        yield Section(title=view.say("audit.not-checked"), tone="warn", notes=notes)


def _first(report: Report, view: View) -> Iterator[Section]:
    """The clauses to begin with: errors before warnings, what is longest overdue before others."""
    summary, weights = report.summary, list(Severity)
    broken = [c for c, counts in summary.counts.items() if counts[Outcome.VIOLATION]]
    if not broken:
        return
    ranked = sorted(broken, key=lambda c: (
        weights.index(view.severities.get(c, Severity.ERROR)), -summary.days_late.get(c, 0),
        -summary.counts[c][Outcome.VIOLATION]))
    rest = len(ranked) - FIRST
    yield Section(
        title=view.say("audit.first"), tone="bad",
        notes=[view.say("audit.first.more", count=rest)] if rest > 0 else (),
        headers=view.columns("clause", "weighs", "broken", "longest", "to-do"),
        rows=[(c, view.severity(view.severities.get(c, Severity.ERROR)),
               str(summary.counts[c][Outcome.VIOLATION]),
               str(summary.days_late.get(c) or ""), _to_do(c, view)) for c in ranked[:FIRST]],
    )


def _to_do(clause: str, view: View) -> str:
    heading, remedy = view.headings.get(clause, ""), view.remedies.get(clause, "")
    return view.label(heading, remedy) if heading and remedy else heading or remedy


def _clauses(report: Report, view: View) -> Iterator[Section]:
    """What every clause came to."""
    shown = [o for o in view.outcomes if report.summary.total(o)]
    rows = [
        (clause, *_numbers(counts[o] for o in shown), view.headings.get(clause, ""))
        for clause, counts in report.summary.counts.items() if any(counts[o] for o in shown)
    ]
    if rows:
        total = (view.say("audit.total"), *(str(report.summary.total(o)) for o in shown), "")
        yield Section(
            title=view.say("audit.summary"),
            headers=[view.say("column.clause"), *(view.outcome(o) for o in shown),
                     view.say("column.about")],
            rows=[*rows, total],
        )


def _groups(name: str, report: Report, view: View) -> Section:
    """What every group came to, the one with most violations first."""
    shown = [o for o in view.outcomes if report.summary.total(o)]
    ranked = sorted(report.summary.by[name].items(),
                    key=lambda item: [-item[1][o] for o in shown])
    return Section(
        title=view.say("audit.by", field=view.field(name)),
        headers=[view.field(name), *(view.outcome(o) for o in shown)],
        rows=[(view.group_value(name, value or None), *_numbers(counts[o] for o in shown))
              for value, counts in ranked],
    )


def _numbers(counts: Iterable[int]) -> Iterator[str]:
    """Counts, a nought left blank so that the eye finds the others."""
    return (str(n) if n else "" for n in counts)
