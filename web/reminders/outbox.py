"""What is to be sent, and once. In: messages. Out: rows, claimed by one runner at a time.

A message is put there in the transaction that decides to send it, under an id made of what was
decided: deciding again puts nothing. A runner claims a row for some minutes, sends it, then marks
it. Where it dies between sending and marking, nobody can know whether it was sent: the row is
marked doubtful and sent again under the same id (at least once; who receives it can tell by the
Message-ID, or by the id in the text).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from zhuanjie.web.reminders.tables import OUTBOX

WAITING: Final = "waiting"
SENT: Final = "sent"
FAILED: Final = "failed"
LEASE: Final = timedelta(minutes=5)
"""How long a runner may take; longer than any of its attempts."""
_PAUSES: Final = (1, 5, 15, 60, 180, 360, 720)
"""Minutes until the next attempt, after each."""
_KEPT: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to one reader."""

    id: str
    channel: str
    target: str
    unit: str
    subject: str
    body: str
    attempts: int = 0
    doubtful: bool = False


def message_id(*decided: str) -> str:
    """The id of a message: what was decided, as a hash."""
    return hashlib.sha256("\0".join(decided).encode()).hexdigest()[:32]


def put(conn: Connection, message: Message, now: datetime) -> bool:
    """Put a message into the outbox, in the caller's transaction; False where it was put before."""
    if conn.execute(select(OUTBOX.c.id).where(OUTBOX.c.id == message.id)).first() is not None:
        return False
    at = moment(now)
    # Two who decide the same at once: the second's savepoint fails, and its transaction goes on.
    try:
        with conn.begin_nested():
            conn.execute(insert(OUTBOX).values(
                id=message.id, channel=message.channel, target=message.target, unit=message.unit,
                subject=message.subject, body=message.body, made_at=at, state=WAITING, due_at=at,
                attempts=0, doubtful=False))
    except IntegrityError:
        return False
    return True


def claim(conn: Connection, runner: str, now: datetime, limit: int = 1) -> list[Message]:
    """Messages for `runner` to send now. One whose runner was not heard of again is doubtful."""
    at = moment(now)
    free = or_(OUTBOX.c.leased_until.is_(None), OUTBOX.c.leased_until < at)
    rows = conn.execute(
        select(OUTBOX).where(OUTBOX.c.state == WAITING, OUTBOX.c.due_at <= at, free)
        .order_by(OUTBOX.c.due_at, OUTBOX.c.id).limit(limit)
        .with_for_update(skip_locked=True)).all()
    claimed = []
    for row in rows:
        doubtful = row.doubtful or row.leased_until is not None
        conn.execute(update(OUTBOX).where(OUTBOX.c.id == row.id).values(
            leased_by=runner, leased_until=moment(now + LEASE), attempts=row.attempts + 1,
            doubtful=doubtful))
        claimed.append(Message(row.id, row.channel, row.target, row.unit, row.subject, row.body,
                               row.attempts + 1, doubtful))
    return claimed


def mark_sent(conn: Connection, message: Message, runner: str, now: datetime) -> bool:
    """Say that it was sent; False where another runner has it by now."""
    return _end(conn, message, runner, {"state": SENT, "ended_at": moment(now), "fault": None})


def mark_failed(conn: Connection, message: Message, runner: str, fault: str,
                now: datetime) -> bool:
    """Say that it cannot be sent at all."""
    return _end(conn, message, runner, {"state": FAILED, "ended_at": moment(now),
                                        "fault": fault})


def mark_again(conn: Connection, message: Message, runner: str, fault: str, now: datetime, *,
               doubtful: bool = False) -> bool:
    """Say that an attempt failed, and when the next may be."""
    pause = timedelta(minutes=_PAUSES[min(message.attempts, len(_PAUSES)) - 1])
    return _end(conn, message, runner, {
        "due_at": moment(now + pause), "fault": fault, "doubtful": message.doubtful or doubtful})


def _end(conn: Connection, message: Message, runner: str, values: dict[str, object]) -> bool:
    mine = and_(OUTBOX.c.id == message.id, OUTBOX.c.leased_by == runner,
                OUTBOX.c.state == WAITING, OUTBOX.c.attempts == message.attempts)
    done = conn.execute(update(OUTBOX).where(mine).values(
        leased_by=None, leased_until=None, **values))
    return bool(done.rowcount)


def retry(conn: Connection, now: datetime, ids: Sequence[str] | None = None) -> int:
    """Have failed messages, or those with these ids, tried again; returns how many."""
    failed = OUTBOX.c.state == FAILED
    which = failed if ids is None else and_(failed, OUTBOX.c.id.in_(ids))
    return conn.execute(update(OUTBOX).where(which).values(
        state=WAITING, attempts=0, due_at=moment(now), ended_at=None)).rowcount


def counts(conn: Connection) -> dict[str, int]:
    """How many messages are in each state."""
    known = dict.fromkeys((WAITING, SENT, FAILED), 0)
    rows = conn.execute(select(OUTBOX.c.state, func.count()).group_by(OUTBOX.c.state)).all()
    return known | dict(map(tuple, rows))


def faults(conn: Connection) -> dict[str, int]:
    """Why messages failed, or wait for another attempt: how many for each code."""
    rows = conn.execute(select(OUTBOX.c.fault, func.count()).where(
        OUTBOX.c.state != SENT, OUTBOX.c.fault.is_not(None))
        .group_by(OUTBOX.c.fault).order_by(OUTBOX.c.fault)).all()
    return dict(map(tuple, rows))


def forget_old(conn: Connection, now: datetime) -> int:
    """Delete what ended long ago; returns how many."""
    return conn.execute(delete(OUTBOX).where(
        OUTBOX.c.state != WAITING, OUTBOX.c.ended_at < moment(now - _KEPT))).rowcount


def moment(at: datetime) -> str:
    """A moment as the tables keep it, which orders as text."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
