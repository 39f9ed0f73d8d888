"""An audit as a page. In: a report, a view. Out: the document, in pieces.

`compose` takes parts of any make under their headings; a page on another result chooses its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from zhuanjie.engine.core.results import Report
from zhuanjie.report.labels import RecordLabels
from zhuanjie.report.page import acts, basis, charts, findings, overview, shell
from zhuanjie.report.page.counts import count
from zhuanjie.report.page.markup import Html, number, section, tag
from zhuanjie.report.page.plots import patterns
from zhuanjie.report.view import View

_HEADED = re.compile(r'<section aria-labelledby="([^"]*)"[^>]*><h2[^>]*>(.*?)</h2>')


def page(report: Report, view: View) -> Iterator[str]:
    """The whole report with its findings."""
    return _page(report, view, listed=True)


def brief(report: Report, view: View) -> Iterator[str]:
    """A report whose findings went elsewhere, or were not asked for."""
    return _page(report, view, listed=False)


def _page(report: Report, view: View, *, listed: bool) -> Iterator[str]:
    view = view.of_report(report)
    labels, counts = RecordLabels(report, view), count(report, done_fields(view))
    parts: Iterable[Html] = chain(
        [overview.figures(report, view)], overview.beside(report, view),
        acts.first(report.findings, view), overview.clauses(report, view, counts),
        charts.by_group(report, view, counts), charts.overdue(view, counts),
        charts.to_come(view, counts),
        charts.completion(report, view, counts) if listed else (),
        findings.part(report, view, labels) if listed else [_not_listed(report, view)],
        basis.waivers(report, counts, view), basis.not_audited(report, view, labels),
        basis.policy(report, view), [basis.method(view)])
    return compose(view.policy_title or report.policy.id, overview.head(report, view), parts, view)


def done_fields(view: View) -> dict[str, str]:
    """By rule, the field that dates what its deadline asks."""
    if view.policy is None:
        return {}
    return {rule.id: rule.rule.deadline.done for rule in view.policy.rules if rule.rule.deadline}


def compose(title: str, head: Html, parts: Iterable[Html], view: View) -> Iterator[str]:
    """A page of parts, with its contents before them, and with what findings need."""
    made = list(parts)
    links = [(found[1], Html(found[2]), 2) for part in made if (found := _HEADED.match(part))]
    body = [patterns(), head, shell.contents(links, view.lang),
            Html('<main id="main" tabindex="-1">'), *made, Html("</main>")]
    scripted = any(part.startswith('<script type="application/json"') for part in made)
    return shell.document(title, view.lang, body, with_script=scripted)


def _not_listed(report: Report, view: View) -> Html:
    total = sum(report.summary.total(o) for o in view.outcomes)
    return section("findings", view.say("page.findings", count=number(total)),
                   tag("p", view.say("page.findings.not-listed")))
