"""The findings of an audit, one by one. In: findings. Out: sections, each finding in one of them.

Violations stand under their rule, with the remedy said once; undetermined findings under the
blank that causes them; pending ones under their day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from zhuanjie.engine.core.results import QUIET_OUTCOMES, Finding, Outcome, Severity
from zhuanjie.report.causes import Cause, Open, causes
from zhuanjie.report.labels import RecordLabels
from zhuanjie.report.section import Section, Tone
from zhuanjie.report.view import View
from zhuanjie.report.waiver_words import message, reason


def details(findings: Sequence[Finding], view: View, labels: RecordLabels) -> Iterator[Section]:
    """What is wrong, what is open, what is to come; where they are grouped, group by group."""
    groups: dict[tuple[tuple[str, str | None], ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault(tuple(finding.by.items()), []).append(finding)
    for by, found in sorted(groups.items(), key=lambda item: [
            (value is None, value or "") for _, value in item[0]]):
        if by:
            values = view.join(view.label(view.field(name), view.group_value(name, value))
                               for name, value in by)
            yield Section(title=view.say("audit.group", group=values, count=len(found)))
        yield from _by_outcome(found, view, labels)


def _by_outcome(findings: Sequence[Finding], view: View,
                labels: RecordLabels) -> Iterator[Section]:
    found: dict[Outcome, list[Finding]] = {outcome: [] for outcome in Outcome}
    for finding in findings:
        found[finding.outcome].append(finding)
    yield from by_rule(found[Outcome.VIOLATION], Outcome.VIOLATION, view, labels)
    if found[Outcome.UNDETERMINED]:
        yield from _undetermined(found[Outcome.UNDETERMINED], view, labels)
    if found[Outcome.PENDING]:
        yield _pending(found[Outcome.PENDING], view, labels)
    yield from by_rule(found[Outcome.WAIVED], Outcome.WAIVED, view, labels)
    for outcome in QUIET_OUTCOMES:
        if found[outcome]:
            yield _listed(found[outcome], outcome, view, labels)


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
    waived = group[0].outcome is Outcome.WAIVED
    tone: Tone = "plain" if waived else (
        "bad" if group[0].severity is Severity.ERROR else "warn")
    for number, (remedy, found) in enumerate(remedies.items()):
        yield Section(
            title="" if number else title, level=3, tone=tone,
            notes=[view.say("audit.remedy", remedy=remedy)] if remedy else (),
            headers=view.columns("record", "named", "group", "row", "finding",
                                 *(["waiver"] if waived else [])),
            rows=[(f.record or "", f.name or "", labels.group(f), labels.place(f),
                   message(f, view), *([reason(f, view)] if waived else [])) for f in found],
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
            headers=view.columns("clause", "record", "named", "group", "row", "finding"),
            rows=[(f.clause, f.record or "", f.name or "", labels.group(f), labels.place(f),
                   f.message)
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
    """The field that is blank; where it is on record everywhere, its day or what it is a part of.
    """
    return view.lacking(name, filled=all(
        name in f.fields for group in cause.groups for f in group.findings))


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
