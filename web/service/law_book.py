"""The law in the open. In: packs, an actor. Out: clauses with rules and cases, what comes of each.

Packs are shown as they are written, not as they judge in time: a rule has one entry, with the cases
that try it. What takes a while to read is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Final

import orjson
from sqlalchemy import Connection, func, select

from zhuanjie.engine.api import (
    Lang,
    PackCases,
    Policy,
    Text,
    UsageError,
    Vocabulary,
    fail,
    kept_policy,
    list_policies,
    load_vocabulary,
    pack_cases,
)
from zhuanjie.report.layouts.pack_document import PackDocument
from zhuanjie.report.view import View
from zhuanjie.web.figures.counted import FINDINGS_OF, MEMBERS_OF
from zhuanjie.web.figures.keep import summed
from zhuanjie.web.judging.decisions import DECISION
from zhuanjie.web.judging.tables import CLOCKS
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import Event
from zhuanjie.web.store.history import events
from zhuanjie.web.store.tables import EVENTS

_ID_OF: Final = re.compile(r"[\w.-]+")
"""The id of a base, without the versions that are wanted of it."""


@dataclass(frozen=True, slots=True)
class JudgedBy:
    """How many members stand as one law judged them, the first and the last day of it."""

    policy: str
    version: str
    sha256: str
    members: int
    first: date
    last: date
    bases: frozenset[str]
    """What tells those members: what each was judged on."""


@dataclass
class LawBook:
    """The packs that a register may be judged by; safe to share among threads."""

    vocabulary: Vocabulary
    _packs: dict[str, tuple[Policy, PackCases]] = field(default_factory=dict)
    _names: dict[str, Text] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def names(self) -> Mapping[str, Text]:
        """What the packs that speak of the same records are called, by id."""
        with self._lock:
            if not self._names:
                self._names = _of_vocabulary(self.vocabulary.id)
            return self._names

    def document(self, id: str, lang: Lang) -> PackDocument:
        """A pack as a document; raises NotFoundError where there is none."""
        policy, cases = self._pack(self.need(id))
        return PackDocument(policy, cases, View.of(policy, lang))

    def policy(self, id: str) -> Policy:
        """A pack as it is written; raises NotFoundError where there is none."""
        return self._pack(self.need(id))[0]

    def need(self, id: str) -> str:
        """The id of a pack that speaks of the same records; raises NotFoundError."""
        if id not in self.names():
            raise fail(NotFoundError, "register.law.no-pack", name=id)
        return id

    def _pack(self, id: str) -> tuple[Policy, PackCases]:
        with self._lock:
            known = self._packs.get(id)
            if known is None:
                policy = kept_policy(id)
                known = self._packs[id] = policy, pack_cases(policy, measure=False)
        return known


def _of_vocabulary(vocabulary: str) -> dict[str, Text]:
    """The titles of packs, of their own vocabulary, of their base's, or of the usual one."""
    manifests = {entry.manifest.id: entry.manifest for entry in list_policies()}
    found, usual = {}, load_vocabulary(None).id
    for id, manifest in manifests.items():
        at, seen = manifest, {id}
        while at.vocabulary is None and at.builds_on is not None:
            base = _ID_OF.match(at.builds_on)
            if base is None or base[0] not in manifests or base[0] in seen:
                break
            at = manifests[base[0]]
            seen.add(base[0])
        if (at.vocabulary or usual) == vocabulary:
            found[id] = manifest.title
    return found


def clause_counts(conn: Connection) -> dict[str, dict[str, int]]:
    """How many of the members that are seen come out how, by clause and outcome."""
    return {clause: {outcome: members for outcome, (members, _) in found.items()}
            for clause, found in summed(conn, (), (MEMBERS_OF, FINDINGS_OF)).clauses().items()}


def judged_by(seen: Connection, whole: Connection) -> list[JudgedBy]:
    """Which law judged the members that are seen; decisions are read by `whole`, which sees all."""
    rows = seen.execute(select(
        CLOCKS.c.basis, func.count(), func.min(CLOCKS.c.judged_on), func.max(CLOCKS.c.judged_on),
        func.max(CLOCKS.c.decision)).group_by(CLOCKS.c.basis)).all()
    found: dict[tuple[str, str, str], JudgedBy] = {}
    for basis, count, first, last, decision in rows:
        body = whole.execute(select(EVENTS.c.body).where(EVENTS.c.id == decision)).scalar()
        if body is None:
            continue
        said = orjson.loads(body)["data"]
        law = said["policy"], said["version"], said["sha256"]
        had = found.get(law)
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
        found[law] = JudgedBy(*law, count, begin, end, frozenset({basis})) if had is None else \
            JudgedBy(*law, had.members + count, min(had.first, begin), max(had.last, end),
                     had.bases | {basis})
    return sorted(found.values(), key=lambda each: (-each.members, each.sha256))


def decisions(conn: Connection, *, before: int | None = None, limit: int = 50) -> list[Event]:
    """The last decisions that are seen, the latest first."""
    where = [EVENTS.c.kind == DECISION]
    if before is not None:
        where.append(EVENTS.c.seq < before)
    return list(events(conn, *where, limit=limit, latest_first=True))


def parameter_values(policy: Policy, said: Mapping[str, str]) -> dict[str, int | date]:
    """What somebody typed for parameters, by their kinds; what is blank is left as it is."""
    found: dict[str, int | date] = {}
    for name, text in said.items():
        if not text.strip():
            continue
        parameter = policy.parameters.get(name)
        if parameter is None:
            raise fail(UsageError, "register.law.no-parameter", name=name)
        try:
            found[name] = date.fromisoformat(text.strip()) if parameter.unit == "date" \
                else int(text.strip())
        except ValueError:
            raise fail(UsageError, "register.law.parameter", name=name, value=text) from None
    return found
