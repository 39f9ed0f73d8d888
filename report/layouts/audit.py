"""An audit for people. In: a report. Out: sections: what is wrong, what is open, what is to come.

Violations stand under their rule, with the remedy said once; undetermined findings under the
blank that causes them; pending ones under their day. Every finding is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.results import (
    QUIET_OUTCOMES,
    Finding,
    Judged,
    Outcome,
    Report,
    Severity,
)
from zhuanjie.report.causes import Cause, Open, causes
from zhuanjie.report.labels import RecordLabels
from zhuanjie.report.section import Section, Tone
from zhuanjie.report.view import View


def sections(report: Report, view: View) -> Iterator[Section]:
    """The whole report."""
    labels = RecordLabels(report, view)
    found: dict[Outcome, list[Finding]] = {outcome: [] for outcome in Outcome}
    for finding in report.findings:
        found[finding.outcome].append(finding)
    yield head(report, view)
    yield from judged(report, view)
    if report.input:
        yield unreadable(report, view, labels)
    yield from by_rule(found[Outcome.VIOLATION], Outcome.VIOLATION, view, labels)
    if found[Outcome.UNDETERMINED]:
        yield from _undetermined(found[Outcome.UNDETERMINED], view, labels)
    if found[Outcome.PENDING]:
        yield _pending(found[Outcome.PENDING], view, labels)
    yield from by_rule(found[Outcome.WAIVED], Outcome.WAIVED, view, labels)
    for outcome in QUIET_OUTCOMES:
        if found[outcome]:
            yield _listed(found[outcome], outcome, view, labels)
    yield _summary(report, view)


def brief(report: Report, view: View) -> Iterator[Section]:
    """A report whose findings went elsewhere."""
    yield head(report, view)
    if report.input:
        yield unreadable(report, view, RecordLabels(report, view))
    yield _summary(report, view)


def head(report: Report, view: View) -> Section:
    """What was judged, by which pack, as of which day."""
    pack, ledger = report.policy, report.ledger
    return Section(
        title=view.policy_title or pack.id, level=1,
        notes=(
            view.say("audit.pack", id=pack.id, version=pack.version, as_of=report.as_of),
            view.say("audit.ledger", records=ledger.records, out_of_scope=ledger.out_of_scope),
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


def unreadable(report: Report, view: View, labels: RecordLabels) -> Section:
    """The cells that could not be read."""
    return Section(
        title=view.say("audit.input", count=len(report.input)), tone="warn",
        headers=view.columns("row", "record", "column", "why"),
        rows=[
            (labels.row(f.file, f.sheet, f.row), f.record or "",
             f.column or (view.field(f.field) if f.field else ""), f.message(view.lang))
            for f in report.input
        ],
    )


def by_rule(found: Sequence[Finding], outcome: Outcome, view: View,
            labels: RecordLabels) -> Iterator[Section]:
    """Findings under the rules they came of: errors before warnings, then in the pack's order."""
    order = {rule: at for at, rule in enumerate(view.titles)}
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        groups.setdefault((finding.key, finding.clause), []).append(finding)
    if groups:
        tone: Tone = "bad" if outcome is Outcome.VIOLATION else "plain"
        yield Section(title=view.say("audit.part", outcome=view.outcome(outcome),
                                     count=len(found)), tone=tone)
    severities = list(Severity)
    ranked = sorted(groups.items(), key=lambda item: (
        severities.index(item[1][0].severity), order.get(item[0][0], 0), item[0][1]))
    for (rule, clause), group in ranked:
        title = view.say("audit.rule", clause=clause, title=view.titles.get(rule, rule),
                         severity=view.severity(group[0].severity), count=len(group))
        if group[0].pack:
            title = view.say("audit.rule.by", title=title, pack=group[0].pack)
        yield from _by_remedy(title, group, view, labels)


def _by_remedy(title: str, group: Sequence[Finding], view: View,
               labels: RecordLabels) -> Iterator[Section]:
    """Findings of one rule under what would mend them, which is said once."""
    remedies: dict[str, list[Finding]] = {}
    for finding in group:
        remedies.setdefault(finding.remedy, []).append(finding)
    tone: Tone = "bad" if group[0].severity is Severity.ERROR else "warn"
    for number, (remedy, found) in enumerate(remedies.items()):
        yield Section(
            title="" if number else title, level=3, tone=tone,
            notes=[view.say("audit.remedy", remedy=remedy)] if remedy else (),
            headers=view.columns("record", "row", "finding"),
            rows=[(f.record or "", labels.place(f), f.message) for f in found],
        )


