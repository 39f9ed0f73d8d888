"""Users. In: who acts, what is to hold of a user. Out: events, users as they are now."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, select

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.access.permissions import permission_table
from zhuanjie.web.access.projection import EMAIL, NAME
from zhuanjie.web.access.tables import (
    LOCAL,
    ONE_TIME_CODES,
    PASSWORDS,
    RECOVERY_CODES,
    SESSIONS,
    USERS,
)
from zhuanjie.web.access.units import need_unit, unit_tree
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import EventDraft
from zhuanjie.web.store.row_security import EVERYTHING, Scope

ADMINISTRATOR: Final = "administrator"
_ID: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_LONGEST_NAME: Final = 100
_LONGEST_EMAIL: Final = 254


@dataclass(frozen=True, slots=True)
class User:
    """A person with a role in a unit."""

    id: str
    name: str | None
    email: str | None
    role: str
    unit: str
    provider: str
    disabled: bool
    version: int


def all_users(conn: Connection, units: Scope = EVERYTHING) -> list[User]:
    """The users of these units, by id."""
    return _users(conn, () if isinstance(units, str) else (USERS.c.unit.in_(units),))


def find_user(conn: Connection, id: str) -> User | None:
    """The user with this id, if there is one."""
    return next(iter(_users(conn, (USERS.c.id == id,))), None) if _ID.fullmatch(id) else None


def need_user(conn: Connection, id: str) -> User:
    """The user with this id; raises NotFoundError."""
    found = find_user(conn, id)
    if found is None:
        raise no_user(id)
    return found


def no_user(id: str) -> NotFoundError:
    """What is raised where there is no such user, or not for whoever asks."""
    return fail(NotFoundError, "register.access.no-user", id=id)


def set_user(work: UnitOfWork, id: str, *, role: str, unit: str, provider: str = LOCAL,
             name: str | None = None, email: str | None = None) -> User:
    """Make a user, or change one; one who was disabled is let in again.

    Raises UsageError for what cannot be, NotFoundError for a unit that there is not.
    """
    if not _ID.fullmatch(id):
        raise fail(UsageError, "register.access.user-id", id=id)
    assignable = permission_table().assignable
    if role not in assignable:
        raise fail(UsageError, "register.access.role", role=role, known=", ".join(assignable))
    for text, most in ((name, _LONGEST_NAME), (email, _LONGEST_EMAIL)):
        if text is not None and not (text.isprintable() and 0 < len(text.strip()) <= most):
            raise fail(UsageError, "register.access.user-text", id=id, most=most)
    if email is not None and email.count("@") != 1:
        raise fail(UsageError, "register.access.email", id=id)
    need_unit(work.conn, unit)
    had = find_user(work.conn, id)
    if had is not None:
        if had.provider != provider:
            raise fail(UsageError, "register.access.provider", id=id, provider=had.provider)
        _keep_an_administrator(work.conn, had, role, unit)
    values: dict[str, tuple[Any, Any]] = {}
    for key, before, after in ((NAME, had and had.name, name), (EMAIL, had and had.email, email)):
        if after is not None and after != before:
            values[key] = (before, after)
    if had is not None and not values and not had.disabled and (had.role, had.unit) == (role, unit):
        return had
    work.record(EventDraft("user.set", unit=unit, values=values, data={
        "user": id, "role": role, "provider": provider,
        "was_in": had.unit if had is not None else None}))
    if had is not None and (had.role, had.unit) != (role, unit):
        end_sessions(work.conn, id)
    return need_user(work.conn, id)


def disable_user(work: UnitOfWork, id: str) -> None:
    """Let a user in no more, and end what they have begun."""
    user = need_user(work.conn, id)
    _keep_an_administrator(work.conn, user, None, None)
    work.record(EventDraft("user.disabled", unit=user.unit, data={"user": id}))
    forget_secrets(work.conn, id)


def called(conn: Connection, id: str) -> str:
    """What a user is called: by name, else as they sign in."""
    name = conn.execute(select(USERS.c.name).where(USERS.c.id == id)).scalar()
    return str(name or id)


def note_reset(work: UnitOfWork, user: User, what: str) -> None:
    """Record that a user's password or one-time codes were set anew."""
    work.record(EventDraft("user.set", unit=user.unit, data={
        "user": user.id, "role": user.role, "provider": user.provider, "was_in": user.unit,
        "reset": what}))


def end_sessions(conn: Connection, id: str) -> int:
    """End every session of a user; returns how many there were."""
    return conn.execute(delete(SESSIONS).where(SESSIONS.c.user == id)).rowcount


def forget_secrets(conn: Connection, id: str) -> None:
    """Forget a user's password, codes and sessions."""
    for table in (PASSWORDS, ONE_TIME_CODES, RECOVERY_CODES, SESSIONS):
        conn.execute(delete(table).where(table.c.user == id))


def _keep_an_administrator(conn: Connection, user: User, role: str | None,
                           unit: str | None) -> None:
    """Somebody must be left who can let others in."""
    root = unit_tree(conn).root
    if user.disabled or (user.role, user.unit) != (ADMINISTRATOR, root) or (
            role, unit) == (ADMINISTRATOR, root):
        return
    others = _users(conn, (USERS.c.role == ADMINISTRATOR, USERS.c.unit == root,
                           USERS.c.id != user.id, USERS.c.disabled.is_(False)))
    if not others:
        raise fail(UsageError, "register.access.last-administrator", id=user.id)


def _users(conn: Connection, where: Sequence[ColumnElement[bool]]) -> list[User]:
    columns = (USERS.c.id, USERS.c.name, USERS.c.email, USERS.c.role, USERS.c.unit,
               USERS.c.provider, USERS.c.disabled, USERS.c.version)
    rows = conn.execute(select(*columns).where(*where).order_by(USERS.c.id))
    return [User(*row) for row in rows]
