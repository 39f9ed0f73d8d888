"""Undetermined findings by what causes them. In: findings. Out: causes, each a blank field.

One blank cell can leave a dozen rules undetermined; whoever fills it mends them all. For each
record the fewest fields are named that, between them, stand behind every finding of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.results import Finding
from zhuanjie.engine.core.shares import ShareFigures

if TYPE_CHECKING:
    from zhuanjie.engine.api import FieldTable

Key = tuple[str | None, Location, ShareFigures | None]


class Open(Struct, frozen=True):
    """A clause a blank leaves open, with the further fields that could decide it too."""

    clause: str
    also: tuple[str, ...] = ()


class CauseGroup(Struct, frozen=True):
    """Records in which one blank leaves the same clauses open."""

    opens: tuple[Open, ...]
    findings: tuple[Finding, ...]

    @property
    def sample(self) -> tuple[Finding, ...]:
        """One finding of each record, in the ledger's order."""
        return tuple({(f.record, f.location, f.share): f for f in self.findings}.values())


class Cause(Struct, frozen=True):
    """A field and the records whose blank in it leaves something open (None: no field known)."""

    field: str | None
    groups: tuple[CauseGroup, ...]

    @property
    def records(self) -> int:
        """In how many records the field is blank."""
        return sum(len(g.sample) for g in self.groups)

    @property
    def findings(self) -> int:
        """How many findings it stands behind."""
        return sum(len(g.findings) for g in self.groups)


def causes(undetermined: Iterable[Finding], fields: FieldTable) -> list[Cause]:
    """The causes behind `undetermined`, the one that opens most first; no finding is left out.

    `fields` are the vocabulary's.
    """
    by_record: dict[Key, list[Finding]] = {}
    for finding in undetermined:
        by_record.setdefault((finding.record, finding.location, finding.share), []).append(finding)
    overall = Counter(name for found in by_record.values() for f in found for name in f.missing)

    groups: dict[str | None, dict[tuple[Open, ...], list[Finding]]] = {}
    for found in by_record.values():
        for name, behind in _blame(found, overall, fields).items():
            opens = tuple(dict.fromkeys(_open(f, name) for f in behind))
            groups.setdefault(name, {}).setdefault(opens, []).extend(behind)
    gathered = [
        Cause(name, tuple(CauseGroup(opens, tuple(found)) for opens, found in by_opens.items()))
        for name, by_opens in groups.items()
    ]
    return sorted(gathered, key=lambda c: -c.findings)


def _open(finding: Finding, name: str | None) -> Open:
    return Open(finding.clause, tuple(m for m in finding.missing if m != name))


def _blame(found: list[Finding], overall: Counter[str],
           fields: FieldTable) -> dict[str | None, list[Finding]]:
    """Each finding of a record under one field: greedily, the field behind most of them first.

    Ties go to the field that is missed most in the whole ledger, so that the same blank carries
    the same blame from record to record.
    """
    order, last = fields.order, len(fields)
    out: dict[str | None, list[Finding]] = {}
    left = [f for f in found if f.missing and f.share is None]
    while left:
        here = Counter(name for f in left for name in f.missing)
        name = min(here, key=lambda n: (-here[n], -overall[n], order.get(n, last), n))
        out[name] = [f for f in left if name in f.missing]
        left = [f for f in left if name not in f.missing]
    # What a share hangs on is blank in many records, not in one.
    if unknown := [f for f in found if not f.missing or f.share is not None]:
        out[None] = unknown
    return out