def _undetermined(found: Sequence[Finding], view: View, labels: RecordLabels) -> Iterator[Section]:
    gathered = causes(found, view.fields)
    blanks = sum(c.records for c in gathered if c.field)
    yield Section(
        title=view.say("audit.part", outcome=view.outcome(Outcome.UNDETERMINED),
                       count=len(found)),
        tone="warn", notes=[view.say("audit.causes", findings=len(found), blanks=blanks)],
    )
    for cause in gathered:
        yield _cause(cause, view, labels)


def _cause(cause: Cause, view: View, labels: RecordLabels) -> Section:
    """The records a blank leaves open; without a known blank, each finding with its reason."""
    if cause.field is None:
        return Section(
            title=view.say("audit.no-field", findings=cause.findings), level=3, tone="warn",
            headers=view.columns("clause", "record", "row", "finding"),
            rows=[(f.clause, f.record or "", labels.place(f), f.message)
                  for group in cause.groups for f in group.findings],
        )
    return Section(
        title=view.say("audit.cause", field=_blamed(cause, cause.field, view),
                       records=cause.records, findings=cause.findings),
        level=3, tone="warn",
        headers=view.columns("opens", "records", "which"),
        rows=[
            (view.join(_opened(o, view) for o in group.opens), str(len(group.sample)),
             labels.each(group.sample))
            for group in cause.groups
        ],
    )


def _blamed(cause: Cause, name: str, view: View) -> str:
    """The field that is blank, or the day of a month that is on record everywhere."""
    filled = all(name in f.fields for group in cause.groups for f in group.findings)
    label = view.field(name)
    return say("finding.its-day", view.lang, name=label) if filled else label


def _opened(item: Open, view: View) -> str:
    if not item.also:
        return item.clause
    return view.say("audit.also", clause=item.clause, fields=view.join(map(view.field, item.also)))


def _pending(found: Sequence[Finding], view: View, labels: RecordLabels) -> Section:
    groups: dict[tuple[date, str], list[Finding]] = {}
    for finding in found:
        groups.setdefault((finding.due or date.max, finding.clause), []).append(finding)
    return Section(
        title=view.say("audit.pending", count=len(found), due=min(groups)[0]),
        headers=view.columns("due", "clause", "records", "which"),
        rows=[(due.isoformat(), clause, str(len(group)), labels.each(group))
              for (due, clause), group in sorted(groups.items(), key=lambda item: item[0][0])],
    )


def _listed(
    found: Sequence[Finding], outcome: Outcome, view: View, labels: RecordLabels
) -> Section:
    groups: dict[str, list[Finding]] = {}
    for finding in found:
        groups.setdefault(finding.clause, []).append(finding)
    return Section(
        title=view.say("audit.part", outcome=view.outcome(outcome), count=len(found)),
        tone="good" if outcome is Outcome.SATISFIED else "muted",
        headers=view.columns("clause", "records", "which"),
        rows=[(clause, str(len(group)), labels.each(group)) for clause, group in groups.items()],
    )


def _summary(report: Report, view: View) -> Section:
    """What every clause came to, and the totals."""
    shown = [o for o in view.outcomes if o is not Outcome.WAIVED or report.summary.total(o)]
    rows = [
        (clause, *_numbers(counts[o] for o in shown), view.clauses.get(clause, ""))
        for clause, counts in report.summary.counts.items() if any(counts[o] for o in shown)
    ]
    if not rows:
        return Section(title=view.say("audit.nothing", records=report.ledger.records), tone="good")
    total = (view.say("audit.total"), *(str(report.summary.total(o)) for o in shown), "")
    return Section(
        title=view.say("audit.summary"),
        headers=[view.say("column.clause"), *(view.outcome(o) for o in shown),
                 view.say("column.text")],
        rows=[*rows, total],
    )


def _numbers(counts: Iterable[int]) -> Iterator[str]:
    """Counts, a nought left blank so that the eye finds the others."""
    return (str(n) if n else "" for n in counts)
