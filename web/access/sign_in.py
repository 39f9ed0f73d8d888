"""Logins at a provider. In: a browser that goes and comes back. Out: a session, or a refusal.

What comes back counts once, for the browser that went, within minutes. A user belongs to one
provider: whoever has the same name elsewhere is another.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson
from sqlalchemy import Row, delete, insert, select
from sqlalchemy.exc import IntegrityError

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.access.cas import CasFlow, ended_ticket
from zhuanjie.web.access.errors import LoginError
from zhuanjie.web.access.identity import Identity
from zhuanjie.web.access.logins import LoggedIn
from zhuanjie.web.access.oidc import OidcFlow
from zhuanjie.web.access.providers import CasProvider, OidcProvider
from zhuanjie.web.access.sessions import Sessions, token_hash
from zhuanjie.web.access.settings import AccessSettings
from zhuanjie.web.access.tables import SIGN_INS, USED_TICKETS
from zhuanjie.web.access.users import User, find_user, set_user
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import SYSTEM
from zhuanjie.web.store.store import RegisterStore

PATH: Final = "/api/v1/sign-in"
_TICKETS_KEPT: Final = 24 * 3600.0
_LONGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class BegunSignIn:
    """Where the browser goes, and what it keeps as a cookie until it comes back."""

    url: str
    browser: str


class SignIns:
    """The providers of a register; safe to share among threads."""

    def __init__(self, store: RegisterStore, sessions: Sessions, settings: AccessSettings) -> None:
        self._store, self._sessions, self._settings = store, sessions, settings
        self._oidc = {name: OidcFlow(p, settings.skew) for name, p in settings.oidc.items()}
        self._cas = {name: CasFlow(p) for name, p in settings.cas.items()}

    @property
    def providers(self) -> dict[str, str]:
        """The names of the providers, and what people know them as."""
        known: dict[str, OidcProvider | CasProvider] = {**self._settings.oidc,
                                                        **self._settings.cas}
        return {name: provider.title or name for name, provider in known.items()}

    def callback(self, provider: str) -> str:
        """Where a provider sends browsers back to: ours by the settings, not by a request."""
        address = (self._settings.address or "").rstrip("/")
        return f"{address}{PATH}/{quote(provider, safe='')}/callback"

    def begin(self, provider: str) -> BegunSignIn:
        """Begin a login at `provider`; raises NotFoundError where there is no such, LoginError."""
        self._provider(provider)
        state, browser, now = secrets.token_urlsafe(32), secrets.token_urlsafe(32), self._time()
        if provider in self._oidc:
            url, kept = self._oidc[provider].begin(self.callback(provider), state)
        else:
            service = f"{self.callback(provider)}?{urlencode({'state': state})}"
            url, kept = self._cas[provider].begin(service), {"service": service}
        with self._store.database.writing() as conn:
            conn.execute(delete(SIGN_INS).where(SIGN_INS.c.ends < now))
            conn.execute(insert(SIGN_INS).values(
                state=token_hash(state), browser=token_hash(browser), provider=provider,
                secrets=orjson.dumps(kept), ends=now + self._settings.sign_in))
        return BegunSignIn(url, browser)

    def finish(self, provider: str, params: Mapping[str, str], browser: str, *,
               address: str | None = None, instead_of: str | None = None) -> LoggedIn:
        """End a login: `params` are those of the callback, `browser` is the cookie's value.

        Raises LoginError for whatever is not as it should be.
        """
        known = self._provider(provider)
        if sum(len(k) + len(v) for k, v in params.items()) > _LONGEST:
            raise fail(LoginError, "register.access.provider-refused")
        kept = self._take(provider, params.get("state", ""), browser)
        if provider in self._oidc:
            identity = self._oidc[provider].finish(params, kept, self.callback(provider),
                                                   self._store.now())
        else:
            ticket = params.get("ticket", "")
            self._use(ticket)
            identity = self._cas[provider].finish(ticket, kept["service"])
        user, now = self._admit(provider, known, identity), self._time()
        with self._store.database.writing() as conn:
            token = self._sessions.begin(
                conn, user.id, now, provider=provider, second_factor=identity.second_factor,
                address=address, instead_of=instead_of, outer=identity.outer)
        session = self._sessions.find(token, now)
        if session is None:
            raise fail(LoginError, "register.access.no-session")
        return LoggedIn(token, session)

    def log_out_from(self, provider: str, form: Mapping[str, str]) -> int:
        """End the sessions that a CAS server says have ended; returns how many there were."""
        self._provider(provider)
        ticket = ended_ticket(form) if provider in self._cas else None
        if ticket is None:
            return 0
        with self._store.database.writing() as conn:
            return self._sessions.end_outer(conn, provider, ticket)

    def _take(self, provider: str, state: str, browser: str) -> dict[str, str]:
        """What was kept of a login that began in this browser; it is gone with it."""
        with self._store.database.writing() as conn:
            row: Row[Any] | None = conn.execute(select(SIGN_INS).where(
                SIGN_INS.c.state == token_hash(state)).with_for_update()).first()
            conn.execute(delete(SIGN_INS).where(SIGN_INS.c.state == token_hash(state)))
        if row is None or row.provider != provider or row.ends <= self._time() or (
                not hmac.compare_digest(row.browser, token_hash(browser))):
            raise fail(LoginError, "register.access.sign-in-over")
        kept: dict[str, str] = orjson.loads(row.secrets)
        return kept

    def _use(self, ticket: str) -> None:
        """Take a ticket for used; raises LoginError where it was."""
        now = self._time()
        try:
            with self._store.database.writing() as conn:
                conn.execute(delete(USED_TICKETS).where(USED_TICKETS.c.ends < now))
                conn.execute(insert(USED_TICKETS).values(
                    hash=token_hash(ticket), ends=now + _TICKETS_KEPT))
        except IntegrityError:
            raise fail(LoginError, "register.access.provider-refused") from None

    def _admit(self, name: str, provider: OidcProvider | CasProvider,
               identity: Identity) -> User:
        """The user that somebody is here, made or changed as the settings say."""
        id = provider.user_of(identity.subject, identity.claims)
        if id is None:
            raise fail(LoginError, "register.access.nobody")
        place = provider.place_of(identity.claims)
        with self._store.database.reading() as conn:
            had = find_user(conn, id)
        if had is not None and (had.provider != name or had.disabled):
            raise fail(LoginError, "register.access.nobody")
        if place is not None:
            role, unit = place
        elif had is not None:
            role, unit = had.role, had.unit
        else:
            raise fail(LoginError, "register.access.nobody")
        said = {"name": provider.text_of(provider.name, identity.claims),
                "email": provider.text_of(provider.email, identity.claims)}
        if had is not None and (had.role, had.unit) == (role, unit) and all(
                value is None or value == getattr(had, key) for key, value in said.items()):
            return had
        try:
            with self._store.change(SYSTEM) as work:
                return set_user(work, id, role=role, unit=unit, provider=name, **said)
        except (UsageError, NotFoundError):
            raise fail(LoginError, "register.access.nobody") from None

    def _provider(self, name: str) -> OidcProvider | CasProvider:
        found = self._settings.oidc.get(name) or self._settings.cas.get(name)
        if found is None:
            raise fail(NotFoundError, "register.access.no-provider", provider=name)
        return found

    def _time(self) -> float:
        return self._store.now().timestamp()
