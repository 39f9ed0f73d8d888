"""Personal data read in bulk. In: what was read. Out: an event that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.event import Event, EventDraft
from zhuanjie.web.trail.canonical import Plain

KIND: Final = "members.read"
FILTER: Final = "#filter"
"""The name under which what was looked for is kept: people look for names, so it can be erased."""


def read_in_bulk(work: UnitOfWork, what: str, count: int,
                 filter: Mapping[str, Plain] | None = None, *, unit: str | None = None) -> Event:
    """Record that `count` members were read; `what` says by which way (an export, a list)."""
    return work.record(EventDraft(
        KIND, unit=unit, data={"what": what, "count": count},
        values={FILTER: (None, dict(filter))} if filter else {}))
