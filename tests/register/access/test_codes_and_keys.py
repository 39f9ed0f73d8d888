"""Passwords, one-time codes and keys: which hold, how often, how long; what is kept of them."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select, text
from support.office import BOX, OTHER, PASSWORD, Clock, wrong

from zhuanjie.engine.api import UsageError
from zhuanjie.web.access.access import Access
from zhuanjie.web.access.errors import LockedOutError
from zhuanjie.web.access.passwords import check_password, one_time_password
from zhuanjie.web.store.event import SYSTEM
from zhuanjie.web.store.history import events
from zhuanjie.web.store.metadata import METADATA


@pytest.mark.parametrize("password", [
    "", "short", "x" * 11, "x" * 129, "aaaaaaaaaaaaaa", "abababababab", "password1234",
    "PassWord1234", "ｐａｓｓｗｏｒｄ１２３４", "123456789012", "abcdefghijklmn", "zhangsan-li-1", "with\x00control-char",
    "987654321098", "li.zhangsan1", "line\nbreak-in-it"])
def test_passwords_that_are_guessed_first_are_refused(password: str) -> None:
    with pytest.raises(UsageError):
        check_password(password, "zhangsan")


@pytest.mark.parametrize("password", [
    PASSWORD, OTHER, "x1" * 6 + "yzw", "correct horse battery", "床前明月光疑是地上霜举头望明月",
    pytest.param(one_time_password(), id="one-time")])
def test_passwords_that_do(password: str) -> None:
    check_password(password, "zhangsan")


def _enrol(access: Access, token: str, clock: Clock) -> list[str]:
    app = pyotp.parse_uri(access.logins.enrol(token, PASSWORD))
    assert isinstance(app, pyotp.TOTP)
    _, codes = access.logins.confirm(token, app.at(clock()))
    return codes


def test_codes_are_taken_once_and_in_their_time(access: Access, clock: Clock) -> None:
    token = access.logins.log_in("zhao", PASSWORD).token
    wrong(lambda: access.logins.enrol(token, OTHER))  # an open session does not do
    app = pyotp.parse_uri(access.logins.enrol(token, PASSWORD))
    assert isinstance(app, pyotp.TOTP)
    assert access.logins.log_in("zhao", PASSWORD)  # nothing is asked before it is confirmed
    wrong(lambda: access.logins.confirm(token, "000000"), "register.access.wrong-code")
    confirmed, codes = access.logins.confirm(token, app.at(clock()))
    assert access.actor_of_session(confirmed.token).second_factor
    wrong(lambda: access.actor_of_session(token), "register.access.no-session")
    assert len(set(codes)) == 10

    def log_in(code: str | None) -> bool:
        return access.logins.log_in("zhao", PASSWORD, code=code).session.second_factor

    wrong(lambda: log_in(None), "register.access.code")
    wrong(lambda: log_in(app.at(clock())))  # it was taken
    clock.go_on(seconds=30)
    used = app.at(clock())
    assert log_in(used)
    wrong(lambda: log_in(used))
    clock.go_on(seconds=60)
    assert log_in(app.at(clock() + timedelta(seconds=30 * 1)))  # of a clock that is half a minute early
    wrong(lambda: log_in(app.at(clock())))  # older than the last that was taken
    clock.go_on(minutes=5)
    for odd in (app.at(clock() + timedelta(seconds=30 * -2)), app.at(clock() + timedelta(seconds=30 * 2)), "", "12345", "１２３４５６", "x" * 10_000):
        wrong(lambda o=odd: log_in(o), "register.access.login" if odd else "register.access.code")  # type: ignore[misc]
        clock.go_on(hours=1)
    assert log_in(f" {app.at(clock())[:3]} {app.at(clock())[3:]} ")
    assert log_in(codes[0].upper())  # the app is lost
    wrong(lambda: log_in(codes[0]))
    assert log_in(codes[1])
    with pytest.raises(UsageError):
        access.logins.enrol(access.logins.log_in("zhao", PASSWORD, code=codes[3]).token, PASSWORD)
    access.reset_codes(SYSTEM, "zhao")
    assert not access.logins.log_in("zhao", PASSWORD).session.second_factor
    assert not access.logins.log_in("zhao", PASSWORD, code=codes[2]).session.second_factor


def test_whoever_has_the_password_cannot_try_codes_for_ever(access: Access, clock: Clock) -> None:
    _enrol(access, access.logins.log_in("zhao", PASSWORD).token, clock)
    clock.go_on(hours=1)
    tried = 0
    with pytest.raises(LockedOutError):
        for n in range(100):
            wrong(lambda: access.logins.log_in("zhao", PASSWORD), "register.access.code")
            wrong(lambda n=n: access.logins.log_in("zhao", PASSWORD, code=f"{n:06}"))  # type: ignore[misc]
            tried += 1
    assert tried <= 5


def test_a_session_is_raised_by_a_code_under_a_new_token(access: Access, clock: Clock) -> None:
    _enrol(access, access.logins.log_in("zhao", PASSWORD).token, clock)
    with access.store.database.writing() as conn:
        token = access.sessions.begin(conn, "zhao", clock().timestamp(), provider="local")
    with access.store.database.reading() as conn:
        secret = conn.execute(text("SELECT secret FROM one_time_codes")).scalar()
    clock.go_on(minutes=1)
    wrong(lambda: access.logins.show_code(token, "000000"), "register.access.wrong-code")
    app = pyotp.TOTP(BOX.open("zhao", str(secret)))
    raised = access.logins.show_code(token, app.at(clock()))
    assert access.actor_of_session(raised.token).second_factor
    wrong(lambda: access.actor_of_session(token), "register.access.no-session")


def test_keys_hold_until_their_end(access: Access, clock: Clock) -> None:
    known, key = access.make_key(SYSTEM, title="离校系统", role="inspector", unit="maths",
                                 expires=clock() + timedelta(days=1))
    actor = access.actor_of_key(key)
    assert (actor.id, actor.role, actor.unit, actor.via) == (
        f"key:{known.id}", "inspector", "maths", "key")
    for odd in ("", key[:-1], key + "x", key.upper(), "zhuanjie_", f"zhuanjie_{known.id}_" + "A" * 43,
                key.replace(known.id, "0" * 12), "\ud800"):
        wrong(lambda k=odd: access.actor_of_key(k), "register.access.key")  # type: ignore[misc]
    clock.go_on(days=1)
    wrong(lambda: access.actor_of_key(key), "register.access.key")
    other, key = access.make_key(SYSTEM, title="x", role="college", unit="maths",
                                 expires=clock() + timedelta(days=9))
    access.revoke_key(SYSTEM, other.id)
    wrong(lambda: access.actor_of_key(key), "register.access.key")
    for days in (-1, 0, 367):
        with pytest.raises(UsageError):
            access.make_key(SYSTEM, title="x", role="college", unit="maths",
                            expires=clock() + timedelta(days=days))
    with pytest.raises(UsageError):
        access.make_key(SYSTEM, title="x", role="system", unit="maths",
                        expires=clock() + timedelta(days=1))


def test_nothing_kept_gives_a_session_or_a_password_away(access: Access, clock: Clock) -> None:
    logged_in = access.logins.log_in("li", PASSWORD)
    _, key = access.make_key(SYSTEM, title="迎新系统", role="college", unit="maths",
                             expires=clock() + timedelta(days=30))
    codes = _enrol(access, logged_in.token, clock)
    kept = ""
    with access.store.reading(SYSTEM) as conn:
        for table in METADATA.sorted_tables:
            if table.name != "one_time_codes":
                kept += repr([tuple(row) for row in conn.execute(select(table))])
        kept += "".join(repr(e) for e in events(conn))
        kinds = {e.kind for e in events(conn)}
    for secret in (logged_in.token, PASSWORD, key, key.split("_", 2)[2], *codes):
        assert secret not in kept
    assert {"user.set", "key.made", "unit.set"} <= kinds
