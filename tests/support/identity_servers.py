"""Servers that say who somebody is: OpenID Connect and CAS, over HTTP on loopback.

They keep to their protocols, and lie where a test tells them to.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.sax.saxutils import escape

import httpx
import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """An application on a port of loopback; its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.005)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def browse(url: str) -> dict[str, str]:
    """Go where a browser is sent, log in there, and return what comes back to the register."""
    with httpx.Client(trust_env=False) as browser:
        answer = browser.get(url)
    assert answer.status_code in {302, 307}, answer.text
    return {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}


@dataclass
class OidcServer:
    """A provider of OpenID Connect with one user; `lie` changes what it says."""

    address: str = ""
    client: str = "register"
    secret: str = "hush-hush-hush"
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "li", "name": "李四"})
    now: Callable[[], float] = time.time
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    lie: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        """Its application."""
        routes = [("/.well-known/openid-configuration", self._describe), ("/jwks", self._keys),
                  ("/authorize", self._authorize), ("/token", self._token),
                  ("/userinfo", self._userinfo), ("/loop", self._loop)]
        return Starlette(routes=[Route(path, do, methods=["GET", "POST"]) for path, do in routes])

    def rotate(self) -> None:
        """Sign with another key from now on."""
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4)})

    async def _describe(self, _request: Request) -> Response:
        self.asked.append("describe")
        if "describe" in self.lie:
            return self.lie["describe"]()  # type: ignore[no-any-return]
        return JSONResponse({
            "issuer": self.address, "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token", "jwks_uri": f"{self.address}/jwks",
            "userinfo_endpoint": f"{self.address}/userinfo", **self.lie.get("about", {})})

    async def _keys(self, _request: Request) -> Response:
        self.asked.append("keys")
        return JSONResponse(self.lie.get("keys", {"keys": [self.key.as_dict(private=False)]}))

    async def _authorize(self, request: Request) -> Response:
        said = dict(request.query_params)
        assert said["response_type"] == "code"
        assert said["client_id"] == self.client
        assert said["code_challenge_method"] == "S256"
        assert "openid" in said["scope"].split()
        code = secrets.token_urlsafe()
        self.codes[code] = said
        return RedirectResponse(f"{said['redirect_uri']}?" + urlencode(
            {"code": code, "state": said["state"], "iss": self.address}))

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        said = self.codes.pop(str(form["code"]), None)
        basic = base64.b64encode(f"{self.client}:{self.secret}".encode()).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(
            str(form["code_verifier"]).encode()).digest()).rstrip(b"=").decode()
        if (said is None or request.headers.get("authorization") != f"Basic {basic}"
                or challenge != said["code_challenge"]
                or form["redirect_uri"] != said["redirect_uri"]):
            return JSONResponse({"error": "invalid_grant"}, 400)
        if "token" in self.lie:
            return self.lie["token"]()  # type: ignore[no-any-return]
        return JSONResponse({"access_token": "access", "token_type": "Bearer",
                             "id_token": self.id_token(said["nonce"])})

    def id_token(self, nonce: str) -> str:
        """A signed token, with whatever lies are told."""
        now = int(self.now())
        claims = {"iss": self.address, "aud": self.client, "exp": now + 300, "iat": now,
                  "nonce": nonce, **self.claims, **self.lie.get("claims", {})}
        claims = {k: v for k, v in claims.items() if v is not None}
        alg, key = self.lie.get("signed", ("RS256", self.key))
        if alg in {"none", "HS256"}:
            def part(data: Any) -> str:
                raw = data if isinstance(data, bytes) else json.dumps(data).encode()
                return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
            signed = f"{part({'alg': alg, 'typ': 'JWT', 'kid': self.key.kid})}.{part(claims)}"
            # With the public key for a secret, as whoever takes any algorithm would verify it.
            return f"{signed}." + (part(hmac.digest(
                self.key.as_pem(private=False), signed.encode(), "sha256")) if key else "")
        header = {"alg": alg, **({"kid": key.kid} if key.kid else {}), **self.lie.get("header", {})}
        return jwt.encode(header, claims, key, [alg])

    async def _userinfo(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer access"
        return JSONResponse({"sub": self.claims["sub"], **self.lie.get("userinfo", {})})

    async def _loop(self, _request: Request) -> Response:
        self.asked.append("loop")
        return RedirectResponse("/loop")


@dataclass
class CasServer:
    """A server of CAS 3.0 with one user; `answer` replaces what it says of a ticket."""

    user: str = "li"
    attributes: dict[str, list[str]] = field(default_factory=dict)
    tickets: dict[str, str] = field(default_factory=dict)
    answer: Callable[[str], Response] | None = None
    inside: str = ""

    def app(self) -> Starlette:
        """Its application."""
        return Starlette(routes=[Route("/cas/login", self._login),
                                 Route("/cas/p3/serviceValidate", self._validate)])

    async def _login(self, request: Request) -> Response:
        service = request.query_params["service"]
        ticket = f"ST-{secrets.token_hex(8)}-cas.example"
        self.tickets[ticket] = service
        return RedirectResponse(f"{service}&{urlencode({'ticket': ticket})}")

    async def _validate(self, request: Request) -> Response:
        ticket, service = request.query_params["ticket"], request.query_params["service"]
        known = self.tickets.pop(ticket, None)
        if self.answer is not None:
            return self.answer(ticket)
        if known is None or known != service:
            return self.said('<cas:authenticationFailure code="INVALID_TICKET">no'
                             "</cas:authenticationFailure>")
        more = "".join(f"<cas:{name}>{escape(value)}</cas:{name}>"
                       for name, values in self.attributes.items() for value in values)
        return self.said(f"<cas:authenticationSuccess><cas:user>{escape(self.user)}</cas:user>"
                         f"<cas:attributes>{more}</cas:attributes>{self.inside}"
                         "</cas:authenticationSuccess>")

    @staticmethod
    def said(inside: str, before: str = "") -> Response:
        """An answer of the protocol."""
        return Response(f"{before}<cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'>"
                        f"{inside}</cas:serviceResponse>", media_type="application/xml")
