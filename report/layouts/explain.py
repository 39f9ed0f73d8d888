"""Explanations, for people and programs. In: explanations of the engine. Out: sections, plain data.

A condition is shown as a tree: each part in words, with what it came to; what decided is marked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.api import Phrases
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.results import REPORTED, Outcome, Severity, plain
from zhuanjie.report import json_shape as shape
from zhuanjie.report.layouts import fixes
from zhuanjie.report.layouts.conditions import Conditions
from zhuanjie.report.layouts.overlay import changes, plain_change
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section, Tone
from zhuanjie.report.view import View
from zhuanjie.report.waiver_words import message, reason

if TYPE_CHECKING:
    from zhuanjie.engine.api import Explanation, Policy, RecordFix, Trace, Vocabulary

_LITERAL = re.compile(r"""["'\[\d]|-\d|(true|false)$""")
"""What stands for itself: its value need not be shown."""

_TONES: dict[Outcome, Tone] = {
    Outcome.VIOLATION: "bad", Outcome.UNDETERMINED: "warn", Outcome.SATISFIED: "good",
    Outcome.NOT_APPLICABLE: "muted",
}
_ORDER = (*REPORTED, Outcome.SATISFIED, Outcome.NOT_APPLICABLE)


def present(policy: Policy, as_of: date, found: Sequence[Explanation],
            mended: Sequence[RecordFix] | None, view: View, *, whole: bool = False,
            verbose: bool = False) -> Presentation:
    """Explanations, and the fixes beside them where those were asked for.

    `whole` shows every rule in full; otherwise those with nothing wrong or open have a line each.
    `verbose` writes the expressions out beside the words.
    """
    phrases = Phrases.of(policy, view.lang, values=policy.values(as_of), patterns=False)
    layout = _Layout(Conditions(phrases, as_of, view), view, policy.vocabulary, whole, verbose)

    def data() -> dict[str, Any]:
        return {
            "policy": shape.policy(policy.ref), "as_of": as_of.isoformat(),
            "explanations": [layout.plain(e) for e in found],
            **({} if mended is None else {"fixes": [fixes.plain_fix(m, view) for m in mended]}),
        }

    return Presentation(lambda: [*layout.sections(found),
                                 *(s for m in mended or () for s in fixes.sections(m, view))], data)


class _Layout:
    """Explanations of one policy, in the language of a view."""

    def __init__(self, conditions: Conditions, view: View, vocabulary: Vocabulary, whole: bool,
                 verbose: bool) -> None:
        self._conditions, self._view = conditions, view
        self._beside = [name for name in (vocabulary.name, vocabulary.group) if name]
        self._whole, self._verbose = whole, verbose

    def sections(self, found: Sequence[Explanation]) -> Iterator[Section]:
        """Record by record: what is wrong or open in full, then the rest."""
        records: dict[Location, list[Explanation]] = {}
        for item in found:
            records.setdefault(item.finding.location, []).append(item)
        for number, (location, items) in enumerate(records.items()):
            yield self._head(location, items, list(records) if not number else ())
            full = items if self._whole else sorted(filter(_is_open, items), key=_rank)
            yield from map(self._full, full)
            if rest := [item for item in items if item not in full]:
                yield self._rest(rest)

    def _head(self, location: Location, items: Sequence[Explanation],
              places: Sequence[Location]) -> Section:
        """The record, and what came out for it in all; where else it stands is said once."""
        view = self._view
        counts = Counter(view.say("explain.not-judged") if item.not_judged
                         else view.outcome(item.finding.outcome)
                         for item in sorted(items, key=_rank))
        notes = [view.join(view.say("check.count", outcome=name, count=count)
                           for name, count in counts.items())]
        if len(places) > 1:
            rows = view.join(self._place(at) for at in places)
            notes.append(view.say("explain.several", count=len(places), places=rows))
        known = [str(items[0].values[name]) for name in self._beside if name in items[0].values]
        name = " ".join([items[0].finding.record or view.say("explain.nameless"), *known])
        place = self._place(location, short=True)
        return Section(title=view.say("explain.record", record=name, place=place), level=1,
                       notes=notes)

    def _place(self, at: Location, *, short: bool = False) -> str:
        file = PurePath(at.file or "").name if short else at.file or ""
        table = f"{file}[{at.sheet}]" if at.sheet else file
        return self._view.say("explain.place", table=table, row=at.row).strip()

    def _full(self, item: Explanation) -> Section:
        """What came out, what would mend it, then the conditions."""
        view, finding = self._view, item.finding
        return Section(
            title=view.say("explain.title", clause=finding.clause, title=item.title,
                           outcome=view.outcome(finding.outcome)),
            tone=_TONES.get(finding.outcome, "plain"),
            notes=[*_notes(item, view), *_rows(item, view),
                   *_chosen(item, view), *changes(item.rule.history, view)],
            tree=[*self._conditions.lines(item), *(self._expressions(item) if self._verbose
                                                   else ())],
        )

    def _expressions(self, item: Explanation) -> Iterator[str]:
        """The expressions themselves, as CEL."""
        yield "CEL"
        for part in item.parts:
            yield "  " + self._view.label(self._conditions.role(part.label), "")
            yield from _tree(part.trace, self._view, "    ")

    def _rest(self, items: Sequence[Explanation]) -> Section:
        view = self._view
        return Section(
            title=view.say("explain.rest", count=len(items)), tone="muted",
            headers=[view.say(f"column.{c}") for c in ("clause", "outcome", "text")],
            rows=[(item.finding.clause,
                   view.say("explain.not-judged") if item.not_judged
                   else view.outcome(item.finding.outcome), _remark(item, view))
                  for item in items])

    def plain(self, item: Explanation) -> dict[str, Any]:
        """An explanation as JSON has it."""
        return {
            **shape.finding(item.finding), "title": item.title, **_plain_choice(item),
            "written_in": item.rule.pack, "history": [plain_change(c) for c in item.rule.history],
            **({"rows": [item.rule.rows[at].clause for at in item.deciding]}
               if item.rule.hit != "any" else {}),
            "conditions": [{"label": p.label, **self._plain_trace(p.trace)} for p in item.parts],
        }

    def _plain_trace(self, trace: Trace) -> dict[str, Any]:
        return {
            "text": trace.text, "words": self._conditions.sentence(trace),
            "value": plain(trace.value), "decisive": trace.decisive,
            "children": [self._plain_trace(child) for child in trace.children],
        }


