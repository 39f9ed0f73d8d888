"""Logins with passwords and codes: who is let in, who waits, what ends a session, what time tells."""

from __future__ import annotations

import contextlib
import threading

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from support.office import BOX, OTHER, PASSWORD, Clock, wrong

from zhuanjie.engine.api import UsageError
from zhuanjie.web.access.access import Access
from zhuanjie.web.access.errors import LockedOutError, LoginError
from zhuanjie.web.access.passwords import (
    PasswordHashes,
    parameters,
)
from zhuanjie.web.access.settings import AccessSettings, LockOut
from zhuanjie.web.access.tables import LOGIN_ATTEMPTS, PASSWORDS
from zhuanjie.web.store.errors import ForbiddenError
from zhuanjie.web.store.event import SYSTEM


def test_who_knows_the_password_acts_by_their_role(access: Access) -> None:
    logged_in = access.logins.log_in(" Li ", PASSWORD)
    actor = access.actor_of_session(logged_in.token)
    assert (actor.id, actor.role, actor.unit, actor.via, actor.second_factor) == (
        "li", "college", "maths", "session", False)
    for user, password in (("li", OTHER), ("li", ""), ("li", PASSWORD + "x"), ("wang", PASSWORD),
                           ("", PASSWORD), ("li\x00", PASSWORD), ("li", "x" * 100_000),
                           ("l" * 100_000, PASSWORD), ("li", "\ud800" * 12)):
        wrong(lambda u=user, p=password: access.logins.log_in(u, p))  # type: ignore[misc]


def test_a_first_password_lets_change_it_and_nothing_else(access: Access, clock: Clock) -> None:
    first = access.add_user(SYSTEM, "wu", role="branch", unit="maths-1").password
    assert first is not None
    logged_in = access.logins.log_in("wu", first)
    assert logged_in.session.must_change
    with pytest.raises(ForbiddenError):
        access.actor_of_session(logged_in.token)
    with pytest.raises(UsageError):
        access.logins.change_password(logged_in.token, first, first)
    changed = access.logins.change_password(logged_in.token, first, PASSWORD)
    assert access.actor_of_session(changed.token).id == "wu"
    assert access.sessions.find(logged_in.token, clock().timestamp()) is None
    wrong(lambda: access.logins.log_in("wu", first))
    again = access.reset_password(SYSTEM, "wu")
    clock.go_on(hours=73)
    wrong(lambda: access.logins.log_in("wu", again))


def test_sessions_end(access: Access, clock: Clock) -> None:
    def alive(token: str) -> bool:
        return access.sessions.find(token, clock().timestamp()) is not None

    token = access.logins.log_in("li", PASSWORD).token
    for _ in range(28):  # used all the time, it ends at its end
        assert alive(token)
        clock.go_on(minutes=25)
    assert alive(token)
    clock.go_on(minutes=20)
    assert not alive(token)
    token = access.logins.log_in("li", PASSWORD).token
    clock.go_on(minutes=31)  # not used
    assert not alive(token)
    one, two = (access.logins.log_in("li", PASSWORD).token for _ in range(2))
    access.logins.log_out(one)
    assert (alive(one), alive(two)) == (False, True)
    three = access.logins.log_in("li", PASSWORD, instead_of=two).token  # never the token of before
    assert three != two
    assert not alive(two)
    access.logins.log_out(three, everywhere=True)
    assert not alive(three)
    for end in (lambda: access.logins.change_password(_session(access, clock), PASSWORD, OTHER),
                lambda: access.set_user(SYSTEM, "li", role="branch"),
                lambda: access.reset_codes(SYSTEM, "li"),
                lambda: access.reset_password(SYSTEM, "li"),
                lambda: access.disable_user(SYSTEM, "li")):
        tokens = [_session(access, clock) for _ in range(3)]
        assert all(map(alive, tokens))
        end()
        assert not any(map(alive, tokens))
    assert not alive(_session(access, clock))  # whatever a table holds: who is disabled is out
    assert not alive("")
    assert not alive("x" * 1_000_000)


def _session(access: Access, clock: Clock) -> str:
    with access.store.database.writing() as conn:
        return access.sessions.begin(conn, "li", clock().timestamp(), provider="local")


def test_too_many_attempts_make_wait_longer_and_longer(access: Access, clock: Clock) -> None:
    def waits(user: str, address: str | None = None) -> int:
        try:
            access.logins.log_in(user, OTHER, address=address)
        except LoginError:
            return 0
        except LockedOutError as error:
            return error.retry_after
        raise AssertionError("let in")

    for user in ("li", "nobody-of-that-name"):  # alike, whether there is such a user or not
        assert [waits(user) for _ in range(5)] == [0] * 5
        expected = 30
        for _ in range(6):
            assert waits(user) == expected + 1
            clock.go_on(seconds=expected)
            assert waits(user) == 0  # tried, and wrong
            expected = min(expected * 2, 900)
        assert expected == 900
    assert waits("li") == 0
    with pytest.raises(LockedOutError):  # the right one waits too
        access.logins.log_in("li", PASSWORD)
    clock.go_on(minutes=15)
    access.logins.log_in("li", PASSWORD)
    assert [waits("li") for _ in range(5)] == [0] * 5


