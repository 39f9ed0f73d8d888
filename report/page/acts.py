"""What to do first. In: findings. Out: acts, the one that mends most people first.

Violations that the same act mends are one act, whatever clauses they are of; blanks that leave
something open are told by `report.causes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from zhuanjie.engine.core.results import Finding, Outcome, Severity
from zhuanjie.report.causes import causes
from zhuanjie.report.page.markup import Html, blank_nought, join, number, section, table, tag
from zhuanjie.report.view import View

SHOWN: Final = 10
"""Acts that are listed; the rest follow by clause."""
_WORDINGS: Final = 3
"""So many ways at most may a rule word its remedy to be told by it: more quote the record."""


class Act(Struct, frozen=True):
    """One thing to do: how many people and findings it mends, of which clauses."""

    what: str
    people: int
    findings: int
    clauses: tuple[str, ...]
    severity: Severity
    longest: int


def acts(findings: Iterable[Finding], view: View) -> list[Act]:
    """The acts that mend violations, the one for most people first."""
    wordings: dict[tuple[str, str], set[str]] = {}
    broken = [f for f in findings if f.outcome is Outcome.VIOLATION]
    for finding in broken:
        said = wordings.setdefault((finding.key, finding.clause), set())
        if len(said) <= _WORDINGS:
            said.add(finding.remedy)
    groups: dict[str, list[Finding]] = {}
    order = {clause: at for at, clause in enumerate(view.clauses)}
    for finding in broken:
        many = len(wordings[finding.key, finding.clause]) > _WORDINGS
        what = "" if many else finding.remedy
        groups.setdefault(what or view.titles.get(finding.key, finding.rule), []).append(finding)
    weights = list(Severity)
    return sorted((_act(what, found, order) for what, found in groups.items()),
                  key=lambda act: (-act.people, weights.index(act.severity), -act.longest))


def _act(what: str, found: list[Finding], order: Mapping[str, int]) -> Act:
    people = {f.location if f.record is None else f.record for f in found}
    return Act(what, len(people), len(found),
               tuple(sorted({f.clause for f in found}, key=lambda c: (order.get(c, 0), c))),
               min((f.severity for f in found), key=list(Severity).index),
               max(f.days_late or 0 for f in found))


def first(findings: Iterable[Finding], view: View) -> Iterator[Html]:
    """The part of the page that says what to do first, where there is anything."""
    findings = list(findings)
    to_do, parts = acts(findings, view), list[Html]()
    if to_do:
        rest = len(to_do) - SHOWN
        parts.append(tag("p", view.say("page.first.why", record=view.record)))
        parts.append(table(
            view.say("page.first.acts"),
            [view.say(f"page.column.{c}") for c in ("act", "people", "findings", "weighs",
                                                     "longest", "clauses")],
            [(act.what, number(act.people), number(act.findings), view.severity(act.severity),
              blank_nought(act.longest), links(act.clauses, view)) for act in to_do[:SHOWN]],
            numbers=(1, 2, 4), wide=(0,)))
        if rest > 0:
            parts.append(tag("p", view.say("page.first.rest", count=rest), class_="note"))
    gathered = causes((f for f in findings if f.outcome is Outcome.UNDETERMINED), view.fields)
    blanks = [c for c in gathered if c.field is not None]
    if blanks:
        parts.append(table(
            view.say("page.first.blanks"),
            [view.say(f"page.column.{c}") for c in ("fill", "records", "opened", "clauses")],
            [(view.field(c.field or ""), number(c.records), number(c.findings),
              links(dict.fromkeys(o.clause for g in c.groups for o in g.opens), view))
             for c in blanks[:SHOWN]],
            numbers=(1, 2)))
        if len(blanks) > SHOWN:
            parts.append(tag("p", view.say("page.first.rest-blanks", count=len(blanks) - SHOWN),
                             class_="note"))
    if parts:
        yield section("first", view.say("audit.first"), *parts)


def links(clauses: Iterable[str], view: View, outcome: str = "") -> Html:
    """Clauses that lead to their findings."""
    return join((tag("a", clause, href="#findings", data_clause=clause,
                     data_outcome=outcome or None,
                     title=view.headings.get(clause) or None) for clause in clauses), " ")
