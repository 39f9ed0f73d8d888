"""By what a register judges. In: a policy, waivers, a day. Out: a judge, made once and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from threading import Lock
from typing import Any

import orjson
from sqlalchemy import Connection

from zhuanjie.engine.api import CaseJudge, Policy, given_waivers, key_fields
from zhuanjie.web.store.members import KeyForms

WaiverSource = Callable[[Connection, int | None], Sequence[Mapping[str, Any]]]
"""The waivers that a register had approved, as their files have them: up to an event, or all."""
PolicySource = Callable[[date], Policy]
"""The policy by which a day is judged."""

_KEPT = 8


def no_waivers(_conn: Connection, _upto: int | None) -> Sequence[Mapping[str, Any]]:
    """Of a register without waivers."""
    return ()


def key_forms(policy: Policy) -> KeyForms:
    """What members are found by, and the form in which each is compared: what names a record, what
    it is called, and what no two may share."""
    fields = policy.vocabulary.fields
    names = (*policy.vocabulary.keys, policy.vocabulary.name, *key_fields(policy))
    return {name: fields[name].compared for name in dict.fromkeys(names) if name is not None}


class Law:
    """The policy of a register with what it has waived; safe to share among threads."""

    def __init__(self, policy: PolicySource, waivers: WaiverSource = no_waivers,
                 name: str = "register") -> None:
        """`name` stands in messages for the file that the waivers would be in."""
        self._policy, self.waivers, self._name = policy, waivers, name
        self._judges: dict[tuple[date, str | None, str], CaseJudge] = {}
        self._lock = Lock()

    def judge(self, conn: Connection, day: date, *, upto: int | None = None,
              before: str | None = None) -> CaseJudge:
        """The judge of a day; `upto` is the last event that counts, `before` a moment."""
        entries = self.waivers(conn, upto)
        digest = hashlib.sha256(orjson.dumps(list(entries), default=str)).hexdigest()
        key = day, before, digest
        with self._lock:
            known = self._judges.pop(key, None)
            if known is None:
                known = CaseJudge(self._policy(day), day, before=before,
                                  waivers=given_waivers(entries, self._name))
            self._judges[key] = known
            while len(self._judges) > _KEPT:
                del self._judges[next(iter(self._judges))]
        return known

    def policy(self, day: date) -> Policy:
        """The policy by which a day is judged."""
        return self._policy(day)

    def reload(self) -> None:
        """Make every judge anew: the policy or its settings are others."""
        with self._lock:
            self._judges.clear()
