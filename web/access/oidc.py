"""OpenID Connect: the authorization code flow with PKCE. In: a provider's answers. Out: who it is.

Authlib knows the protocol's texts and claims, joserfc (its own library) signatures. What is signed
with a key that the provider keeps to itself counts, and nothing else.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Any, Final

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from zhuanjie.engine.api import fail
from zhuanjie.web.access.errors import LoginError
from zhuanjie.web.access.identity import Identity
from zhuanjie.web.access.outgoing import ProviderCaller
from zhuanjie.web.access.providers import OidcProvider

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384",
                     "ES512", "Ed25519", "EdDSA")
"""Those of signatures: a provider and we share no secret that could sign."""
_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_HOLDS: Final = 3600.0
"""Seconds for which what a provider says of itself is kept."""
_ASK_AGAIN: Final = 10.0
_KEY_TYPES: Final = frozenset({"RSA", "EC", "OKP"})
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class OidcFlow:
    """Signs people in at one provider; safe to share among threads."""

    def __init__(self, provider: OidcProvider, skew: int,
                 caller: ProviderCaller | None = None) -> None:
        self._provider, self._skew = provider, skew
        self._caller = caller or ProviderCaller(provider.allowed)
        self._lock = Lock()
        self._about: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def begin(self, callback: str, state: str) -> tuple[str, dict[str, str]]:
        """Where to send the browser, and what is to be kept until it comes back."""
        nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
        url = prepare_grant_uri(
            self._endpoint("authorization_endpoint"), self._provider.client_id, "code",
            redirect_uri=callback, scope=self._provider.scope, state=state, nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier), code_challenge_method="S256")
        return url, {"nonce": nonce, "verifier": verifier}

    def finish(self, params: Mapping[str, str], kept: Mapping[str, str], callback: str,
               now: datetime) -> Identity:
        """Who came back with `params`; raises LoginError."""
        code = params.get("code", "")
        if params.get("error") or not code:
            raise fail(LoginError, "register.access.provider-refused")
        if params.get("iss", self._provider.issuer) != self._provider.issuer:  # RFC 9207
            raise _untrue()
        secret = self._provider.secret
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback,
                "code_verifier": kept["verifier"], "client_id": self._provider.client_id}
        answer = self._caller.json(
            self._endpoint("token_endpoint"), form=form,
            auth=(self._provider.client_id, secret) if secret is not None else None)
        claims = self._claims(answer.get("id_token"), kept["nonce"], answer.get("access_token"),
                              now)
        claims = self._more(claims, answer.get("access_token"))
        shown = {claims.get("acr"), *(claims.get("amr") or ())}
        return Identity(str(claims["sub"]), claims,
                        bool(shown & set(self._provider.second_factor)))

    def _claims(self, token: object, nonce: str, access_token: object,
                now: datetime) -> dict[str, Any]:
        """What a signed token says, once it is sure that the provider says it, to us, now."""
        if not isinstance(token, str) or not isinstance(access_token, str | None):
            raise _untrue()
        try:
            try:
                signed = jwt.decode(token, self._key_set(), ALGORITHMS)
            except (JoseError, ValueError):
                # The provider may have new keys by now.
                signed = jwt.decode(token, self._key_set(anew=True), ALGORITHMS)
            claims = CodeIDToken(
                signed.claims, signed.header,
                {"iss": {"essential": True, "value": self._provider.issuer},
                 "sub": {"essential": True},
                 "aud": {"essential": True, "value": self._provider.client_id}},
                {"nonce": nonce, "client_id": self._provider.client_id,
                 "access_token": access_token})
            claims.validate(int(now.timestamp()), self._skew)
        except (JoseError, ValueError, TypeError, KeyError):
            raise _untrue() from None
        found = dict(claims)
        if not isinstance(found["sub"], str) or not 0 < len(found["sub"]) <= 255:
            raise _untrue()
        return found

    def _more(self, claims: dict[str, Any], access_token: object) -> dict[str, Any]:
        """What the provider says of the person besides, where the settings ask for it."""
        asked = {self._provider.user, self._provider.name, self._provider.email,
                 *(a.claim for a in self._provider.assignments),
                 *(a.unit_claim for a in self._provider.assignments)} - {None}
        url = self._described().get("userinfo_endpoint")
        if asked <= claims.keys() or url is None or not isinstance(access_token, str):
            return claims
        more = self._caller.json(self._caller.check(url),
                                 headers={"authorization": f"Bearer {access_token}"})
        if more.get("sub") != claims["sub"]:
            raise _untrue()
        return {**more, **claims}

    def _endpoint(self, name: str) -> str:
        return str(self._described()[name])

    def _described(self) -> dict[str, Any]:
        """What the provider says of itself."""
        with self._lock:
            if self._about is not None and time.monotonic() - self._about[0] < _HOLDS:
                return self._about[1]
        found = self._caller.json(self._provider.issuer.rstrip("/") + _WELL_KNOWN)
        if found.get("issuer") != self._provider.issuer:
            raise _untrue()
        for name in _ENDPOINTS:
            self._caller.check(found.get(name))
        with self._lock:
            self._about = time.monotonic(), found
        return found

    def _key_set(self, *, anew: bool = False) -> KeySet:
        with self._lock:
            known = self._keys
        age = time.monotonic() - known[0] if known is not None else _HOLDS
        if known is not None and age < (_ASK_AGAIN if anew else _HOLDS):
            return known[1]
        said = self._caller.json(self._endpoint("jwks_uri")).get("keys")
        keys = [k for k in said if isinstance(k, dict) and k.get("kty") in _KEY_TYPES
                and k.get("use", "sig") == "sig"] if isinstance(said, list) else []
        found = KeySet.import_key_set({"keys": keys})
        with self._lock:
            self._keys = time.monotonic(), found
        return found


def _untrue() -> LoginError:
    return fail(LoginError, "register.access.provider-untrue")
