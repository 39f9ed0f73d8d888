"""The findings of a page. In: findings. Out: the data a script shows, the first of them as rows.

A text that comes again stands in the page once: columns hold numbers of texts. Without the script
there is a plain table of the first, and a sentence on where the others are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from zhuanjie.engine.core.results import Finding, Outcome, Report, Severity
from zhuanjie.report.labels import RecordLabels
from zhuanjie.report.page.markup import Html, join, number, own, section, tag
from zhuanjie.report.view import View
from zhuanjie.report.wrap import printable

PLAIN: Final = 200
"""Findings that a reader without the script sees."""
_COLUMNS: Final = ("outcome", "clause", "record", "group", "place", "due", "late", "finding")
_WORDS: Final = ("count", "order", "none", "page", "previous", "next", "search", "all", "reset",
                 "filters", "size", "ascending", "descending", "sort", "printed")


def part(report: Report, view: View, labels: RecordLabels) -> Iterator[Html]:
    """The findings under their heading, or that there are none."""
    found = report.findings
    title = view.say("page.findings", count=number(len(found)))
    if not found:
        yield section("findings", title, tag("p", view.say("page.findings.none")))
        return
    left = len(found) - PLAIN
    note = view.say("page.findings.first", count=number(PLAIN), rest=number(left)) \
        if left > 0 else ""
    yield section(
        "findings", title, *(tag("p", line, class_="note") for line in labels.notes()),
        tag("div", tag("p", note, class_="note") if note else "",
            _plain(found[:PLAIN], view, labels), id="plain"),
        tag("div", id="list", hidden=True), class_="findings")
    yield data(found, view, labels)


def _plain(found: Sequence[Finding], view: View, labels: RecordLabels) -> Html:
    head = tag("tr", *(tag("th", view.say(f"page.column.{c}"), scope="col", role="columnheader",
                           class_=c)
                       for c in _COLUMNS), role="row")
    rows = (_row(finding, view, labels) for finding in found)
    made = tag("table", tag("caption", view.say("page.findings.caption"), class_="unseen"),
               tag("thead", head, role="rowgroup"),
               tag("tbody", join(rows, "\n"), role="rowgroup"), class_="cards", role="table")
    return tag("div", made, class_="scroll", role="group", tabindex=0,
               aria_label=view.say("page.findings.caption"))


def _row(finding: Finding, view: View, labels: RecordLabels) -> Html:
    """A finding as the script shows it too."""
    title = view.titles.get(finding.key, "")
    words = [own(finding.message)]
    if finding.remedy:
        words.append(tag("div", "→ ", own(finding.remedy), class_="remedy"))
    if waiver := waiver_text(finding, view):
        words.append(tag("div", own(waiver), class_="remedy"))
    cells = (
        join((mark(finding, view), *([tag("div", finding.pack, class_="remedy")]
                                     if finding.pack else ()))),
        join((finding.clause, tag("div", title, class_="remedy"))),
        join((own(finding.record or ""), tag("div", own(finding.name or "")))),
        own(finding.group or ""), own(labels.place(finding)),
        finding.due.isoformat() if finding.due else "",
        str(finding.days_late) if finding.days_late else "", join(words))
    names = [view.say(f"page.column.{c}") for c in _COLUMNS]
    return tag("tr", *(tag("td", cell, role="cell", data_label=name, class_=kind)
                       for cell, name, kind in zip(cells, names, _COLUMNS, strict=True)),
               role="row")


def mark(finding: Finding, view: View) -> Html:
    """The outcome as a word with its colour; a violation by what it weighs."""
    return tag("span", weight(finding, view), class_=f"mark {kind_of(finding)}")


def kind_of(finding: Finding) -> str:
    """The class of a finding's colour."""
    light = finding.outcome is Outcome.VIOLATION and finding.severity is Severity.WARNING
    return "warning" if light else finding.outcome.value


def weight(finding: Finding, view: View) -> str:
    """The outcome in words, with the severity of a violation."""
    said = view.outcome(finding.outcome)
    if finding.outcome is not Outcome.VIOLATION:
        return said
    return view.say("page.weight", outcome=said, severity=view.severity(finding.severity))


def waiver_text(finding: Finding, view: View) -> str:
    """The approval that covers a finding, or did; since when a baseline knows it."""
    waiver, said = finding.waiver, []
    if waiver is not None:
        code = "page.waived" if waiver.in_force else "page.waived.expired"
        said.append(view.say(code, id=waiver.id, expires=waiver.expires, reason=waiver.reason))
    if finding.known_since is not None:
        said.append(view.say("page.known", since=finding.known_since))
    return view.parts(said)


class _Texts:
    """Texts by number, each kept once."""

    def __init__(self) -> None:
        self.at: dict[str, int] = {}

    def __call__(self, given: str | None) -> int:
        return self.at.setdefault(printable(given or ""), len(self.at))


def data(found: Sequence[Finding], view: View, labels: RecordLabels) -> Html:
    """The findings as JSON in the page: rows of numbers, most of them those of texts."""
    texts = _Texts()
    texts("")
    weights = {(o, s): weight(replace(found[0], outcome=o, severity=s), view)
               for o in Outcome for s in Severity}
    rows = [(
        texts(weights[f.outcome, f.severity]), texts(kind_of(f)), texts(f.clause),
        texts(view.titles.get(f.key, "")), texts(f.record), texts(f.name), texts(f.group),
        texts(labels.place(f)), texts(f.due.isoformat() if f.due else ""), f.days_late or 0,
        texts(f.message), texts(f.remedy), texts(waiver_text(f, view)), texts(f.pack),
        texts(f.outcome.value),
    ) for f in found]
    held: dict[str, Any] = {
        "lang": view.lang,
        "words": {**{w: view.say(f"page.list.{w}") for w in _WORDS},
                  **{f"column.{c}": view.say(f"page.column.{c}") for c in _COLUMNS}},
        "caption": view.say("page.findings.caption"),
        "outcomes": [[o.value, view.outcome(o)] for o in _outcomes(found, view)],
        "columns": list(_COLUMNS), "texts": list(texts.at), "rows": rows,
    }
    said = json.dumps(held, ensure_ascii=False, separators=(",", ":"))
    # Within a script's element nothing may end it, or begin another.
    for char in "<>&\u2028\u2029":
        said = said.replace(char, f"\\u{ord(char):04x}")
    return Html(f'<script type="application/json" id="data">{said}</script>')


def _outcomes(found: Sequence[Finding], view: View) -> list[Outcome]:
    there = {f.outcome for f in found}
    return [o for o in view.outcomes if o in there]