def _is_open(item: Explanation) -> bool:
    """Whether something is wrong, not known or still to be done."""
    return item.finding.outcome in REPORTED and not item.not_judged


def _rank(item: Explanation) -> tuple[int, bool]:
    """What is worse comes first."""
    finding = item.finding
    return _ORDER.index(finding.outcome) + item.not_judged, finding.severity is Severity.WARNING


def _remark(item: Explanation, view: View) -> str:
    """The rule, and what a clerk may ask of one with nothing wrong: until when, or what it lacks.
    """
    finding = item.finding
    if item.not_judged:
        lacking = view.join(map(view.field, finding.missing))
        return view.say("explain.lacking", title=item.title, fields=lacking)
    if finding.due and finding.outcome is Outcome.SATISFIED:
        return view.say("explain.met", title=item.title, due=finding.due)
    return item.title


def _rows(item: Explanation, view: View) -> Iterator[str]:
    """Which row of a table decided, or which may."""
    if item.rule.hit == "any" or item.finding.outcome is Outcome.NOT_APPLICABLE:
        return
    rows = view.join(view.say("explain.row", number=at + 1, clause=item.rule.rows[at].clause)
                     for at in item.deciding)
    how = "none" if not rows else "row" if len(item.deciding) == 1 else "rows"
    yield view.say(f"explain.decides-{how}", rows=rows, hit=view.say(f"hit.{item.rule.hit}"))


def _notes(item: Explanation, view: View) -> Iterator[str]:
    finding = item.finding
    if not finding.message.startswith(item.title):
        yield message(finding, view)
    if covered := reason(finding, view):
        yield view.say("audit.remedy", remedy=covered)
    if finding.due:
        yield view.say("explain.due", due=finding.due)
    if finding.missing:
        yield view.say("explain.missing", fields=view.join(
            view.lacking(name, filled=name in finding.fields) for name in finding.missing))
    if finding.remedy and finding.outcome is Outcome.VIOLATION:
        yield view.say("audit.remedy", remedy=finding.remedy)


def _chosen(item: Explanation, view: View) -> Iterator[str]:
    """Which of several packs judged, and by what day it was chosen."""
    edition = item.rule.edition
    if edition is None or item.day is None:
        return
    period = view.period(edition.start, edition.end)
    kind = "explain.chosen" if period else "explain.unchanged"
    if not (edition.start or item.day) <= item.day <= (edition.end or item.day):
        kind = "explain.not-chosen"
    name = view.field(item.dated_by) if item.dated_by else view.say("explain.as-of")
    yield view.say(kind, pack=edition.pack, period=period, day=item.day, field=name)


def _tree(trace: Trace, view: View, indent: str) -> Iterator[str]:
    mark = "* " if trace.decisive else "- "
    known = view.fields.get(trace.text)
    name = trace.text
    if known and view.lang == "zh":
        name = view.say("explain.field", name=trace.text, heading=known.heading)
    yield f"{indent}{mark}{name} = {view.value(trace.text, trace.value)}"
    for child in trace.children:
        if not _LITERAL.match(child.text):
            yield from _tree(child, view, indent + "  ")


def _plain_choice(item: Explanation) -> dict[str, Any]:
    """By what the pack was chosen, where several judge."""
    edition = item.rule.edition
    if edition is None:
        return {}
    return {"chosen_by": {"field": item.dated_by, "day": plain(item.day),
                          "from": plain(edition.start), "to": plain(edition.end)}}
