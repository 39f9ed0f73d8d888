"""The same request twice. In: whoever asks, their key, what they ask. Out: one answer for both.

An answer is kept in the change that it tells of, so that of two requests at once the second finds
the first's. Only what was done is kept: what was refused did nothing, and may be tried again. An
answer may quote what a case holds; it is forgotten after a day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, delete, insert, select

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.acts.tables import KEPT_ANSWERS
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.errors import ConflictError

KEPT_FOR: Final = timedelta(hours=24)
_LONGEST: Final = 200


def check_key(key: str) -> str:
    """A key that a client may choose; raises UsageError for another."""
    if not key or len(key) > _LONGEST or not key.isprintable():
        raise fail(UsageError, "register.acts.key", most=_LONGEST)
    return key


def body_hash(asked: Any) -> bytes:
    """What tells one request from another."""
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS, default=str)).digest()


def kept_answer(conn: Connection, actor: str, key: str, body: bytes,
                now: datetime) -> Mapping[str, Any] | None:
    """What was answered to the same request before; None for nothing.

    Raises ConflictError where the key was given with another request.
    """
    row = conn.execute(select(KEPT_ANSWERS.c.body, KEPT_ANSWERS.c.answer).where(
        KEPT_ANSWERS.c.actor == actor, KEPT_ANSWERS.c.key == check_key(key),
        KEPT_ANSWERS.c.at > _iso(now - KEPT_FOR))).first()
    if row is None:
        return None
    if row.body != body:
        raise fail(ConflictError, "register.acts.key-used", key=key)
    answer: Mapping[str, Any] = orjson.loads(row.answer)
    return answer


def keep_answer(work: UnitOfWork, key: str, body: bytes, answer: Mapping[str, Any],
                now: datetime) -> None:
    """Keep what is answered, in the change that does it; what is older than a day goes."""
    conn = work.conn
    conn.execute(delete(KEPT_ANSWERS).where(KEPT_ANSWERS.c.at <= _iso(now - KEPT_FOR)))
    conn.execute(insert(KEPT_ANSWERS).values(
        actor=work.actor.id, key=check_key(key), body=body, at=_iso(now),
        answer=orjson.dumps(answer, default=str)))


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
