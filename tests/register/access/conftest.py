"""What tests of access share: a clock that is set by hand, and an office with users."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.identity_servers import CasServer, OidcServer, serving
from support.office import BOX, OURS, PASSWORD, QUICK, Clock, guarded

from zhuanjie.web.access.access import Access
from zhuanjie.web.access.passwords import PasswordHashes
from zhuanjie.web.access.settings import AccessSettings, access_settings
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import SYSTEM


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(database: RegisterDatabase, clock: Clock) -> Access:
    """An office with an administrator, a college's li and the department's zhao."""
    store, guard = guarded(database, now=clock)
    made = Access(store, guard, box=BOX, hashes=PasswordHashes(QUICK))
    for id, role, unit in (("root", "administrator", "office"), ("li", "college", "maths"),
                           ("zhao", "department", "office")):
        first = made.add_user(SYSTEM, id, role=role, unit=unit).password
        assert first is not None
        token = made.logins.log_in(id, first).token
        made.logins.log_out(made.logins.change_password(token, first, PASSWORD).token)
    return made


@pytest.fixture(scope="module")
def oidc_server() -> Iterator[OidcServer]:
    server = OidcServer()
    with serving(server.app()) as server.address:
        yield server


@pytest.fixture(scope="module")
def cas_server() -> Iterator[tuple[CasServer, str]]:
    server = CasServer()
    with serving(server.app()) as address:
        yield server, address


@pytest.fixture
def oidc(oidc_server: OidcServer, clock: Clock) -> OidcServer:
    oidc_server.lie, oidc_server.claims = {}, {"sub": "li", "name": "李四"}
    oidc_server.now = lambda: clock().timestamp()
    oidc_server.asked.clear()
    return oidc_server


@pytest.fixture
def cas(cas_server: tuple[CasServer, str]) -> CasServer:
    server = cas_server[0]
    server.answer, server.inside, server.user, server.attributes = None, "", "li", {}
    return server


@pytest.fixture
def providers(oidc: OidcServer, cas: CasServer, cas_server: tuple[CasServer, str],
              monkeypatch: pytest.MonkeyPatch) -> AccessSettings:
    """Settings that name both servers."""
    monkeypatch.setenv("CAMPUS_SECRET", oidc.secret)
    assignments = [{"claim": "groups", "value": "registrars", "role": "department",
                    "unit": "office"},
                   {"claim": "groups", "value": "colleges", "role": "college",
                    "unit_claim": "college"}]
    return access_settings({"access": {
        "address": OURS,
        "oidc": {"campus": {"issuer": oidc.address, "client_id": oidc.client, "name": "name",
                            "secret_variable": "CAMPUS_SECRET", "second_factor": ["otp"],
                            "assignments": assignments}},
        "cas": {"old": {"base": f"{cas_server[1]}/cas/", "assignments": assignments}}}})


@pytest.fixture
def campus(tmp_path: Path, clock: Clock, providers: AccessSettings) -> Iterator[Access]:
    """An office whose li signs in by OpenID Connect, wang by CAS, and zhao has a password."""
    database = RegisterDatabase(f"sqlite:///{tmp_path / 'r.db'}")
    database.create()
    store, guard = guarded(database, now=clock)
    access = Access(store, guard, providers, box=BOX, hashes=PasswordHashes(QUICK))
    for id, provider in (("li", "campus"), ("wang", "old"), ("zhao", "local")):
        access.add_user(SYSTEM, id, role="college", unit="maths", provider=provider)
    yield access
    database.close()
