"""One-time codes (RFC 6238). In: an app's codes. Out: whether they are right, each once.

Where the app is lost a recovery code does, each once too; only their hashes are kept.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Final

import pyotp
from sqlalchemy import Connection, delete, insert, select, update

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.access.code_keys import CodeBox
from zhuanjie.web.access.sessions import token_hash
from zhuanjie.web.access.tables import ONE_TIME_CODES, RECOVERY_CODES

ISSUER: Final = "zhuanjie"
_STEP: Final = 30
_AROUND: Final = 1
"""How many steps a clock may be early or late."""
_RECOVERY_CODES: Final = 10
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def is_enrolled(conn: Connection, user: str) -> bool:
    """Whether a user has shown a code of their app."""
    return bool(conn.execute(select(ONE_TIME_CODES.c.confirmed).where(
        ONE_TIME_CODES.c.user == user)).scalar())


def begin_enrolment(conn: Connection, box: CodeBox, user: str) -> str:
    """Make a secret, to be confirmed by a code; returns the address that apps take (otpauth)."""
    if is_enrolled(conn, user):
        raise fail(UsageError, "register.access.enrolled")
    secret = pyotp.random_base32()
    forget_codes(conn, user)
    conn.execute(insert(ONE_TIME_CODES).values(
        user=user, secret=box.seal(user, secret), confirmed=False, last_step=0))
    return pyotp.TOTP(secret).provisioning_uri(name=user, issuer_name=ISSUER)


def confirm_enrolment(conn: Connection, box: CodeBox, user: str, code: str,
                      now: float) -> list[str] | None:
    """Take a first code; returns recovery codes, to be shown once. None for a wrong code."""
    if is_enrolled(conn, user):
        raise fail(UsageError, "register.access.enrolled")
    if not _take_code(conn, box, user, code, now):
        return None
    conn.execute(update(ONE_TIME_CODES).where(ONE_TIME_CODES.c.user == user).values(
        confirmed=True))
    codes = ["-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(3))
             for _ in range(_RECOVERY_CODES)]
    conn.execute(insert(RECOVERY_CODES), [{"user": user, "hash": token_hash(c)} for c in codes])
    return codes


def take_code(conn: Connection, box: CodeBox, user: str, code: str, now: float) -> bool:
    """Whether `code` is right and was not taken before, a code of the app or one to recover."""
    if not is_enrolled(conn, user):
        return False
    bare = code.strip().lower().replace(" ", "")
    return _take_code(conn, box, user, bare, now) or bool(conn.execute(
        delete(RECOVERY_CODES).where(RECOVERY_CODES.c.user == user,
                                     RECOVERY_CODES.c.hash == token_hash(bare))).rowcount)


def forget_codes(conn: Connection, user: str) -> None:
    """Forget a user's app and recovery codes."""
    for table in (ONE_TIME_CODES, RECOVERY_CODES):
        conn.execute(delete(table).where(table.c.user == user))


def _take_code(conn: Connection, box: CodeBox, user: str, code: str, now: float) -> bool:
    kept = conn.execute(select(ONE_TIME_CODES.c.secret).where(
        ONE_TIME_CODES.c.user == user)).scalar()
    if kept is None:
        return False
    app, step = pyotp.TOTP(box.open(user, kept)), int(now) // _STEP
    steps = range(step - _AROUND, step + _AROUND + 1)
    right = [each for each in steps if hmac.compare_digest(
        app.generate_otp(each).encode(), code.encode("utf-8", "surrogatepass"))]
    # In one statement, so that of two who send the same code one is late.
    return bool(right) and bool(conn.execute(update(ONE_TIME_CODES).where(
        ONE_TIME_CODES.c.user == user, ONE_TIME_CODES.c.last_step < right[0]).values(
            last_step=right[0])).rowcount)
