"""Baselines for people. In: a baseline and what became of it. Out: sections, JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.core.results import plain
from zhuanjie.report import json_shape as shape
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import BaselineChange


def created(made: BaselineChange, view: View) -> Presentation:
    """What was written down."""
    return Presentation(lambda: [Section(title=view.say(
        "baseline.created", count=len(made.baseline.entries), as_of=made.baseline.as_of,
        path=made.baseline.file), tone="good")])


def updated(made: BaselineChange, view: View, *, grown: bool) -> Presentation:
    """What was taken out and in, and what is left out."""
    notes = [view.say("baseline.gone", count=len(made.stale))]
    if made.new:
        notes.append(view.say("baseline.added" if grown else "baseline.not-added",
                              count=made.new))
    return Presentation(lambda: [Section(
        title=view.say("baseline.updated", count=len(made.baseline.entries),
                       as_of=made.baseline.as_of),
        notes=notes, tone="plain" if grown or not made.new else "warn")])


def shown(found: BaselineChange, day: date, view: View) -> Presentation:
    """A baseline, for any of the formats of `baseline show`."""
    return Presentation(lambda: _sections(found, day, view), lambda: _plain(found, day))


def _sections(found: BaselineChange, day: date, view: View) -> Iterator[Section]:
    known = found.baseline
    notes = [view.say("baseline.age", as_of=known.as_of, days=(day - known.as_of).days),
             view.say("baseline.policy", id=known.policy.id, version=known.policy.version)]
    notes += [view.say("baseline.grown", on=g.on, count=g.added, reason=g.reason)
              for g in known.grown]
    if found.report is not None:
        notes.append(view.say("baseline.against", stale=len(found.stale), new=found.new))
    counts = Counter(entry.rule for entry in known.entries.values())
    first = {rule: min(e.first_seen for e in known.entries.values() if e.rule == rule)
             for rule in counts}
    yield Section(
        title=view.say("baseline.title", count=len(known.entries)), level=1, notes=notes,
        headers=view.columns("rule", "records", "first-seen"),
        rows=[(view.titles.get(rule, rule), str(times), first[rule].isoformat())
              for rule, times in counts.most_common()])
    if found.stale:
        yield Section(
            title=view.say("baseline.stale-list", count=len(found.stale)),
            headers=view.columns("rule", "record", "due", "first-seen"),
            rows=[(view.titles.get(e.rule, e.rule), e.record or "",
                   e.due.isoformat() if e.due else "", e.first_seen.isoformat())
                  for e in found.stale])


def _plain(found: BaselineChange, day: date) -> dict[str, Any]:
    known, stale = found.baseline, {e.id for e in found.stale}
    return {
        "policy": shape.policy(known.policy), "as_of": plain(known.as_of),
        "age_days": (day - known.as_of).days,
        "grown": [{"on": plain(g.on), "added": g.added, "reason": g.reason} for g in known.grown],
        "known": len(known.entries),
        **({"stale": len(stale), "new": found.new} if found.report is not None else {}),
        "entries": [{"id": e.id, "rule": e.rule, "record": e.record, "due": plain(e.due),
                     "first_seen": plain(e.first_seen),
                     **({"stale": e.id in stale} if found.report is not None else {})}
                    for e in known.entries.values()],
    }
