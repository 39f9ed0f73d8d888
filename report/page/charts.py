"""The plots of a page, each with the numbers it shows. In: counts. Out: parts of the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from zhuanjie.engine.core.results import REPORTED, Outcome, Report
from zhuanjie.report.page.acts import links
from zhuanjie.report.page.counts import FindingCounts, age_bounds
from zhuanjie.report.page.markup import Html, blank_nought, join, number, own, section, table, tag
from zhuanjie.report.page.plots import bar, bar_heading, columns, key
from zhuanjie.report.view import View

FIRST: Final = 40
"""Groups that are seen at once; the others are unfolded."""


def by_group(report: Report, view: View, counts: FindingCounts) -> Iterator[Html]:
    """What every group came to: by what records belong to, and by the fields asked for."""
    field = view.names.get("group", "")
    groups = counts.groups
    if field not in report.summary.by and any(groups):
        ranked = sorted(groups.items(), key=lambda item: [
            -item[1].outcomes[o] for o in REPORTED])
        yield _groups("by-group", view.column("group"), view, [
            (name, group.outcomes, len(group.broken)) for name, group in ranked])
    for at, (name, found) in enumerate(report.summary.by.items()):
        if found:
            rows = sorted(found.items(), key=lambda item: [-item[1][o] for o in REPORTED])
            yield _groups(f"by-{at}", view.field(name), view, [
                (view.group_value(name, value or None), outcomes, 0) for value, outcomes in rows])


def _groups(name: str, heading: str, view: View,
            rows: Sequence[tuple[str, Counter[Outcome], int]]) -> Html:
    shown = [o for o in REPORTED if any(outcomes[o] for _, outcomes, _ in rows)]
    most = max(sum(outcomes[o] for o in shown) for _, outcomes, _ in rows)
    title = view.say("page.by", field=heading)

    def listed(caption: str, some: Sequence[tuple[str, Counter[Outcome], int]]) -> Html:
        return table(
            caption, [heading, view.say("page.column.broken", record=view.record),
                      *(view.outcome(o) for o in shown), bar_heading(view)],
            [(own(group) or view.say("page.blank"), blank_nought(broken),
              *(blank_nought(outcomes[o]) for o in shown),
              bar([(o.value, outcomes[o]) for o in shown], most))
             for group, outcomes, broken in some],
            numbers=range(1, 2 + len(shown)), hidden=True)

    more = view.say("page.by.more", count=number(len(rows) - FIRST))
    return section(name, title, key([(o.value, view.outcome(o)) for o in shown]),
                   listed(title, rows[:FIRST]), *([tag(
                       "details", tag("summary", more), listed(more, rows[FIRST:]))]
                       if len(rows) > FIRST else ()))


def overdue(view: View, counts: FindingCounts) -> Iterator[Html]:
    """Deadlines that have passed while the act is not done, by how long ago, clause by clause."""
    if not counts.overdue:
        return
    names = [view.say("page.age.more", start=a - 1) if b is None else
             view.say("page.age", start=a, end=b) for a, b in age_bounds()]
    ages, total = counts.ages, sum(counts.ages)
    ranked = sorted(counts.overdue.items(), key=lambda item: -sum(item[1]))
    title = view.say("page.overdue", count=number(total))
    notes = [view.say("page.overdue.why")]
    if counts.came_late:
        notes.append(view.say("page.overdue.late", count=number(counts.came_late)))
    yield section(
        "overdue", title, *(tag("p", note) for note in notes),
        table(view.say("page.overdue.ages"),
              [view.say("page.column.age"), view.say("page.column.deadlines"),
               bar_heading(view)],
              [(name, number(n), bar([("violation", n)], max(ages)))
               for name, n in zip(names, ages, strict=True)], numbers=(1,)),
        table(view.say("page.overdue.clauses"),
              [view.say("page.column.clause"), view.say("page.column.about"), *names,
               view.say("audit.total")],
              [(links([c], view, Outcome.VIOLATION.value), view.headings.get(c, ""),
                *map(blank_nought, found), number(sum(found))) for c, found in ranked],
              numbers=range(2, 3 + len(names)), wide=(1,), whole=True))


def to_come(view: View, counts: FindingCounts) -> Iterator[Html]:
    """Deadlines that have not passed, by the week they fall into."""
    total = sum(counts.weeks.values()) + counts.later
    if not total:
        return
    title = view.say("page.to-come", count=number(total))
    points = [(f"{week.month}-{week.day:02}", n) for week, n in counts.weeks.items()]
    rows = [(week.isoformat(), number(n)) for week, n in counts.weeks.items()]
    if counts.later:
        points.append((view.say("page.later"), counts.later))
        rows.append((view.say("page.later"), number(counts.later)))
    yield section("to-come", title, tag("p", view.say("page.to-come.why")), tag(
        "div", columns(title, points, "pending"),
        table(title, [view.say("page.column.week"), view.say("page.column.deadlines")], rows,
              numbers=(1,), hidden=True), class_="beside"))


def completion(report: Report, view: View, counts: FindingCounts) -> Iterator[Html]:
    """How many records have nothing open; with all outcomes known, how far every clause is."""
    within = report.ledger.records - report.ledger.out_of_scope
    clean = within - counts.records.total()
    if within <= 0 or clean < 0:
        return
    kinds = [(Outcome.SATISFIED.value, view.say("page.clean"), clean),
             *((o.value, view.say(f"page.worst.{o}"), counts.records[o]) for o in REPORTED)]
    kinds = [kind for kind in kinds if kind[2]]
    title = view.say("page.completion", share=f"{int(1000 * clean / within) / 10:.1f}")
    parts = [tag("p", view.say("page.completion.why")), table(
        view.say("page.completion.records"),
        [view.say("page.column.state"), view.say("page.column.records"),
         view.say("page.column.share"), bar_heading(view)],
        [(name, number(n), f"{100 * n / within:.1f} %", bar([(kind, n)], within))
         for kind, name, n in kinds], numbers=(1, 2))]
    yield section("completion", title, *parts, join(_by_clause(view, counts)))


def _by_clause(view: View, counts: FindingCounts) -> Iterator[Html]:
    """Satisfied and open by clause; known only where every outcome was asked for."""
    shown = (Outcome.SATISFIED, *REPORTED)
    if not any(found[Outcome.SATISFIED] for found in counts.outcomes.values()):
        return
    kinds = [o for o in shown if any(found[o] for found in counts.outcomes.values())]
    yield key([(o.value, view.outcome(o)) for o in kinds])
    rows = [(c, view.headings.get(c, ""), *(blank_nought(found[o]) for o in kinds),
             f"{int(100 * found[Outcome.SATISFIED] / whole)} %",
             bar([(o.value, found[o]) for o in kinds], whole))
            for c, found in counts.outcomes.items() if (whole := sum(found[o] for o in kinds))]
    yield table(view.say("page.completion.clauses"),
                [view.say("page.column.clause"), view.say("page.column.about"),
                 *(view.outcome(o) for o in kinds), view.say("page.column.share"),
                 bar_heading(view)], rows, numbers=range(2, 3 + len(kinds)))
