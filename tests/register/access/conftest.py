"""What tests of access share: a clock that is set by hand, and an office with users."""

from __future__ import annotations

import pytest
from register.access.people import PASSWORD, QUICK, Clock, guarded

from zhuanjie.web.access.access import Access
from zhuanjie.web.access.passwords import PasswordHashes
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import SYSTEM


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(database: RegisterDatabase, clock: Clock) -> Access:
    """An office with an administrator, a college's li and the department's zhao."""
    store, guard = guarded(database, now=clock)
    made = Access(store, guard, hashes=PasswordHashes(QUICK))
    for id, role, unit in (("root", "administrator", "office"), ("li", "college", "maths"),
                           ("zhao", "department", "office")):
        first = made.add_user(SYSTEM, id, role=role, unit=unit).password
        assert first is not None
        token = made.logins.log_in(id, first).token
        made.logins.log_out(made.logins.change_password(token, first, PASSWORD).token)
    return made
