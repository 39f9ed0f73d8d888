"""Readers and the outbox for people and programs. In: lists, counts. Out: sections, JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from zhuanjie.engine.api import say
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View
from zhuanjie.web.reminders.projection import ReminderList
from zhuanjie.web.store.database import EVERYTHING


def listed(lists: Sequence[ReminderList], counts: Mapping[str, int], faults: Mapping[str, int],
           view: View) -> Presentation:
    """Who is told of what, and how the outbox does, for any format of `register reminders`."""
    return Presentation(
        lambda: _sections(lists, counts, faults, view),
        lambda: {"lists": [{"id": one.id, "unit": one.unit, "channel": one.channel,
                            "target": one.target, "lang": one.lang} for one in lists],
                 "outbox": dict(counts), "faults": dict(faults)})


def _sections(lists: Sequence[ReminderList], counts: Mapping[str, int], faults: Mapping[str, int],
              view: View) -> Iterator[Section]:
    yield Section(
        title=view.say("register.reminders.title", count=len(lists)), level=1,
        headers=[view.say(f"register.reminders.column.{c}")
                 for c in ("unit", "channel", "target", "lang", "id")],
        rows=[[view.say("register.reminders.everything") if one.unit == EVERYTHING else one.unit,
               one.channel, one.target, one.lang, one.id] for one in lists])
    yield Section(
        title=view.say("register.reminders.outbox", **counts),
        tone="warn" if faults else "plain",
        notes=[view.say("register.reminders.fault", count=count, fault=say(code, view.lang))
               for code, count in faults.items()])
