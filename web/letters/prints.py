"""Prints, counted. In: members, a paper. Out: how often each was printed, the events that say so.

A print belongs to the number that the paper bears: a letter that was issued anew begins at one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from zhuanjie.web.store.event import Event, EventDraft
from zhuanjie.web.store.history import events
from zhuanjie.web.store.members import Member
from zhuanjie.web.store.tables import EVENTS

PRINTED: Final = "member.printed"


@dataclass(frozen=True, slots=True)
class Print:
    """A print of a paper: which of its number it was, who made it and when."""

    member: str
    paper: str
    form: str
    copy: int
    at: str
    actor: str
    mode: str
    once: str


def prints(conn: Connection, ids: Sequence[str], paper: str) -> dict[tuple[str, str], list[Print]]:
    """The prints of a paper, by member and by the number as it is compared, the first first."""
    found: dict[tuple[str, str], list[Print]] = {}
    if ids:
        for event in events(conn, EVENTS.c.member.in_(list(ids)), EVENTS.c.kind == PRINTED):
            made = _print(event)
            if made.paper == paper:
                found.setdefault((made.member, made.form), []).append(made)
    return found


def print_draft(member: Member, paper: str, number: str, form: str, copy: int, *, mode: str,
                once: str) -> EventDraft:
    """That a paper is printed."""
    return EventDraft(PRINTED, member.id, member.unit, data={
        "paper": paper, "number": number, "form": form, "copy": copy, "mode": mode, "once": once})


def copy_number(had: Sequence[Print], once: str) -> tuple[int, bool]:
    """Which print of its number the next is, and whether the same request has made it already."""
    for made in had:
        if made.once == once:
            return made.copy, True
    return max((made.copy for made in had), default=0) + 1, False


def _print(event: Event) -> Print:
    said: Mapping[str, Any] = event.data
    return Print(event.member or "", said["paper"], said["form"], said["copy"], event.at,
                 event.actor, said["mode"], said["once"])
