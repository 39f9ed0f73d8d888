"""The trail: checkpoints, proofs, events as they come. In: requests. Out: what proves history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from sqlalchemy import ColumnElement, select

from zhuanjie.engine.api import fail
from zhuanjie.web.api.callers import still
from zhuanjie.web.api.deps import Register, Who
from zhuanjie.web.api.fields import Line, Paragraph
from zhuanjie.web.api.models.base import AnswerModel, Page, Sent
from zhuanjie.web.api.models.members import EventShown
from zhuanjie.web.api.paging import Cursor, Limit, cursor_of, row_of
from zhuanjie.web.api.problem import HttpError
from zhuanjie.web.api.routes.members import event_shown
from zhuanjie.web.api.stream import BATCH, EventFeed, EventStream
from zhuanjie.web.service import register as service
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import Actor, Event
from zhuanjie.web.store.history import events, events_numbered
from zhuanjie.web.store.tables import EVENTS, TRAIL_HEAD

router = APIRouter(tags=["trail"])
Seq = Annotated[int, Path(ge=1, lt=2**53)]


class CheckpointShown(AnswerModel):
    """The register's size and root at a moment, signed (C2SP signed note)."""

    size: int
    note: str


class Earlier(Sent):
    """A checkpoint that somebody kept."""

    note: Paragraph


@router.get("/events")
def list_(register: Register, who: Who, limit: Limit = 50, cursor: Cursor = None,
          kind: Annotated[list[Line], Query(max_length=50)] = [],  # noqa: B006  # FastAPI copies it
          member: Annotated[Line | None, Query()] = None) -> Page[EventShown]:
    """Events of the units that are seen, in order."""
    after = row_of(cursor, "seq", int)
    where: list[ColumnElement[bool]] = [EVENTS.c.kind.in_(kind)] if kind else []
    if member is not None:
        where.append(EVENTS.c.member == member)
    with register.store.reading(who) as conn:
        found = list(events(conn, *where, after=after[0] if after else 0, limit=limit + 1))
    page = found[:limit]
    return Page(items=[event_shown(event) for event in page],
                next=cursor_of((page[-1].seq,) if len(found) > limit else None, "seq"))


@router.get("/events/stream", response_class=Response, responses={
    200: {"description": "Server-sent events: `id` is the event's number, `event` its kind, `data` "
                         "what happened without the values.",
          "content": {"text/event-stream": {"schema": {"type": "string"}}}}})
async def stream(request: Request, register: Register, who: Who, after: Annotated[
        int | None, Query(ge=0, lt=2**53, description="begin after this event; the end of the "
                                                      "trail where it is left out")] = None,
                 last: Annotated[str | None, Header(
                     alias="Last-Event-ID", pattern=r"^\d{1,16}$")] = None) -> Any:
    """Events as they come. `Last-Event-ID` goes on after the last that arrived."""
    feed: EventFeed = request.app.state.feed
    if feed.listeners >= request.app.state.http.streams:
        raise HttpError(503, "register.http.streams", headers={"retry-after": "30"})
    check = still(request, register)

    def fetch(begin: int) -> tuple[Sequence[Event], int]:
        if not check():
            raise PermissionError
        with register.store.reading(who) as conn:
            upto = conn.execute(select(TRAIL_HEAD.c.size)).scalar_one()
            found = list(events(conn, after=begin, limit=BATCH))
        return found, found[-1].seq if len(found) == BATCH else max(upto, begin)

    begin = int(last) if last is not None else after
    return EventStream(feed, fetch, _shown, await feed.end() if begin is None else begin)


@router.get("/trail/checkpoint")
def checkpoint(register: Register, who: Who) -> CheckpointShown:
    """The register as it is now, signed: keep a copy elsewhere."""
    _require(register, who)
    kept = register.trail.checkpoint(register.store)
    return CheckpointShown(size=kept.checkpoint.size, note=kept.note)


@router.get("/trail/events/{seq}/proof")
def proof(register: Register, who: Who, seq: Seq, field: Annotated[
        list[Line], Query(max_length=200)] = []) -> dict[str, Any]:  # noqa: B006  # the same
    """A document that shows by itself that an event is in the trail, and what fields of it held."""
    _require(register, who)
    if field:  # what it held is for those who may see it
        with register.store.reading(who) as conn:
            if not events_numbered(conn, [seq]):
                raise fail(NotFoundError, "register.trail.no-event", number=seq)
    return register.trail.prove(register.store, seq, tuple(field))


@router.post("/trail/consistency")
def consistency(register: Register, who: Who, asked: Earlier) -> dict[str, Any]:
    """A document that shows how the trail goes on from a checkpoint that somebody kept."""
    _require(register, who)
    return register.trail.connect(register.store, asked.note)


def _require(register: service.Register, who: Actor) -> None:
    with register.store.reading(who) as conn:
        register.guard.require(conn, who, "verify-trail")


def _shown(event: Event) -> dict[str, Any]:
    return {"seq": event.seq, "id": event.id, "at": event.at, "kind": event.kind,
            "member": event.member, "unit": event.unit, "actor": event.actor,
            "data": dict(event.data), "fields": sorted(event.values)}
