"""How often somebody may ask. In: who asks, for what. Out: nothing, or how long to wait.

Each has an allowance that fills up again as time passes: a minute's worth may be used at once. Of
whoever is signed in it is counted by user or key, in which session ever; of whoever is not, or is
refused, by address.
"""

from __future__ import annotations

import heapq
import math
import re
import time
from collections.abc import Callable, Collection
from ipaddress import ip_address, ip_network
from threading import Lock
from typing import Final

from starlette.types import Scope

from zhuanjie.web.api.problem import HttpError
from zhuanjie.web.api.settings import LimitSettings
from zhuanjie.web.store.event import Actor

COSTLY: Final = frozenset({
    ("POST", "/audit"), ("POST", "/audits"), ("POST", "/exports"), ("POST", "/imports"),
    ("POST", "/imports/uploads/{upload}/save"), ("POST", "/imports/{id}/undo"),
    ("POST", "/trail/verifications"), ("POST", "/what-ifs"),
    ("POST", "/figures/days"), ("POST", "/papers/{paper}/prints"),
    ("POST", "/settings/{kind}/test"), ("POST", "/settings/{kind}/{thing}/test")})
"""The interface's routes, below its prefix, whose answers take seconds of a processor."""
Routes = Collection[tuple[str, str]]
"""Routes by their methods and templates."""
_PART: Final = re.compile(r"\{\w+\}")
_MINUTE: Final = 60.0
_MOST: Final = 20_000
_IPV6_NETWORK: Final = 64


class Allowance:
    """So many a minute for each of many; safe to share among threads."""

    def __init__(self, a_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        """None is refused where `a_minute` is 0."""
        self._step, self._now = _MINUTE / a_minute if a_minute else 0.0, now
        self._used: dict[str, float] = {}
        """By who, when their allowance will be whole again."""
        self._lock = Lock()

    def take(self, who: str) -> float:
        """Take one; returns after how many seconds there will be one, 0 where there was."""
        if not self._step:
            return 0.0
        with self._lock:
            now = self._now()
            whole = max(self._used.get(who, now), now)
            wait = whole + self._step - now - _MINUTE
            if wait > 0:
                return wait
            if len(self._used) >= _MOST and who not in self._used:
                self._forget(now)
            self._used[who] = whole + self._step
            return 0.0

    def _forget(self, now: float) -> None:
        """Forget whose allowance is whole; where all have used some, those that used least."""
        kept = ((at, who) for who, at in self._used.items() if at > now)
        self._used = {who: at for at, who in heapq.nlargest(_MOST // 2, kept)}


class RequestLimits:
    """The allowances of one application."""

    def __init__(self, settings: LimitSettings, costly: Routes,
                 now: Callable[[], float] = time.monotonic) -> None:
        self._requests = Allowance(settings.requests, now)
        self._costly = Allowance(settings.costly, now)
        self._strangers = Allowance(settings.strangers, now)
        self._is_costly = re.compile("|".join(
            f"{method} {_PART.sub('[^/]+', path)}" for method, path in costly) or "(?!)").fullmatch

    def of_actor(self, actor: Actor, method: str, path: str) -> None:
        """Count a request of somebody who is let in; raises HttpError where it is one too many."""
        who = f"{actor.via}:{actor.id}"
        _refuse(self._requests.take(who))
        if self._is_costly(f"{method} {path}"):
            _refuse(self._costly.take(who))

    def of_stranger(self, scope: Scope) -> None:
        """Count a request of somebody who is not."""
        _refuse(self._strangers.take(_address(scope)))


def _refuse(wait: float) -> None:
    if wait > 0:
        seconds = math.ceil(wait)
        raise HttpError(429, "register.http.too-many", {"seconds": seconds},
                        {"retry-after": str(seconds)})


def _address(scope: Scope) -> str:
    """Where a request comes from. One of IPv6 counts with its network: who has one has 2**64."""
    client = scope.get("client")
    text = str(client[0]) if client else ""
    try:
        known = ip_address(text.partition("%")[0])
    except ValueError:
        return text
    if known.version == 6 and known.ipv4_mapped is None:
        return str(ip_network((known, _IPV6_NETWORK), strict=False).network_address)
    return str(getattr(known, "ipv4_mapped", None) or known)
