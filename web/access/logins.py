"""Logins with a password kept here. In: what somebody types. Out: a session, or a refusal.

Nobody learns from an answer, nor from the time it takes, whether there is such a user.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from sqlalchemy import Connection, delete, insert, select, update

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.access.attempts import LoginAttempts
from zhuanjie.web.access.code_keys import CodeBox
from zhuanjie.web.access.errors import LoginError
from zhuanjie.web.access.one_time_codes import (
    begin_enrolment,
    confirm_enrolment,
    is_enrolled,
    take_code,
)
from zhuanjie.web.access.passwords import LONGEST, PasswordHashes, check_password
from zhuanjie.web.access.sessions import Sessions, UserSession, token_hash
from zhuanjie.web.access.settings import AccessSettings
from zhuanjie.web.access.tables import LOCAL, PASSWORDS, SESSIONS
from zhuanjie.web.access.users import end_sessions, find_user
from zhuanjie.web.store.database import RegisterDatabase

_LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A session that has begun: its token, which is nowhere else, and whose it is."""

    token: str
    session: UserSession


class Logins:
    """Lets in whoever knows a password; safe to share among threads."""

    def __init__(self, database: RegisterDatabase, sessions: Sessions, hashes: PasswordHashes,
                 settings: AccessSettings, now: Callable[[], datetime], box: CodeBox) -> None:
        """`box` opens the secrets of one-time codes."""
        self._database, self._sessions, self._hashes = database, sessions, hashes
        self._box = box
        self._settings, self._now = settings, now
        self._attempts = LoginAttempts(
            settings.account, settings.everywhere, settings.network)

    def log_in(self, user: str, password: str, *, code: str | None = None,
               address: str | None = None, instead_of: str | None = None) -> LoggedIn:
        """Begin a session. Who has enrolled for one-time codes shows one too.

        `instead_of` is the token that the browser had. Raises LoginError, LockedOutError; a
        LoginError of `register.access.code` says that the password was right and a code is lacking.
        """
        user, now = user.strip().lower()[:_LONGEST_ID + 1], self._time()
        kept, lacks = self._verify(user, password, address, now), False
        with self._database.writing() as conn:
            if is_enrolled(conn, user):
                if not code:
                    lacks = True
                    # Not cleared: or whoever has the password could try codes for ever.
                    self._attempts.take_back(conn, user, address)
                right = not lacks and take_code(
                    conn, self._box, user, code or "", now)
            else:
                right = True
            # What was verified has to hold still: a password may have been changed meanwhile.
            right = right and conn.execute(select(PASSWORDS.c.hash).where(
                PASSWORDS.c.user == user)).scalar() == kept
            if right:
                self._attempts.clear(conn, user, address)
                token = self._sessions.begin(
                    conn, user, now, provider=LOCAL, second_factor=bool(code) and
                    is_enrolled(conn, user), address=address, instead_of=instead_of)
        if lacks:
            raise fail(LoginError, "register.access.code")
        if not right:
            _refuse()
        self._hash_anew(user, password, kept)
        session = self._sessions.find(token, now)
        if session is None:
            _refuse()
        return LoggedIn(token, session)

    def change_password(self, token: str, password: str, new: str, *,
                        address: str | None = None) -> LoggedIn:
        """Change one's own password; every session ends, and a new one begins."""
        session, now = self.need_session(token), self._time()
        check_password(new, session.user)
        if new == password:
            raise fail(UsageError, "register.access.password-same")
        kept = self._verify(session.user, password, address, now)
        made = self._hashes.hash(new)
        with self._database.writing() as conn:
            if not conn.execute(update(PASSWORDS).where(
                    PASSWORDS.c.user == session.user, PASSWORDS.c.hash == kept).values(
                        hash=made, once=False, expires=None, changed=now)).rowcount:
                _refuse()
            end_sessions(conn, session.user)
            self._attempts.clear(conn, session.user, address)
            token = self._sessions.begin(
                conn, session.user, now, provider=LOCAL, second_factor=session.second_factor,
                address=address)
        return LoggedIn(token, self.need_session(token))

    def enrol(self, token: str, password: str | None = None, *,
              address: str | None = None) -> str:
        """Begin to enrol for one-time codes; returns the address that an app takes.

        Who has a password here shows it: a session left open does not do.
        """
        session, now = self.need_session(token), self._time()
        if session.provider == LOCAL:
            self._verify(session.user, password or "", address, now)
        with self._database.writing() as conn:
            self._attempts.clear(conn, session.user, address)
            return begin_enrolment(conn, self._box, session.user)

    def confirm(self, token: str, code: str) -> tuple[LoggedIn, list[str]]:
        """Show a first code; returns a new session that has shown one, and recovery codes."""
        session, now = self.need_session(token), self._time()
        with self._database.writing() as conn:
            self._attempts.count(conn, now, session.user, None)
        with self._database.writing() as conn:
            codes = confirm_enrolment(conn, self._box, session.user, code.strip(), now)
            begun = self._again(conn, session, token, now) if codes is not None else None
        if codes is None or begun is None:
            raise fail(LoginError, "register.access.wrong-code")
        return LoggedIn(begun, self.need_session(begun)), codes

    def show_code(self, token: str, code: str) -> LoggedIn:
        """Show a code in a session that has not; returns the session that goes on."""
        session, now = self.need_session(token), self._time()
        with self._database.writing() as conn:
            self._attempts.count(conn, now, session.user, None)
        with self._database.writing() as conn:
            right = take_code(conn, self._box, session.user, code, now)
            begun = self._again(conn, session, token, now) if right else None
        if begun is None:
            raise fail(LoginError, "register.access.wrong-code")
        return LoggedIn(begun, self.need_session(begun))

    def log_out(self, token: str, *, everywhere: bool = False) -> None:
        """End a session, or all that its user has."""
        session = self._sessions.find(token, self._time())
        with self._database.writing() as conn:
            if everywhere and session is not None:
                end_sessions(conn, session.user)
            self._sessions.end(conn, token)

    def need_session(self, token: str) -> UserSession:
        """The session of a token; raises LoginError where it has ended."""
        session = self._sessions.find(token, self._time())
        if session is None:
            raise fail(LoginError, "register.access.no-session")
        return session

    def keep(self, conn: Connection, user: str, hash: str, *, once: bool) -> None:
        """Keep a password's hash; one that holds `once` is changed at the next login."""
        now = self._time()
        conn.execute(delete(PASSWORDS).where(PASSWORDS.c.user == user))
        conn.execute(insert(PASSWORDS).values(
            user=user, hash=hash, once=once, changed=now,
            expires=now + self._settings.one_time_password if once else None))
        end_sessions(conn, user)

    def _again(self, conn: Connection, session: UserSession, token: str, now: float) -> str:
        """The same session with a second factor, under a new token."""
        row = conn.execute(select(SESSIONS.c.outer, SESSIONS.c.address).where(
            SESSIONS.c.hash == token_hash(token))).one()
        self._attempts.clear(conn, session.user, None)
        begun = self._sessions.begin(conn, session.user, now, provider=session.provider,
                                     second_factor=True, address=row.address, instead_of=token)
        conn.execute(update(SESSIONS).where(
            SESSIONS.c.hash == token_hash(begun)).values(
                outer=row.outer, ends=session.ends))
        return begun

    def _verify(self, user: str, password: str, address: str | None, now: float) -> str:
        """The hash of the right password; raises for another."""
        with self._database.writing() as conn:
            self._attempts.count(conn, now, user, address)
            known = find_user(conn, user)
            row = conn.execute(select(PASSWORDS.c.hash, PASSWORDS.c.expires).where(
                PASSWORDS.c.user == (known.id if known is not None else ""))).first()
        kept = row.hash if row is not None and known is not None and not known.disabled and (
            known.provider == LOCAL) and (row.expires is None or row.expires > now) else None
        if not self._hashes.verify(kept, password[:LONGEST + 1]) or kept is None:
            _refuse()
        return str(kept)

    def _hash_anew(self, user: str, password: str, kept: str) -> None:
        if self._hashes.is_old(kept):
            made = self._hashes.hash(password)
            with self._database.writing() as conn:
                conn.execute(update(PASSWORDS).where(
                    PASSWORDS.c.user == user, PASSWORDS.c.hash == kept).values(hash=made))

    def _time(self) -> float:
        return self._now().timestamp()


def _refuse() -> NoReturn:
    raise fail(LoginError, "register.access.login")
