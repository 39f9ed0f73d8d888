"""Where a call may go. In: an address, hosts that are allowed. Out: its parts, or a refusal.

Whoever may name an address must not reach what only this machine can reach: a host is called if the
settings list it, and what its name resolves to is checked.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

PORTS: Final = {"https": 443, "http": 80}
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
Resolve = Callable[[str, int], Sequence[str]]


class CallError(Exception):
    """A call that came to nothing, by a code.

    `bad-url`, `host`, `no-tls`, `private` for one that is never made; `no-server`, `tls`,
    `no-answer`, `answer` for one that may come to more another time.
    """

    def __init__(self, code: str, *, sent: bool = False) -> None:
        """`sent` says that the server may have got it."""
        super().__init__(code)
        self.code, self.sent = code, sent

    @property
    def never(self) -> bool:
        """Whether it is not to be tried again."""
        return self.code in _NEVER


_NEVER: Final = frozenset({"bad-url", "host", "no-tls", "private"})


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

        Raises CallError for one that is not to be called.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise CallError("bad-url") from None
        host = parts.hostname or ""
        if (not host or parts.username is not None or parts.password is not None
                or any(c.isspace() or not c.isprintable() or not c.isascii() for c in url)):
            raise CallError("bad-url")
        names = {f"{host}:{port}"} | ({host} if port == PORTS[parts.scheme] else set())
        private = bool(names & self.private)
        if not private and not names & self.public:
            raise CallError("host")
        if parts.scheme != "https" and not private:
            raise CallError("no-tls")
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
