"""Readers and the outbox for people and programs. In: lists, counts. Out: sections, JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from zhuanjie.engine.api import say
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View
from zhuanjie.web.reminders.calendar import Subscription
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


def subscribed(found: Sequence[Subscription], view: View) -> Presentation:
    """Who subscribed to which deadlines, for any format of `register calendars`."""
    return Presentation(
        lambda: _subscriptions(found, view),
        lambda: {"calendars": [{"id": one.id, "unit": one.unit, "owner": one.owner,
                                "named": one.named, "lang": one.lang, "made_at": one.made_at,
                                "revoked_at": one.revoked_at} for one in found]})


def _subscriptions(found: Sequence[Subscription], view: View) -> Iterator[Section]:
    yield Section(
        title=view.say("register.calendars.title", count=len(found)), level=1,
        headers=[view.say(f"register.calendars.column.{c}")
                 for c in ("owner", "unit", "shows", "lang", "made", "revoked", "id")],
        rows=[[one.owner, one.unit,
               view.say(f"register.calendars.{'named' if one.named else 'counts'}"), one.lang,
               one.made_at[:10], (one.revoked_at or "")[:10], one.id] for one in found])


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
