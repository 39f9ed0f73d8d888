"""What has ended, taken away. In: a connection, a moment. Out: the same without it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete

from zhuanjie.web.access.tables import SESSIONS, SIGN_INS, USED_TICKETS
from zhuanjie.web.reminders import outbox
from zhuanjie.web.store.metadata import METADATA

_ANSWERS = "kept_answers"


def tidy(conn: Connection, now: datetime, answers_kept: timedelta) -> None:
    """Delete sessions, tickets and kept answers that have ended, and what was sent long ago."""
    seconds = now.timestamp()
    for table in (SESSIONS, SIGN_INS, USED_TICKETS):
        conn.execute(delete(table).where(table.c.ends < seconds))
    answers = METADATA.tables.get(_ANSWERS)
    if answers is not None:
        conn.execute(delete(answers).where(answers.c.at < outbox.moment(now - answers_kept)))
    outbox.forget_old(conn, now)
