"""Calls to other servers. In: an address, hosts that are allowed. Out: an answer, within bounds.

The address that a name resolves to is checked, and that very one is connected to; no redirect is
followed, no proxy of the environment asked, nothing unpacked; the size of an answer and the time
for it are bounded.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from zhuanjie.web.outgoing.hosts import PORTS, AllowedHosts, CallError, Resolve, is_public, resolve

_LONGEST_ANSWER: Final = 64 * 1024
_JSON: Final = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """What a server said."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls hosts that are allowed; safe to share among threads."""

    hosts: AllowedHosts
    timeout: float = 10
    resolve: Resolve = resolve
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    largest: int = _LONGEST_ANSWER

    def post(self, url: str, body: bytes) -> CallAnswer:
        """Post JSON; raises CallError where there is no answer."""
        return self.call("POST", url, body, {"Content-Type": _JSON})

    def call(self, method: str, url: str, body: bytes | None = None,
             headers: Mapping[str, str] | None = None) -> CallAnswer:
        """Call `url`; raises CallError where there is no answer."""
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
            connection.request(method, target, body, {
                "User-Agent": "zhuanjie", "Connection": "close", **(headers or {})})
            answer = connection.getresponse()
            if answer.getheader("content-encoding", "identity") != "identity":
                raise CallError("answer", sent=True)  # nobody asked for it
            return CallAnswer(answer.status, _bounded(answer, deadline, self.largest))
        except ssl.SSLError:
            raise CallError("tls", sent=sent) from None
        except (OSError, http.client.HTTPException):
            raise CallError("no-answer" if sent else "no-server", sent=sent) from None
        finally:
            connection.close()

    def _address(self, host: str, port: int, private: bool) -> str:
        try:
            found = self.resolve(host, port)
        except (OSError, UnicodeError):
            raise CallError("no-server") from None
        if not found:
            raise CallError("no-server")
        # All of them: a name with one address inside is somebody's attempt.
        if not private and not all(map(is_public, found)):
            raise CallError("private")
        return found[0]


def _bounded(answer: http.client.HTTPResponse, deadline: float, largest: int) -> bytes:
    body = b""
    while part := answer.read1(8192):
        body += part
        if len(body) > largest or time.monotonic() > deadline:
            raise CallError("answer", sent=True)
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

    default_port = PORTS["https"]

    def __init__(self, host: str, port: int, address: str, timeout: float,
                 trust: ssl.SSLContext) -> None:
        super().__init__(host, port, address, timeout)
        self._trust = trust

    def connect(self) -> None:
        super().connect()
        self.sock = self._trust.wrap_socket(self.sock, server_hostname=self.host)
