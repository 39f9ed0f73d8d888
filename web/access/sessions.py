"""Sessions of users. In: tokens. Out: who that is. Only hashes of tokens are kept.

A session ends when nobody uses it for a while, at its end in any case, and with everything that
changes who the user is: a new password, a new role, being disabled.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, select, update

from zhuanjie.web.access.guard import SESSION
from zhuanjie.web.access.settings import AccessSettings
from zhuanjie.web.access.tables import PASSWORDS, SESSIONS, USERS
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import Actor

_SEEN_EVERY = 60.0
"""Seconds between two notes that a session is used."""
_LONGEST_TOKEN = 200


@dataclass(frozen=True, slots=True)
class UserSession:
    """Who is signed in. Where `must_change` their password is to be changed before all else."""

    user: str
    name: str | None
    role: str
    unit: str
    provider: str
    second_factor: bool
    must_change: bool
    ends: float

    @property
    def actor(self) -> Actor:
        """Whoever acts in this session."""
        return Actor(self.user, self.role, self.unit, SESSION, self.second_factor)


def token_hash(token: str) -> bytes:
    """What is kept of a token: it is random, so that nobody finds it by trying."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


class Sessions:
    """The sessions of a register; safe to share among threads."""

    def __init__(self, database: RegisterDatabase, settings: AccessSettings) -> None:
        self._database, self._settings = database, settings

    def begin(self, conn: Connection, user: str, now: float, *, provider: str,
              second_factor: bool = False, address: str | None = None,
              instead_of: str | None = None, outer: str | None = None) -> str:
        """Begin a session; returns its token, a new one whatever the browser had before.

        `outer` is what the provider calls the session, so that it can end it.
        """
        conn.execute(delete(SESSIONS).where(SESSIONS.c.ends < now))
        if instead_of is not None:
            self.end(conn, instead_of)
        token = secrets.token_urlsafe(32)
        conn.execute(insert(SESSIONS).values(
            hash=token_hash(token), user=user, made=now, seen=now,
            ends=now + self._settings.session, second_factor=second_factor, address=address,
            provider=provider, outer=token_hash(outer) if outer is not None else None))
        return token

    def find(self, token: str, now: float) -> UserSession | None:
        """The session of this token, if it has not ended."""
        if not token or len(token) > _LONGEST_TOKEN:
            return None
        hash = token_hash(token)
        query = (select(SESSIONS, USERS.c.name, USERS.c.role, USERS.c.unit, PASSWORDS.c.once)
                 .join(USERS, USERS.c.id == SESSIONS.c.user)
                 .outerjoin(PASSWORDS, PASSWORDS.c.user == SESSIONS.c.user)
                 .where(SESSIONS.c.hash == hash, USERS.c.disabled.is_(False),
                        USERS.c.provider == SESSIONS.c.provider,
                        SESSIONS.c.ends > now, SESSIONS.c.seen > now - self._settings.idle))
        with self._database.reading() as conn:
            row = conn.execute(query).first()
        if row is None:
            return None
        if row.seen < now - min(_SEEN_EVERY, self._settings.idle / 2):
            with self._database.writing() as conn:
                conn.execute(update(SESSIONS).where(
                    SESSIONS.c.hash == hash, SESSIONS.c.seen < now).values(seen=now))
        return UserSession(row.user, row.name, row.role, row.unit, row.provider,
                           row.second_factor, bool(row.once), row.ends)

    def end(self, conn: Connection, token: str) -> None:
        """End one session."""
        conn.execute(delete(SESSIONS).where(SESSIONS.c.hash == token_hash(token)))

    def end_outer(self, conn: Connection, provider: str, outer: str) -> int:
        """End what a provider calls by this name; returns how many sessions that were."""
        return conn.execute(delete(SESSIONS).where(
            SESSIONS.c.provider == provider, SESSIONS.c.outer == token_hash(outer))).rowcount
