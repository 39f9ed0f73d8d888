"""What acts leave. In: events. Out: rows of `series`, `numbers`, `requests`, `attachments`.

An event says itself what it did: no projector knows an act by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from zhuanjie.engine.api import RegisterActs
from zhuanjie.web.acts.numbers import REPLACED, STANDING, TAKEN, VOIDED
from zhuanjie.web.acts.tables import ATTACHMENTS, NUMBERS, REQUESTS, SERIES, WAIVERS
from zhuanjie.web.acts.waiver_rows import project_waivers
from zhuanjie.web.store.change import Projector
from zhuanjie.web.store.event import Event

WAITING: Final = "waiting"
FILE: Final = "#file."
"""Before a file's hash: the name under which an event keeps what a user called the file."""
PROJECTIONS: Final = (SERIES.name, NUMBERS.name, REQUESTS.name, WAIVERS.name, ATTACHMENTS.name)
"""The tables that this room's projectors fill."""


def projectors(acts: RegisterActs) -> dict[str, Projector]:
    """What brings the tables up to the events of a register's acts."""
    return {
        **{f"member.{name}": project_acts for name in acts.events},
        "series.set": project_series,
        "values.redacted": project_redactions,
        **dict.fromkeys(("waiver.requested", "waiver.approved", "waiver.refused",
                         "waiver.revoked"), project_waivers),
    }


def project_acts(conn: Connection, events: Sequence[Event]) -> None:
    """Take in acts: the numbers they give and end, the requests, the files."""
    for event in events:
        ended, given = event.data.get("ends"), event.data.get("number")
        if ended is not None:
            _end(conn, event, ended, given)
        if given is not None:
            _give(conn, event, given, ended)
        _request(conn, event)
        for file in event.data.get("attachments", ()):
            _attach(conn, event, file)


def project_series(conn: Connection, events: Sequence[Event]) -> None:
    """Take in how an office sets its series."""
    for event in events:
        said = event.data
        _move(conn, said, said["prefix"], said["next"])


def project_redactions(conn: Connection, events: Sequence[Event]) -> None:
    """Mark the files whose names were erased as removed: with the name goes the file."""
    for event in events:
        gone = {name.removeprefix(FILE) for _, names in event.data["events"] for name in names
                if name.startswith(FILE)}
        for sha256 in sorted(gone):
            conn.execute(update(ATTACHMENTS).where(
                ATTACHMENTS.c.member == event.member, ATTACHMENTS.c.sha256 == sha256,
            ).values(removed=True))


def _end(conn: Connection, event: Event, ended: Mapping[str, Any],
         given: Mapping[str, Any] | None) -> None:
    state = {"state": REPLACED if ended["as"] == REPLACED else VOIDED, "ended": event.seq,
             "replaced_by": given["form"] if given is not None else None}
    done = conn.execute(update(NUMBERS).where(
        NUMBERS.c.series == ended["series"], NUMBERS.c.form == ended["form"],
        NUMBERS.c.member == event.member).values(**state))
    if done.rowcount == 0:
        # It came from a ledger. Where another member bears the same, theirs stays.
        known = conn.execute(select(NUMBERS.c.form).where(
            NUMBERS.c.series == ended["series"], NUMBERS.c.form == ended["form"])).first()
        if known is None:
            conn.execute(insert(NUMBERS).values(
                series=ended["series"], form=ended["form"], text=ended["text"], counts_for="",
                year=0, prefix="", member=event.member, **state))


def _give(conn: Connection, event: Event, given: Mapping[str, Any],
          ended: Mapping[str, Any] | None) -> None:
    shared = {name: given[name] for name in ("series", "counts_for", "year", "prefix")}
    for passed in given["passed"]:
        known = select(NUMBERS.c.form).where(
            NUMBERS.c.series == given["series"], NUMBERS.c.form == passed["form"])
        if conn.execute(known).first() is None:
            conn.execute(insert(NUMBERS).values(**shared, **passed, state=TAKEN, given=event.seq))
    conn.execute(insert(NUMBERS).values(
        **shared, form=given["form"], text=given["text"], number=given["number"],
        member=event.member, state=STANDING, given=event.seq,
        replaces=ended["form"] if ended is not None else None))
    _move(conn, given, given["prefix"], given["number"] + 1)


def _move(conn: Connection, at: Mapping[str, Any], prefix: str, next: int) -> None:
    here = (SERIES.c.series == at["series"], SERIES.c.counts_for == at["counts_for"],
            SERIES.c.year == at["year"])
    done = conn.execute(update(SERIES).where(*here).values(prefix=prefix, next=next))
    if done.rowcount == 0:
        conn.execute(insert(SERIES).values(
            series=at["series"], counts_for=at["counts_for"], year=at["year"], prefix=prefix,
            next=next))


def _request(conn: Connection, event: Event) -> None:
    opens, closes = event.data.get("opens"), event.data.get("closes")
    if closes is not None:
        conn.execute(update(REQUESTS).where(
            REQUESTS.c.member == event.member, REQUESTS.c.request == closes["request"],
            REQUESTS.c.state == WAITING,
        ).values(state=closes["as"], closed=event.seq, answered_by=event.actor))
    if opens is not None:
        conn.execute(insert(REQUESTS).values(
            id=event.id, request=opens, member=event.member, opened=event.seq,
            asked_by=event.actor, state=WAITING))


def _attach(conn: Connection, event: Event, file: Mapping[str, Any]) -> None:
    here = (ATTACHMENTS.c.member == event.member, ATTACHMENTS.c.sha256 == file["sha256"])
    conn.execute(delete(ATTACHMENTS).where(*here))
    conn.execute(insert(ATTACHMENTS).values(
        member=event.member, sha256=file["sha256"], size=file["size"], type=file["type"],
        added=event.seq, removed=FILE + file["sha256"] in event.erased))