def test_an_address_that_tries_many_accounts_waits(access: Access, clock: Clock) -> None:
    def tries(user: str, address: str) -> str:
        try:
            access.logins.log_in(user, OTHER, address=address)
        except (LoginError, LockedOutError) as error:
            return type(error).__name__
        raise AssertionError

    assert {tries(f"u{n}", "192.0.2.7") for n in range(30)} == {"LoginError"}
    assert tries("u99", "192.0.2.7") == "LockedOutError"
    assert tries("u99", "::ffff:192.0.2.7") == "LockedOutError"
    assert tries("u99", "192.0.2.8") == "LoginError"
    # Of IPv6 a whole network is one: whoever has an address there has all of them.
    assert {tries(f"v{n}", f"2001:db8::{n:x}") for n in range(30)} == {"LoginError"}
    assert tries("v99", "2001:db8::ffff") == "LockedOutError"
    assert tries("v99", "2001:db8:0:1::1") == "LoginError"
    assert access.logins.log_in("li", PASSWORD, address="192.0.2.8")
    with access.store.database.reading() as conn:
        assert conn.execute(select(LOGIN_ATTEMPTS.c.subject).limit(1)).scalar() is not None
    clock.go_on(days=2)  # and what is old is forgotten
    tries("u1", "192.0.2.9")
    with access.store.database.reading() as conn:
        assert len(list(conn.execute(select(LOGIN_ATTEMPTS)))) == 3


def test_nobody_locks_out_whom_they_do_not_like(access: Access, clock: Clock) -> None:
    def tries(address: str) -> None:
        with contextlib.suppress(LoginError, LockedOutError):
            access.logins.log_in("li", OTHER, address=address)

    for _ in range(40):
        tries("192.0.2.7")
    assert access.logins.log_in("li", PASSWORD, address="192.0.2.8")
    for number in range(100):  # but so many, wherever they come from, are somebody who guesses
        tries(f"198.51.{number}.1")
    with pytest.raises(LockedOutError):
        access.logins.log_in("li", PASSWORD, address="192.0.2.8")
    clock.go_on(minutes=15)
    assert access.logins.log_in("li", PASSWORD, address="192.0.2.8")


def test_attempts_at_once_do_not_get_past_the_count(access: Access) -> None:
    verified = []
    verify = access._hashes.verify
    access._hashes.verify = lambda *given: verified.append(1) or verify(*given)  # type: ignore[method-assign, assignment, func-returns-value]
    outcomes: list[str] = []

    def attempt() -> None:
        try:
            access.logins.log_in("li", OTHER)
        except (LoginError, LockedOutError) as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(outcomes), len(verified)) == (20, 5)


def test_time_does_not_tell_whether_there_is_such_a_user(access: Access) -> None:
    """What takes the time is a hash: each computes one, with the same parameters."""
    hashes = PasswordHashes(PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1))
    access.settings = AccessSettings(account=LockOut(free=1000))
    counted = Access(access.store, access.guard, access.settings, box=BOX, hashes=hashes)
    told = counted.reset_password(SYSTEM, "li")
    counted.disable_user(SYSTEM, "zhao")
    wrong(lambda: counted.logins.log_in("nobody", OTHER))
    calls: list[str] = []
    inner = hashes._hasher

    class Counting:
        def verify(self, kept: str, password: bytes) -> bool:
            calls.append(kept.rsplit("$", 2)[0])
            return inner.verify(kept, password)

        def check_needs_rehash(self, kept: str) -> bool:
            return inner.check_needs_rehash(kept)

    hashes._hasher = Counting()  # type: ignore[assignment]
    for user in ("li", "nobody", "zhao"):
        calls.clear()
        wrong(lambda u=user: counted.logins.log_in(u, OTHER))  # type: ignore[misc]
        assert len(calls) == 1
        assert calls[0].startswith("$argon2id$v=19$m=8192,t=1,p=1")
    assert counted.logins.log_in("li", told).session.user == "li"


def test_a_hash_of_other_parameters_is_made_anew(access: Access) -> None:
    now = Access(access.store, access.guard, box=BOX, hashes=PasswordHashes(
        PasswordHasher(time_cost=2, memory_cost=128, parallelism=1)))

    def kept() -> str:
        with access.store.database.reading() as conn:
            return str(conn.execute(select(PASSWORDS.c.hash).where(
                PASSWORDS.c.user == "li")).scalar())

    assert "$m=64,t=1,p=1$" in kept()
    wrong(lambda: now.logins.log_in("li", OTHER))
    assert "$m=64,t=1,p=1$" in kept()
    now.logins.log_in("li", PASSWORD)
    assert "$m=128,t=2,p=1$" in kept()
    now.logins.log_in("li", PASSWORD)


def test_the_parameters_are_those_that_are_recommended() -> None:
    made = parameters()
    assert made.memory_cost >= 64 * 1024
    assert made.time_cost >= 3
    assert made.hash("x").startswith("$argon2id$")
