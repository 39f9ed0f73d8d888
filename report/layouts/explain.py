"""Explanations, for people and programs. In: explanations of the engine. Out: sections, plain data.

A condition is shown as a tree: each part with the value it came to, what decided it marked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.core.results import Finding, Outcome, plain
from zhuanjie.report import json_shape as shape
from zhuanjie.report.layouts import fixes
from zhuanjie.report.layouts.overlay import changes, plain_change
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section, Tone
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import Explanation, Policy, RecordFix, Trace

_LITERAL = re.compile(r"""["'\[\d]|-\d|(true|false)$""")
"""What stands for itself: its value need not be shown."""

_TONES: dict[Outcome, Tone] = {
    Outcome.VIOLATION: "bad", Outcome.UNDETERMINED: "warn", Outcome.SATISFIED: "good",
    Outcome.NOT_APPLICABLE: "muted",
}


def present(policy: Policy, as_of: date, found: Sequence[Explanation],
            mended: Sequence[RecordFix] | None, view: View) -> Presentation:
    """Explanations, and the fixes beside them where those were asked for."""
    def data() -> dict[str, Any]:
        return {
            "policy": shape.policy(policy.ref), "as_of": as_of.isoformat(),
            "explanations": [plain_explanation(e) for e in found],
            **({} if mended is None else {"fixes": [fixes.plain_fix(m, view) for m in mended]}),
        }

    return Presentation(lambda: [*sections(found, view),
                                 *(s for m in mended or () for s in fixes.sections(m, view))], data)


def sections(found: Sequence[Explanation], view: View) -> Iterator[Section]:
    """Every explanation: what came out, what would mend it, then the conditions."""
    for item in found:
        finding = item.finding
        yield Section(
            title=view.say("explain.title", clause=finding.clause, title=item.title,
                           record=finding.record or "", outcome=view.outcome(finding.outcome)),
            tone=_TONES.get(finding.outcome, "plain"),
            notes=[*_notes(finding, view), *_chosen(item, view), *changes(item.rule.history, view)],
            tree=[line for part in item.parts
                  for line in (view.label(_role(part.label, view), ""),
                               *_tree(part.trace, view, "  "))],
        )


def _notes(finding: Finding, view: View) -> Iterator[str]:
    yield finding.message
    if finding.due:
        yield view.say("explain.due", due=finding.due)
    if finding.missing:
        yield view.say("explain.missing", fields=view.join(map(view.field, finding.missing)))
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


def _role(label: str, view: View) -> str:
    """What a condition is to its rule, in words."""
    role, _, clause = label.partition(" ")
    return view.say(f"part.{role}", clause=clause)


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


def plain_explanation(item: Explanation) -> dict[str, Any]:
    """An explanation as JSON has it."""
    return {
        **shape.finding(item.finding), "title": item.title, **_plain_choice(item),
        "written_in": item.rule.pack, "history": [plain_change(c) for c in item.rule.history],
        "conditions": [{"label": p.label, **_plain_trace(p.trace)} for p in item.parts],
    }


def _plain_choice(item: Explanation) -> dict[str, Any]:
    """By what the pack was chosen, where several judge."""
    edition = item.rule.edition
    if edition is None:
        return {}
    return {"chosen_by": {"field": item.dated_by, "day": plain(item.day),
                          "from": plain(edition.start), "to": plain(edition.end)}}


def _plain_trace(trace: Trace) -> dict[str, Any]:
    return {
        "text": trace.text, "value": plain(trace.value), "decisive": trace.decisive,
        "children": [_plain_trace(child) for child in trace.children],
    }
