"""A server tried. In: which, as it is set; to whom. Out: what came of a test message; an event."""

from __future__ import annotations

import uuid

from zhuanjie.engine.api import Lang, fail, say
from zhuanjie.web.reminders.delivery import senders_of
from zhuanjie.web.reminders.mail import checked_address
from zhuanjie.web.reminders.outbox import Message
from zhuanjie.web.reminders.projection import ADDRESS, MAIL, WEBHOOK
from zhuanjie.web.reminders.senders import SendError
from zhuanjie.web.reminders.settings import ReminderSettings, settings_folder
from zhuanjie.web.settings import names
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import EventDraft

TRIED = "server.tried"
SENT = "register.outbox.sent"


def try_server(said: ReminderSettings, name: str, to: str, lang: Lang) -> str:
    """Send a test message by the mail server (to `to`) or the robot `name`, once and at once.

    Returns the code of what came of it: SENT, or why not. Raises NotFoundError for what sends
    nothing, UsageError for an address that is none.
    """
    kind, _, thing = name.partition("/")
    if name == names.MAIL:
        channel, target = MAIL, checked_address(to)
    elif kind == names.ROBOTS:
        channel, target = WEBHOOK, thing
    else:
        raise fail(NotFoundError, "register.settings.none", name=name)
    sender = senders_of(said, settings_folder()).get(channel)
    if sender is None:
        return "register.outbox.no-channel"
    try:
        sender.send(Message(uuid.uuid4().hex, channel, target, "",
                            say("register.outbox.trial", lang),
                            say("register.outbox.trial-body", lang)))
    except SendError as error:
        return error.fault
    return SENT


def tried(name: str, to: str, outcome: str) -> EventDraft:
    """The event that says what came of it; a mailbox may be a person's, and can be erased."""
    return EventDraft(TRIED, values={ADDRESS: (None, to)} if name == names.MAIL else {},
                      data={"name": name, "outcome": outcome})
