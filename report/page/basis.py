"""What a report rests on. In: a report. Out: what was not judged or read, waivers, the policy.

Whoever doubts a figure finds here how it was counted, by which numbers, of which file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

from zhuanjie.engine.core.results import Outcome, Report
from zhuanjie.report.labels import RecordLabels
from zhuanjie.report.layouts.audit import judged as judged_by
from zhuanjie.report.layouts.audit import unreadable
from zhuanjie.report.layouts.policy import unit_of
from zhuanjie.report.layouts.skipped import not_judged, skipped
from zhuanjie.report.page.counts import FindingCounts, WaiverCounts
from zhuanjie.report.page.markup import Html, number, own, section, table, tag
from zhuanjie.report.rows import tables
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import Policy

RECORDS: int = 12
"""Records of a waiver that are named."""
COUNTED = ("records", "people", *(o.value for o in (
    Outcome.VIOLATION, Outcome.UNDETERMINED, Outcome.PENDING, Outcome.WAIVED)), "not-judged",
    "input", "overdue", "first")
"""What is said of how it was counted."""


def of_section(given: Section, name: str, *, level: int = 2) -> Html:
    """A section of any layout as a part of the page."""
    parts: list[Html] = [tag("p", note) for note in given.notes]
    if given.rows:
        headers, rows = given.table()
        parts.append(table(given.title, headers, [[own(cell) for cell in row] for row in rows],
                           hidden=True))
    if given.tree:
        parts.append(tag("pre", "\n".join(given.tree)))
    return section(name, given.title, *parts, level=level)


def not_audited(report: Report, view: View, labels: RecordLabels) -> Iterator[Html]:
    """Clauses, files, cells that the audit does not speak of, and what would mend it."""
    yield from _named(not_judged(report, view), "not-judged")
    yield from _named(skipped(report, view), "skipped")
    yield from _named(unreadable(report, view, labels), "input")
    yield from _named(tables(report, view), "tables")


def _named(parts: Iterable[Section], name: str) -> Iterator[Html]:
    for at, part in enumerate(parts):
        yield of_section(part, f"{name}-{at}" if at else name)


def waivers(report: Report, counts: FindingCounts, view: View) -> Iterator[Html]:
    """The waivers that were given: those that cover findings, that did, and that match none."""
    given = {use.waiver.id: use for use in report.waivers}
    states = {name: view.say(f"waivers.state.{use.state}") for name, use in given.items()}
    unused = [WaiverCounts(use.waiver, findings=use.findings) for name, use in given.items()
              if name not in counts.waivers]
    held = [*counts.waivers.values(), *unused]
    if not held:
        return
    title = view.say("page.waivers", count=len(held))
    yield section("waivers", title, table(
        title, [view.say(f"page.column.{c}") for c in (
            "waiver", "state", "clauses", "findings", "records-of", "reason", "basis", "asked",
            "approved", "granted", "expires")],
        [(own(w.waiver.id),
          states.get(w.waiver.id) or view.say(
              f"waivers.state.{'in_force' if w.waiver.in_force else 'expired'}"),
          " ".join(w.clauses), number(w.findings), own(_some(list(w.records), view)),
          own(w.waiver.reason), own(w.waiver.basis or ""), own(w.waiver.requested_by),
          own(w.waiver.approved_by), w.waiver.granted_on.isoformat(),
          w.waiver.expires.isoformat()) for w in held],
        numbers=(3,), wide=(5,), hidden=True))


def _some(records: list[str], view: View) -> str:
    more = len(records) - RECORDS
    said = view.join(records[:RECORDS])
    return view.say("page.and-more", text=said, count=more) if more > 0 else said


def policy(report: Report, view: View) -> Iterator[Html]:
    """The policy with its digest, the numbers that it judges by and where these are from."""
    ref, ledger = report.policy, report.ledger
    lines: list[tuple[str, str]] = [
        (view.say("page.policy.pack"), f"{ref.id} {ref.version}"),
        (view.say("page.policy.as-of"), report.as_of.isoformat()),
        (view.say("page.policy.sha256"), tag("code", ref.sha256)),
        (view.say("page.policy.ledger"), tag("code", ledger.sha256) if ledger.sha256
         else view.say("page.policy.no-digest")),
    ]
    used = view.policy
    if used is not None:
        document = used.manifest.document
        authority = used.manifest.authority
        lines[1:1] = [
            (view.say("column.document"), document.number),
            (view.say("column.authority"), getattr(authority, view.lang)),
            (view.say("column.issued-on"), document.issued_on.isoformat()),
        ]
    for at in ledger.tables:
        name = PurePath(at.table.file).name + (f"[{at.table.sheet}]" if at.table.sheet else "")
        lines.append((view.say("page.policy.file"), own(view.say(
            "page.policy.table", name=name, records=number(at.records)))))
    yield section("policy", view.say("page.policy"), tag("dl", *(
        tag("div", tag("dt", name), tag("dd", said)) for name, said in lines), class_="facts"))
    yield from _named(judged_by(report, view), "judged")
    if used is not None and used.parameters:
        yield _parameters(used, report, view)


def _parameters(used: Policy, report: Report, view: View) -> Html:
    values = used.values(report.as_of)
    rows = []
    for name, parameter in used.parameters.items():
        title = getattr(parameter.title, view.lang) if parameter.title else ""
        said = f"{parameter.valued(values[name])} {unit_of(parameter, view)}".strip()
        if name in used.overrides:
            said = view.say("page.set", value=said)
        rows.append((title or name, name if title else "", said,
                     getattr(parameter.source, view.lang), getattr(parameter.note, view.lang)))
    title = view.say("page.parameters")
    return section("parameters", title, tag("p", view.say("page.parameters.why")), table(
        title, [view.say(f"page.column.{c}") for c in ("parameter", "name", "value", "source",
                                                        "note")],
        rows, numbers=(2,), wide=(3, 4), hidden=True))


def method(view: View) -> Html:
    """How every count on the page was made."""
    return section("method", view.say("page.method"), tag("dl", *(
        tag("div", tag("dt", view.say(f"page.figure.{code}", record=view.record)),
            tag("dd", view.say(f"page.method.{code}", record=view.record)))
        for code in COUNTED), class_="facts"), tag("p", view.say("page.method.close")))
