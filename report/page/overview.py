"""What a report comes to at a glance. In: a report. Out: figures, what is not in them, clauses."""

from __future__ import annotations

from collections.abc import Iterator

from zhuanjie.engine.core.results import REPORTED, Outcome, Report, Severity
from zhuanjie.report import waiver_words
from zhuanjie.report.page.acts import links
from zhuanjie.report.page.counts import FindingCounts
from zhuanjie.report.page.markup import Html, blank_nought, number, section, table, tag
from zhuanjie.report.page.plots import bar, bar_heading
from zhuanjie.report.rows import other_rows
from zhuanjie.report.view import View


def head(report: Report, view: View) -> Html:
    """The title, and what was judged by what as of which day."""
    pack = report.policy
    return tag("header", tag("h1", view.policy_title or pack.id),
               tag("p", view.say("audit.pack", id=pack.id, version=pack.version,
                                 as_of=report.as_of), class_="lead"))


def figures(report: Report, view: View) -> Html:
    """The headline figures, noughts among them: that there is none is news too."""
    summary, ledger = report.summary, report.ledger
    lines = [("records", ledger.records, "", view.say("page.figure.out", count=number(
        ledger.out_of_scope)) if ledger.out_of_scope else ""),
        ("people", summary.people, "violation", "")]
    lines += [(o.value, summary.total(o), o.value, "") for o in REPORTED]
    lines.append(("not-judged", sum(summary.not_judged.values()), "",
                  view.say("page.figure.clauses", count=len(summary.not_judged))
                  if summary.not_judged else ""))
    made = [
        tag("div", tag("dt", view.say(f"page.figure.{code}", record=view.record),
                       tag("span", more) if more else ""),
            tag("dd", number(count)),
            class_=f"figure {kind} {'' if count else 'nought'}".strip())
        for code, count, kind, more in lines]
    return section("figures", view.say("page.figures"), tag("dl", *made, class_="figures"))


def beside(report: Report, view: View) -> Iterator[Html]:
    """What the figures do not speak of, so that nobody takes them for all there is."""
    notes: list[str] = waiver_words.notes(report, view)
    if skipped := len(report.ledger.skipped):
        notes.append(tag("a", view.say("page.beside.skipped", count=skipped), href="#skipped"))
    if asked := report.summary.not_asked:
        notes.append(view.say("audit.not-asked", count=len(asked), clauses=" ".join(asked)))
    if judged := report.summary.not_judged:
        notes.append(tag("a", view.say("audit.not-judged.below", count=len(judged)),
                         href="#not-judged"))
    if report.input:
        notes.append(tag("a", view.say("audit.input.below", count=number(
            sum(f.count for f in report.input))), href="#input"))
    notes += other_rows(report.ledger, view)
    if notes:
        yield section("beside", view.say("audit.not-checked"),
                      tag("ul", *(tag("li", note) for note in notes)), class_="warned")


def clauses(report: Report, view: View, counts: FindingCounts) -> Iterator[Html]:
    """The clauses with violations, the weightiest first; then what every clause came to."""
    summary = report.summary
    weights = list(Severity)
    broken = [c for c, found in summary.counts.items() if found[Outcome.VIOLATION]]
    broken.sort(key=lambda c: (weights.index(view.severities.get(c, Severity.ERROR)),
                               -summary.counts[c][Outcome.VIOLATION]))
    if broken:
        most = max(summary.counts[c][Outcome.VIOLATION] for c in broken)
        yield section("broken", view.say("page.broken", count=len(broken)), table(
            view.say("page.broken", count=len(broken)),
            [*(view.say(f"page.column.{c}") for c in ("clause", "about", "weighs", "longest",
                                                       "violations")), bar_heading(view),
             view.say("page.column.to-do")],
            [(links([c], view, Outcome.VIOLATION.value), view.headings.get(c, ""),
              view.severity(view.severities.get(c, Severity.ERROR)),
              blank_nought(summary.days_late.get(c, 0)),
              number(n := summary.counts[c][Outcome.VIOLATION]),
              bar([("violation", n)], most), view.remedies.get(c, "")) for c in broken],
            numbers=(3, 4), wide=(6,), hidden=True))
    yield from _all_clauses(report, view)


def _all_clauses(report: Report, view: View) -> Iterator[Html]:
    summary = report.summary
    shown = [o for o in view.outcomes if summary.total(o)]
    order = dict.fromkeys((*summary.counts, *summary.not_judged))
    rows = [(links([c], view) if c in summary.counts else c, view.headings.get(c, ""),
             *(blank_nought(summary.counts[c][o]) if c in summary.counts else "" for o in shown),
             blank_nought(summary.not_judged[c])) for c in order]
    if not rows:
        return
    foot = (view.say("audit.total"), "", *(number(summary.total(o)) for o in shown),
            blank_nought(sum(summary.not_judged.values())))
    title = view.say("page.clauses")
    yield section("clauses", title, table(
        title, [view.say("page.column.clause"), view.say("page.column.about"),
                *(view.outcome(o) for o in shown), view.say("page.column.not-judged")],
        rows, numbers=range(2, 3 + len(shown)), foot=foot, hidden=True))
