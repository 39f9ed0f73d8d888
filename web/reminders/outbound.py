"""Calls to other servers. In: an address, hosts that are allowed. Out: an answer, within bounds.

Whoever may name an address must not reach what only this machine can reach: a host is called if the
settings list it; what its name resolves to is checked, and that very address is connected to; no
redirect is followed; the answer's size and the time for it are bounded.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

from zhuanjie.web.reminders.senders import TryAgainError, UndeliverableError

_PORTS: Final = {"https": 443, "http": 80}
_LONGEST_ANSWER: Final = 64 * 1024
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
Resolve = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host; raises OSError where there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """The hosts that may be called, as `host` (at its scheme's own port) or `host:port`.

    `private` are those of them that may be at an address of this machine or network.
    """

    public: frozenset[str]
    private: frozenset[str] = frozenset()

    def check(self, url: str) -> tuple[SplitResult, int, bool]:
        """The parts of an address, its port, and whether a private one is fine.

        Raises UndeliverableError for one that is not to be called.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise UndeliverableError("register.outbox.bad-url") from None
        host = parts.hostname or ""
        if (not host or parts.username is not None or parts.password is not None
                or any(c.isspace() or not c.isprintable() or not c.isascii() for c in url)):
            raise UndeliverableError("register.outbox.bad-url")
        names = {f"{host}:{port}"} | ({host} if port == _PORTS[parts.scheme] else set())
        private = bool(names & self.private)
        if not private and not names & self.public:
            raise UndeliverableError("register.outbox.host")
        if parts.scheme != "https" and not private:
            raise UndeliverableError("register.outbox.no-tls")
        return parts, port, private


def is_public(text: str) -> bool:
    """Whether an address is of the public internet, by itself and by what is wrapped in it."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner: list[ipaddress.IPv4Address] = []
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(str(address.ipv4_mapped))
        if address.sixtofour is not None:
            inner.append(address.sixtofour)
        if address.teredo is not None:
            return False
        if address in _NAT64:
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return (address.is_global and not address.is_multicast
            and all(is_public(str(a)) for a in inner))


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What a server said."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Caller:
    """Posts JSON to hosts that are allowed."""

    hosts: AllowedHosts
    timeout: float = 10
    resolve: Resolve = resolve
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def post(self, url: str, body: bytes) -> WebhookAnswer:
        """Post `body`; raises TryAgainError where there is no answer."""
        parts, port, private = self.hosts.check(url)
        host = parts.hostname or ""
        address = self._address(host, port, private)
        deadline = time.monotonic() + self.timeout
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection: http.client.HTTPConnection = (
            _PinnedTls(host, port, address, self.timeout, self.trust)
            if parts.scheme == "https" else _Pinned(host, port, address, self.timeout))
        sent = False
        try:
            connection.connect()
            sent = True
            connection.request("POST", target, body, {
                "Content-Type": "application/json; charset=utf-8", "Connection": "close"})
            answer = connection.getresponse()
            return WebhookAnswer(answer.status, _bounded(answer, deadline))
        except ssl.SSLError:
            raise TryAgainError("register.outbox.tls", doubtful=sent) from None
        except (OSError, http.client.HTTPException):
            raise TryAgainError("register.outbox.no-answer" if sent
                                else "register.outbox.no-server", doubtful=sent) from None
        finally:
            connection.close()

    def _address(self, host: str, port: int, private: bool) -> str:
        try:
            found = self.resolve(host, port)
        except (OSError, UnicodeError):
            raise TryAgainError("register.outbox.no-server") from None
        if not found:
            raise TryAgainError("register.outbox.no-server")
        # All of them: a name with one address inside is somebody's attempt.
        if not private and not all(map(is_public, found)):
            raise UndeliverableError("register.outbox.private")
        return found[0]


def _bounded(answer: http.client.HTTPResponse, deadline: float) -> bytes:
    body = b""
    while part := answer.read1(8192):
        body += part
        if len(body) > _LONGEST_ANSWER or time.monotonic() > deadline:
            raise TryAgainError("register.outbox.answer", doubtful=True)
    return body


class _Pinned(http.client.HTTPConnection):
    """Connects to an address that was checked, whatever the name resolves to by now."""

    def __init__(self, host: str, port: int, address: str, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)


class _PinnedTls(_Pinned):
    """The same with TLS, whose certificate is the name's."""

    default_port = _PORTS["https"]

    def __init__(self, host: str, port: int, address: str, timeout: float,
                 trust: ssl.SSLContext) -> None:
        super().__init__(host, port, address, timeout)
        self._trust = trust

    def connect(self) -> None:
        super().connect()
        self.sock = self._trust.wrap_socket(self.sock, server_hostname=self.host)
