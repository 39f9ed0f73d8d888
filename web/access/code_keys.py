"""What secrets of one-time codes are sealed with. In: the register's folder. Out: a box for them.

Whoever reads the database, or a backup of it, has no secret: each is sealed (AES-256-GCM) with a
key that stands in a file beside it, its owner's alone. The file has a key a line, the first of them
the one that seals; the others still open what they sealed, as in a backup that is older.
ZHUANJIE_CODES_KEY names another file.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, select, update

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.access.tables import ONE_TIME_CODES
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.private_files import read_private, replace_private, write_private

FILE: Final = "codes.key"
VARIABLE: Final = "ZHUANJIE_CODES_KEY"
_SEALED: Final = "sealed"
_KEY: Final = 32
_NONCE: Final = 12
_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A key, and what it is called where something is sealed with it."""

    raw: bytes

    @classmethod
    def new(cls) -> SealingKey:
        """One of its own."""
        return cls(secrets.token_bytes(_KEY))

    @classmethod
    def read(cls, line: str) -> SealingKey:
        """The key that is written so; raises ValueError."""
        raw = base64.b64decode(line, validate=True)
        if len(raw) != _KEY:
            raise ValueError(line)
        return cls(raw)

    @property
    def id(self) -> str:
        """The start of its hash."""
        return sha256(b"zhuanjie codes key\0" + self.raw).hexdigest()[:16]

    @property
    def text(self) -> str:
        """The key as it is written."""
        return base64.b64encode(self.raw).decode()


class CodeBox:
    """Seals secrets, each for one user; safe to share among threads."""

    def __init__(self, keys: Sequence[SealingKey],
                 again: Callable[[], Iterable[SealingKey]] = tuple) -> None:
        """The first of `keys` seals, all open; `again` reads them where one came since."""
        self._first, self._keys = keys[0], {key.id: key for key in keys}
        self._again = again

    def seal(self, user: str, secret: str) -> str:
        """`secret` as it is kept; for another user it cannot be opened."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = AESGCM(self._first.raw).encrypt(nonce, secret.encode(), user.encode())
        return ":".join((_SEALED, self._first.id, base64.b64encode(nonce + sealed).decode()))

    def open(self, user: str, kept: str) -> str:
        """The secret; raises UsageError where no key of this box opens it."""
        id = key_of(kept)
        if id is not None and id not in self._keys:
            self._keys |= {key.id: key for key in self._again()}
        key = self._keys.get(id or "")
        try:
            if key is None:
                raise ValueError
            raw = base64.b64decode(kept.split(":")[2], validate=True)
            return AESGCM(key.raw).decrypt(raw[:_NONCE], raw[_NONCE:], user.encode()).decode()
        except (InvalidTag, ValueError, binascii.Error):
            raise fail(UsageError, "register.access.code-sealed", id=user,
                       hint="register.access.code-sealed.hint") from None

    def seals(self, kept: str) -> bool:
        """Whether this is sealed with the key that seals now."""
        return key_of(kept) == self._first.id


def key_of(kept: str) -> str | None:
    """The id of the key that something is sealed with; None for what stands in clear."""
    parts = kept.split(":")
    return parts[1] if len(parts) == _PARTS and parts[0] == _SEALED else None


def keys_path(folder: Path) -> Path:
    """Where the keys are, or would be."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else folder / FILE


def read_keys(folder: Path) -> list[SealingKey]:
    """The keys of a register, none where there are none; raises UsageError."""
    path = keys_path(folder)
    text = read_private(path, mounted=bool(os.environ.get(VARIABLE)))
    if text is None:
        return []
    try:
        found = [SealingKey.read(line.strip()) for line in text.splitlines() if line.strip()]
        if not found:
            raise ValueError
    except ValueError:
        raise fail(UsageError, "register.access.codes-key-unread", path=str(path),
                   hint="register.access.codes-key-lost.hint") from None
    return found


def code_box(database: RegisterDatabase, folder: Path) -> CodeBox:
    """The box of a register; its key is made where nothing is sealed yet.

    What stands in clear, or is sealed with an older key, is sealed anew. Raises UsageError where
    something is sealed with a key that is not there.
    """
    known = read_keys(folder)
    with database.reading() as conn:
        kept = _kept(conn)
        lost = unopened(conn, known)
    if lost:
        raise fail(UsageError, "register.access.codes-key-lost", path=str(keys_path(folder)),
                   count=len(lost), hint="register.access.codes-key-lost.hint")
    box = CodeBox(known or [_make(folder)], lambda: read_keys(folder))
    if any(not box.seals(text) for _, text in kept):
        with database.writing() as conn:
            seal_anew(conn, box)
    return box


def unopened(conn: Connection, keys: Iterable[SealingKey]) -> list[str]:
    """The users whose secrets none of `keys` opens."""
    ids = {key.id for key in keys}
    return [user for user, text in _kept(conn)
            if key_of(text) is not None and key_of(text) not in ids]


def seal_anew(conn: Connection, box: CodeBox) -> int:
    """Seal with the key that seals now whatever is not; returns how many that were."""
    count = 0
    for user, text in _kept(conn):
        if box.seals(text):
            continue
        secret = text if key_of(text) is None else box.open(user, text)
        # Unless it was set anew meanwhile.
        count += conn.execute(update(ONE_TIME_CODES).where(
            ONE_TIME_CODES.c.user == user, ONE_TIME_CODES.c.secret == text).values(
                secret=box.seal(user, secret))).rowcount
    return count


def add_key(folder: Path) -> list[SealingKey]:
    """Put a new key before those that there are; returns all of them. Raises OutputError."""
    keys = [SealingKey.new(), *read_keys(folder)]
    replace_private(keys_path(folder), "\n".join(key.text for key in keys))
    return keys


def _make(folder: Path) -> SealingKey:
    made = SealingKey.new()
    try:
        write_private(keys_path(folder), made.text)
    except FileExistsError:  # another process made one in the same moment
        return read_keys(folder)[0]
    return made


def _kept(conn: Connection) -> list[tuple[str, str]]:
    return [(row.user, row.secret) for row in conn.execute(
        select(ONE_TIME_CODES.c.user, ONE_TIME_CODES.c.secret).order_by(ONE_TIME_CODES.c.user))]
