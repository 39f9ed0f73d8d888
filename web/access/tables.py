"""The tables of access. In: nothing. Out: SQLAlchemy's descriptions of them.

`units`, `users` and `api_keys` are projections of events. The others stand beside events and are
made from none: they hold secrets (only their hashes, but for the secret of one-time codes, which
has to be known) or what passes in minutes.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, Table, Text

from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.row_security import UNSCOPED
from zhuanjie.web.store.tables import SEQ

UNITS = Table(
    "units", METADATA,
    Column("id", Text, primary_key=True),
    Column("parent", Text),
    Column("title", Text, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("version", SEQ, nullable=False, index=True),
    Column("stamp", Text, nullable=False),  # the event's id: no other event ever has it
)

USERS = Table(
    "users", METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text),
    Column("email", Text),
    Column("role", Text, nullable=False),
    Column("unit", Text, nullable=False, index=True),
    Column("provider", Text, nullable=False),  # LOCAL, or one of the settings
    Column("disabled", Boolean, nullable=False),
    Column("version", SEQ, nullable=False),
    info=UNSCOPED,  # whoever manages them need see no member
)

API_KEYS = Table(
    "api_keys", METADATA,
    Column("id", Text, primary_key=True),  # the start of the key, by which it is found
    Column("title", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("unit", Text, nullable=False, index=True),
    Column("expires_at", Text, nullable=False),
    Column("revoked", Boolean, nullable=False),
    Column("version", SEQ, nullable=False),
    info=UNSCOPED,
)

API_KEY_HASHES = Table(
    "api_key_hashes", METADATA,
    Column("id", Text, primary_key=True),
    Column("hash", LargeBinary, nullable=False),  # SHA-256 of the whole key
)

PASSWORDS = Table(
    "passwords", METADATA,
    Column("user", Text, primary_key=True),
    Column("hash", Text, nullable=False),  # Argon2id, with its parameters
    Column("once", Boolean, nullable=False),  # to be changed at the first login
    Column("expires", Float),  # of one that holds once
    Column("changed", Float, nullable=False),
)

SESSIONS = Table(
    "sessions", METADATA,
    Column("hash", LargeBinary, primary_key=True),  # SHA-256 of the token
    Column("user", Text, nullable=False, index=True),
    Column("made", Float, nullable=False),
    Column("seen", Float, nullable=False),
    Column("ends", Float, nullable=False, index=True),
    Column("second_factor", Boolean, nullable=False),
    Column("address", Text),
    Column("provider", Text, nullable=False),
    Column("outer", LargeBinary, index=True),  # hash of what the provider calls the session
)

ONE_TIME_CODES = Table(
    "one_time_codes", METADATA,
    Column("user", Text, primary_key=True),
    Column("secret", Text, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("last_step", Integer, nullable=False),  # no code is taken twice, nor an older one
)

RECOVERY_CODES = Table(
    "recovery_codes", METADATA,
    Column("user", Text, primary_key=True),
    Column("hash", LargeBinary, primary_key=True),
)

LOGIN_ATTEMPTS = Table(
    "login_attempts", METADATA,
    Column("subject", LargeBinary, primary_key=True),  # hash of an account, or of an address
    Column("failures", Integer, nullable=False),
    Column("last", Float, nullable=False, index=True),
    Column("locked_until", Float, nullable=False),
)

SIGN_INS = Table(
    "sign_ins", METADATA,
    Column("state", LargeBinary, primary_key=True),  # hash of what comes back from the provider
    Column("browser", LargeBinary, nullable=False),  # hash of the cookie of who began
    Column("provider", Text, nullable=False),
    Column("secrets", LargeBinary, nullable=False),  # JSON: nonce, verifier of PKCE, …
    Column("ends", Float, nullable=False, index=True),
)
"""Logins at a provider that have begun and not come back."""

USED_TICKETS = Table(
    "used_tickets", METADATA,
    Column("hash", LargeBinary, primary_key=True),
    Column("ends", Float, nullable=False, index=True),
)

LOCAL: Final = "local"
"""The provider of users who have a password here."""
