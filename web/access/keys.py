"""Keys of programs. In: a role, a unit, an end. Out: a key, shown once; who comes with it."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.access.guard import KEY
from zhuanjie.web.access.permissions import permission_table
from zhuanjie.web.access.sessions import token_hash
from zhuanjie.web.access.tables import API_KEY_HASHES, API_KEYS
from zhuanjie.web.access.units import need_unit
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import Actor, EventDraft
from zhuanjie.web.store.row_security import EVERYTHING, Scope

PREFIX: Final = "zhuanjie"
"""What a key begins with, so that programs that look for lost secrets find it."""
_ID: Final = re.compile(r"[0-9a-f]{12}")
_KEY: Final = re.compile(rf"{PREFIX}_([0-9a-f]{{12}})_[\w-]{{43}}", re.ASCII)
_LONGEST_TITLE: Final = 100


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key: all but the key."""

    id: str
    title: str
    role: str
    unit: str
    expires_at: str
    revoked: bool
    version: int

    @property
    def actor(self) -> Actor:
        """The program that acts with it."""
        return Actor(f"key:{self.id}", self.role, self.unit, KEY)


def make_key(work: UnitOfWork, *, title: str, role: str, unit: str, expires: datetime,
             now: datetime, longest: timedelta) -> tuple[ApiKey, str]:
    """Make a key that acts by `role` in `unit`; returns it with the key itself."""
    title = title.strip()
    if not title or len(title) > _LONGEST_TITLE or not title.isprintable():
        raise fail(UsageError, "register.access.key-title", most=_LONGEST_TITLE)
    assignable = permission_table().assignable
    if role not in assignable:
        raise fail(UsageError, "register.access.role", role=role, known=", ".join(assignable))
    if not now < expires <= now + longest:
        raise fail(UsageError, "register.access.key-end", days=longest.days)
    need_unit(work.conn, unit)
    id = secrets.token_hex(6)
    key = f"{PREFIX}_{id}_{secrets.token_urlsafe(32)}"
    work.record(EventDraft("key.made", unit=unit, data={
        "key": id, "title": title, "role": role, "expires_at": _iso(expires)}))
    work.conn.execute(insert(API_KEY_HASHES).values(id=id, hash=token_hash(key)))
    return need_key(work.conn, id), key


def revoke_key(work: UnitOfWork, id: str) -> None:
    """End a key for good."""
    known = need_key(work.conn, id)
    work.record(EventDraft("key.revoked", unit=known.unit, data={"key": id}))
    work.conn.execute(delete(API_KEY_HASHES).where(API_KEY_HASHES.c.id == id))


def all_keys(conn: Connection, units: Scope = EVERYTHING) -> list[ApiKey]:
    """The keys of these units."""
    query = select(API_KEYS).order_by(API_KEYS.c.version)
    if not isinstance(units, str):
        query = query.where(API_KEYS.c.unit.in_(units))
    return [ApiKey(*row) for row in conn.execute(query)]


def need_key(conn: Connection, id: str) -> ApiKey:
    """What is known of a key; raises NotFoundError."""
    row = conn.execute(select(API_KEYS).where(API_KEYS.c.id == id)).first() if (
        _ID.fullmatch(id)) else None
    if row is None:
        raise no_key(id)
    return ApiKey(*row)


def no_key(id: str) -> NotFoundError:
    """What is raised where there is no such key, or not for whoever asks."""
    return fail(NotFoundError, "register.access.no-key", id=id)


_WITH_HASH = select(API_KEYS, API_KEY_HASHES.c.hash).join(
    API_KEY_HASHES, API_KEY_HASHES.c.id == API_KEYS.c.id).where(
        API_KEYS.c.id == bindparam("id"))


def find_key(conn: Connection, key: str, now: datetime) -> ApiKey | None:
    """Whose key this is, if it is one that holds now."""
    shape = _KEY.fullmatch(key)
    if shape is None:
        return None
    row = conn.execute(_WITH_HASH, {"id": shape[1]}).first()
    if row is None or not hmac.compare_digest(row.hash, token_hash(key)):
        return None
    *known, _ = row
    found = ApiKey(*known)
    return found if not found.revoked and _iso(now) < found.expires_at else None


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
