"""Waivers as events left them. In: events, a day. Out: rows of `waivers`, entries to judge by.

Why a waiver is asked for, the document it rests on and the condition it covers by may name people:
they stay with the event, where they can be erased.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from zhuanjie.engine.api import Vocabulary
from zhuanjie.web.acts.tables import WAIVERS
from zhuanjie.web.store.event import Event
from zhuanjie.web.store.history import events_numbered
from zhuanjie.web.store.members import members

REQUESTED, APPROVED, REFUSED, REVOKED = "requested", "approved", "refused", "revoked"
WHERE, BASIS = "#where", "#basis"
ERASED: Final = "…"
"""What stands for a reason that was erased."""


def project_waivers(conn: Connection, events: Sequence[Event]) -> None:
    """Take in what became of waivers."""
    for event in events:
        said, what = event.data, event.kind.rpartition(".")[2]
        if what == REQUESTED:
            conn.execute(insert(WAIVERS).values(
                id=said["waiver"], member=event.member, unit=event.unit, clause=said["clause"],
                rule=said["rule"], at_most=said["at_most"], expires=said["expires"],
                granted_on=said["granted_on"], state=REQUESTED, asked_by=event.actor,
                requested=event.seq))
            continue
        row: dict[str, Any] = {"state": what}
        if what == REVOKED:
            row |= {"revoked": event.seq, "revoked_on": said["day"]}
        else:
            row |= {"answered": event.seq, "answered_by": event.actor}
        if what == APPROVED:
            row["granted_on"] = said["granted_on"]
        conn.execute(update(WAIVERS).where(WAIVERS.c.id == said["waiver"]).values(**row))


def waiver_entries(conn: Connection, vocabulary: Vocabulary,
                   upto: int | None = None) -> list[dict[str, Any]]:
    """The waivers that were approved, as files of waivers have them; up to an event, or all.

    One that was revoked holds until the day before.
    """
    query = select(WAIVERS).where(WAIVERS.c.state.in_((APPROVED, REVOKED)))
    if upto is not None:
        query = query.where(WAIVERS.c.answered <= upto)
    rows = conn.execute(query.order_by(WAIVERS.c.requested)).all()
    if not rows:
        return []
    asked = {e.seq: e for e in events_numbered(conn, [row.requested for row in rows])}
    named = members(conn, [row.member for row in rows if row.member is not None])
    out = []
    for row in rows:
        expires = date.fromisoformat(row.expires)
        if row.revoked is not None and (upto is None or row.revoked <= upto):
            expires = min(expires, date.fromisoformat(row.revoked_on) - timedelta(days=1))
        if expires < date.fromisoformat(row.granted_on):
            continue
        whom = _whom(row.member, row.at_most, asked[row.requested],
                     None if row.member is None else named.get(row.member), vocabulary)
        if whom:
            out.append({**entry_of(row, asked[row.requested], expires), **whom})
    return out


def entry_of(row: Any, asked: Event, expires: date) -> dict[str, Any]:
    """A waiver as its file would have it, but for whom it covers."""
    entry = {
        "id": row.id, "clause": row.clause, "rule": row.rule, "reason": asked.reason or ERASED,
        "basis": asked.after.get(BASIS), "requested_by": row.asked_by,
        "approved_by": row.answered_by, "granted_on": row.granted_on,
        "expires": expires.isoformat()}
    return {name: value for name, value in entry.items() if value is not None}


def _whom(member: str | None, at_most: int | None, asked: Event, found: Any,
          vocabulary: Vocabulary) -> Mapping[str, Any]:
    """Whom a waiver covers; nobody where the member bears no key, or the condition was erased."""
    if member is not None:
        return {} if found is None else record_of(found.record, vocabulary)
    where = asked.after.get(WHERE)
    return {} if where is None else {"where": where, "at_most": at_most}


def record_of(record: Mapping[str, Any], vocabulary: Vocabulary) -> dict[str, Any]:
    """The key by which a waiver names a record; nothing where it has none."""
    return next(({"record": str(record[key])} for key in vocabulary.keys if key in record), {})
