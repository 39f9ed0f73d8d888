"""Who has tried too often. In: accounts and addresses of logins. Out: a pause, or none.

An attempt counts as failed before it is looked at, so that many at once do not get past the count;
success takes it back. Whether there is such an account makes no difference. An account's failures
count by where they come from, and only many more together: nobody locks out whom they do not like.
"""

from __future__ import annotations

from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from zhuanjie.engine.api import fail
from zhuanjie.web.access.errors import LockedOutError
from zhuanjie.web.access.settings import LockOut
from zhuanjie.web.access.tables import LOGIN_ATTEMPTS

_MOST_DOUBLINGS = 30
_IPV6_NETWORK = 64


class LoginAttempts:
    """Counts the attempts of each account from each address, of each account, of each address."""

    def __init__(self, account: LockOut, everywhere: LockOut, network: LockOut) -> None:
        self._account, self._everywhere, self._network = account, everywhere, network

    def count(self, conn: Connection, now: float, account: str, address: str | None) -> None:
        """Take down one attempt; raises LockedOutError where it comes too early."""
        conn.execute(delete(LOGIN_ATTEMPTS).where(LOGIN_ATTEMPTS.c.last < now - max(
            each.forgotten_after for each in (self._account, self._everywhere, self._network))))
        subjects = list(zip(_subjects(account, address), (
            self._account, self._everywhere, self._network), strict=False))
        rows = {subject: _row(conn, subject) for subject, _ in subjects}
        waits = [row.locked_until - now for row in rows.values()]
        if (wait := max(waits, default=0)) > 0:
            error = fail(LockedOutError, "register.access.locked", seconds=int(wait) + 1)
            error.retry_after = int(wait) + 1
            raise error
        for subject, rule in subjects:
            _fail(conn, subject, rows[subject], rule, now)

    def clear(self, conn: Connection, account: str, address: str | None) -> None:
        """An attempt was right: the account begins anew, and its address is one failure better."""
        own, *others = _subjects(account, address)
        for subject in (own, *others[:1]):  # in the order in which attempts hold them
            conn.execute(delete(LOGIN_ATTEMPTS).where(LOGIN_ATTEMPTS.c.subject == subject))
        for subject in others[1:]:
            _take_back(conn, subject)

    def take_back(self, conn: Connection, account: str, address: str | None) -> None:
        """The attempt that was just counted was no failure; those before it stand."""
        for subject in _subjects(account, address):
            _take_back(conn, subject)


def _take_back(conn: Connection, subject: bytes) -> None:
    # It was let through, so that nothing was locked before it.
    conn.execute(update(LOGIN_ATTEMPTS).where(
        LOGIN_ATTEMPTS.c.subject == subject, LOGIN_ATTEMPTS.c.failures > 0).values(
            failures=LOGIN_ATTEMPTS.c.failures - 1, locked_until=0.0))


def _fail(conn: Connection, subject: bytes, row: Row[Any, Any, Any], rule: LockOut,
          now: float) -> None:
    failures = (row.failures if row.last >= now - rule.forgotten_after else 0) + 1
    over = failures - rule.free
    wait = min(rule.first_wait * 2 ** min(over, _MOST_DOUBLINGS), rule.longest_wait) if (
        over >= 0) else 0
    conn.execute(update(LOGIN_ATTEMPTS).where(LOGIN_ATTEMPTS.c.subject == subject).values(
        failures=failures, last=now, locked_until=now + wait))


def _row(conn: Connection, subject: bytes) -> Row[Any, Any, Any]:
    """What is known of a subject; its row is held until the end of the transaction."""
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    conn.execute(insert(LOGIN_ATTEMPTS).values(
        subject=subject, failures=0, last=0.0, locked_until=0.0).on_conflict_do_nothing())
    return conn.execute(select(
        LOGIN_ATTEMPTS.c.failures, LOGIN_ATTEMPTS.c.last, LOGIN_ATTEMPTS.c.locked_until).where(
            LOGIN_ATTEMPTS.c.subject == subject).with_for_update()).one()


def _subjects(account: str, address: str | None) -> list[bytes]:
    """What an attempt counts for: the account from there, the account, the address."""
    name = account.encode("utf-8", "surrogatepass")
    if address is None:  # in a session, which is its user's alone
        return [sha256(b"session\x00" + name).digest()]
    place = _place_of(address)
    return [sha256(part).digest() for part in (
        b"account-from\x00" + sha256(name).digest() + place, b"account\x00" + name,
        b"address\x00" + place)]


def _place_of(address: str) -> bytes:
    """One of IPv6 counts with its network: whoever has one has 2**64."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address.encode("utf-8", "surrogatepass")
    if known.version == 6:
        mapped = known.ipv4_mapped
        known = mapped or ip_network((known, _IPV6_NETWORK), strict=False).network_address
    return known.packed
