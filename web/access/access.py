"""Access to a register. In: who acts, what they ask. Out: actors, units, users, keys; or a refusal.

Routes and commands go through here: everything asks the guard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.access import keys, units, users
from zhuanjie.web.access.code_keys import CodeBox
from zhuanjie.web.access.errors import LoginError
from zhuanjie.web.access.guard import AccessGuard
from zhuanjie.web.access.keys import ApiKey
from zhuanjie.web.access.logins import Logins
from zhuanjie.web.access.one_time_codes import forget_codes
from zhuanjie.web.access.passwords import PasswordHashes, check_password, one_time_password
from zhuanjie.web.access.sessions import Sessions
from zhuanjie.web.access.settings import AccessSettings
from zhuanjie.web.access.sign_in import SignIns
from zhuanjie.web.access.tables import LOCAL, USERS
from zhuanjie.web.access.units import Unit
from zhuanjie.web.access.users import ADMINISTRATOR, User
from zhuanjie.web.store.errors import ForbiddenError
from zhuanjie.web.store.event import SYSTEM, Actor
from zhuanjie.web.store.row_security import EVERYTHING
from zhuanjie.web.store.store import RegisterStore

OFFICE: Final = "office"
"""The id of the first unit, unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user that was made, and the password to tell them; None for one of another provider."""

    user: User
    password: str | None


class Access:
    """Who may do what, and who they are; safe to share among threads."""

    def __init__(self, store: RegisterStore, guard: AccessGuard,
                 settings: AccessSettings | None = None, *, box: CodeBox,
                 hashes: PasswordHashes | None = None) -> None:
        """`guard` is the one that `store` asks; `box` seals the secrets of one-time codes."""
        self.store, self.guard = store, guard
        self.settings = settings or AccessSettings()
        self._hashes = hashes or PasswordHashes()
        self.sessions = Sessions(store.database, self.settings)
        self.logins = Logins(store.database, self.sessions, self._hashes, self.settings, store.now,
                             box)
        self.sign_ins = SignIns(store, self.sessions, self.settings)

    def actor_of_session(self, token: str) -> Actor:
        """Whoever acts in a session; raises LoginError, ForbiddenError before a first password."""
        session = self.logins.need_session(token)
        if session.must_change:
            raise fail(ForbiddenError, "register.access.must-change")
        return session.actor

    def actor_of_key(self, key: str) -> Actor:
        """The program that comes with a key; raises LoginError."""
        with self.store.database.reading() as conn:
            found = keys.find_key(conn, key, self.store.now())
        if found is None:
            raise fail(LoginError, "register.access.key")
        return found.actor

    def may(self, actor: Actor, permission: str, unit: str | None = None) -> bool:
        """Whether the table allows this, so that pages show only what can be done."""
        with self.store.database.reading() as conn:
            return self.guard.may(conn, actor, permission, unit)

    def require(self, actor: Actor, permission: str, unit: str | None = None) -> None:
        """Raise NotFoundError or ForbiddenError where `actor` may not do this in `unit`."""
        with self.store.database.reading() as conn:
            self.guard.require(conn, actor, permission, unit)

    # units

    def units(self, actor: Actor) -> list[Unit]:
        """The units that `actor` sees, or looks after."""
        with self.store.database.reading() as conn:
            tree = units.unit_tree(conn)
            scopes = [self.guard.units(conn, actor, name) for name in ("read", "units", "users")]
        if EVERYTHING in scopes:
            return list(tree.units.values())
        seen = {unit for scope in scopes for unit in scope} | {actor.unit}
        return [unit for unit in tree.units.values() if unit.id in seen]

    def set_unit(self, actor: Actor, id: str, *, title: str, parent: str | None = None,
                 closed: bool = False) -> Unit:
        """Make a unit, or change it."""
        with self.store.change(actor) as work:
            if parent is not None:
                self.guard.require(work.conn, actor, "units", parent)
            return units.set_unit(work, id, title=title, parent=parent, closed=closed)

    def office(self, actor: Actor, *, title: str) -> str:
        """The unit that is above all others, made where there is none."""
        with self.store.change(actor) as work:
            root = units.unit_tree(work.conn).root
            return root or units.set_unit(work, OFFICE, title=title).id

    # users

    def users(self, actor: Actor) -> list[User]:
        """The users that `actor` looks after."""
        with self.store.database.reading() as conn:
            self.guard.require(conn, actor, "users")
            return users.all_users(conn, self.guard.units(conn, actor, "users"))

    def user(self, actor: Actor, id: str) -> User:
        """A user that `actor` looks after, or is."""
        with self.store.database.reading() as conn:
            return self._user(conn, actor, id, themselves=True)

    def add_user(self, actor: Actor, id: str, *, role: str, unit: str, provider: str = LOCAL,
                 name: str | None = None, email: str | None = None,
                 password: str | None = None) -> NewUser:
        """Make a user with a password that holds once, a random one unless it is said."""
        self._known_provider(provider)
        self.require(actor, "users", unit)  # a password takes a while to be hashed
        if provider != LOCAL:
            password = None
        elif password is None:
            password = one_time_password()
        else:
            check_password(password, id)
        made = self._hashes.hash(password) if password is not None else None
        with self.store.change(actor) as work:
            self.guard.require(work.conn, actor, "users", unit)
            if users.find_user(work.conn, id) is not None:
                raise fail(UsageError, "register.access.user-there", id=id)
            user = users.set_user(work, id, role=role, unit=unit, provider=provider, name=name,
                                  email=email)
            if made is not None:
                self.logins.keep(work.conn, id, made, once=True)
        return NewUser(user, password)

    def set_user(self, actor: Actor, id: str, *, role: str | None = None, unit: str | None = None,
                 name: str | None = None, email: str | None = None) -> User:
        """Change a user; one who was disabled is let in again, with a new password."""
        with self.store.change(actor) as work:
            had = self._user(work.conn, actor, id)
            if unit is not None:
                self.guard.require(work.conn, actor, "users", unit)
            return users.set_user(work, id, role=role or had.role, unit=unit or had.unit,
                                  provider=had.provider, name=name, email=email)

    def disable_user(self, actor: Actor, id: str) -> None:
        """Let a user in no more."""
        with self.store.change(actor) as work:
            self._user(work.conn, actor, id)
            users.disable_user(work, id)

    def reset_password(self, actor: Actor, id: str, password: str | None = None) -> str:
        """Give a user a password that holds once, a random one unless it is said; returns it."""
        self.user(actor, id)  # a password takes a while to be hashed
        if password is not None:
            check_password(password, id)
        told = password or one_time_password()
        made = self._hashes.hash(told)
        with self.store.change(actor) as work:
            user = self._user(work.conn, actor, id)
            if user.provider != LOCAL:
                raise fail(UsageError, "register.access.no-password", id=id,
                           provider=user.provider)
            if user.disabled:
                raise fail(UsageError, "register.access.disabled", id=id)
            users.note_reset(work, user, "password")
            self.logins.keep(work.conn, id, made, once=True)
        return told

    def reset_codes(self, actor: Actor, id: str) -> None:
        """Forget a user's app for one-time codes; they enrol another."""
        with self.store.change(actor) as work:
            user = self._user(work.conn, actor, id)
            if user.disabled:
                raise fail(UsageError, "register.access.disabled", id=id)
            users.note_reset(work, user, "codes")
            forget_codes(work.conn, id)
            users.end_sessions(work.conn, id)

    def begin(self, *, user: str = "admin", office: str = OFFICE, title: str) -> NewUser | None:
        """Make the office and its first administrator where there is no user yet."""
        password = one_time_password()
        with self.store.database.reading() as conn:
            if conn.execute(select(USERS.c.id).limit(1)).first() is not None:
                return None
        made = self._hashes.hash(password)
        with self.store.change(SYSTEM) as work:
            if work.conn.execute(select(USERS.c.id).limit(1)).first() is not None:
                return None
            root = units.unit_tree(work.conn).root
            if root is None:
                root = units.set_unit(work, office, title=title).id
            first = users.set_user(work, user, role=ADMINISTRATOR, unit=root)
            self.logins.keep(work.conn, user, made, once=True)
        return NewUser(first, password)

    # keys

    def keys(self, actor: Actor) -> list[ApiKey]:
        """The keys that `actor` looks after."""
        with self.store.database.reading() as conn:
            self.guard.require(conn, actor, "keys")
            return keys.all_keys(conn, self.guard.units(conn, actor, "keys"))

    def make_key(self, actor: Actor, *, title: str, role: str, unit: str,
                 expires: datetime) -> tuple[ApiKey, str]:
        """Make a key; the key itself is shown this once."""
        with self.store.change(actor) as work:
            self.guard.require(work.conn, actor, "keys", unit)
            return keys.make_key(work, title=title, role=role, unit=unit, expires=expires,
                                 now=self.store.now(),
                                 longest=timedelta(days=self.settings.longest_key_days))

    def revoke_key(self, actor: Actor, id: str) -> None:
        """End a key."""
        with self.store.change(actor) as work:
            self.guard.require(work.conn, actor, "keys")
            known = keys.need_key(work.conn, id)
            if not self.guard.may(work.conn, actor, "keys", known.unit):
                raise keys.no_key(id)
            keys.revoke_key(work, id)

    def _user(self, conn: Connection, actor: Actor, id: str, *, themselves: bool = False) -> User:
        """A user, if `actor` looks after them; the same refusal whether there is one or not."""
        found = users.find_user(conn, id)
        if found is None or not ((themselves and actor.id == id) or self.guard.may(
                conn, actor, "users", found.unit)):
            self.guard.require(conn, actor, "users")
            raise users.no_user(id)
        return found

    def _known_provider(self, provider: str) -> None:
        known: Sequence[Mapping[str, object]] = (self.settings.oidc, self.settings.cas)
        if provider != LOCAL and not any(provider in each for each in known):
            raise fail(UsageError, "register.access.no-provider", provider=provider)
