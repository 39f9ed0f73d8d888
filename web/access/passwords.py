"""Passwords. In: what somebody types. Out: hashes; whether it is the one; what makes a bad one.

Argon2id; its parameters stand here and nowhere else. A hash made with others is made anew at the
next login. No more are computed at a time than memory allows.
"""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache
from importlib.resources import files
from itertools import pairwise
from threading import BoundedSemaphore, Lock
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from zhuanjie.engine.api import UsageError, fail

SHORTEST: Final = 12
LONGEST: Final = 128
_FEWEST_CHARACTERS: Final = 5
_AT_A_TIME: Final = 4
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_COMMON: Final = "common_passwords.csv"


def parameters() -> PasswordHasher:
    """How passwords are hashed (RFC 9106, 4: what is recommended where memory is scarce)."""
    return PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4, hash_len=32,
                          salt_len=16)


class PasswordHashes:
    """Makes and verifies hashes; safe to share among threads."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or parameters()
        self._turns = BoundedSemaphore(_AT_A_TIME)
        self._lock = Lock()
        self._made: str | None = None

    def hash(self, password: str) -> str:
        """A salted hash, with its parameters."""
        with self._turns:
            return self._hasher.hash(_prepared(password))

    def verify(self, kept: str | None, password: str) -> bool:
        """Whether `password` is the one that `kept` was made of.

        It takes as long where there is none (`kept` is None), so that time tells nobody whether
        there is such a user.
        """
        if len(password) > LONGEST:  # nobody has one that long
            password, kept = password[:LONGEST], None
        nobodys = self._nobodys()
        with self._turns:
            try:
                right = self._hasher.verify(kept or nobodys, _prepared(password))
            except (VerificationError, InvalidHashError):
                return False
        return right and kept is not None

    def _nobodys(self) -> str:
        """The hash of a password that nobody has, made at the first login."""
        with self._lock:
            if self._made is None:
                self._made = self._hasher.hash(secrets.token_urlsafe())
            return self._made

    def is_old(self, kept: str) -> bool:
        """Whether a hash was made with other parameters."""
        return self._hasher.check_needs_rehash(kept)


def check_password(password: str, user: str) -> None:
    """Raise UsageError where `password` is too short, too long, or one that is guessed first."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise fail(UsageError, "register.access.password-length", least=SHORTEST, most=LONGEST)
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in password):
        raise fail(UsageError, "register.access.password-characters")
    bare = unicodedata.normalize("NFKC", password).casefold()
    without_user = bare.replace(user.casefold(), "") if len(user) > 2 else bare
    if (bare in _common() or len(set(bare)) < _FEWEST_CHARACTERS or _is_row(bare)
            or len(without_user) < SHORTEST // 2):
        raise fail(UsageError, "register.access.password-common")


def one_time_password() -> str:
    """A random password to be told to somebody, who changes it at the first login (99 bits)."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))


def _is_row(text: str) -> bool:
    """Whether each character follows the one before, up or down."""
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    return steps <= {1, -9} or steps <= {-1, 9}


def _prepared(password: str) -> bytes:
    # As RFC 8265 has it: two ways to write one character are one password.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


@cache
def _common() -> frozenset[str]:
    text = files("zhuanjie.web.access").joinpath(_COMMON).read_text(encoding="utf-8")
    return frozenset(line.strip().casefold() for line in text.splitlines() if line.strip())
