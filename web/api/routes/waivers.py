"""Waivers: asked for, approved by another, refused, revoked. In: requests. Out: waivers."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from zhuanjie.web.acts.waivers import KeptWaiver, WaiverRequest, kept_waivers
from zhuanjie.web.api.deps import Register, Who
from zhuanjie.web.api.fields import Id
from zhuanjie.web.api.models.acts import MaybeReason, Reason, WaiverAsked, WaiverShown
from zhuanjie.web.service import register as service
from zhuanjie.web.store.event import Actor

router = APIRouter(tags=["waivers"], prefix="/waivers")
State = Literal["requested", "approved", "refused", "revoked"]


@router.get("")
def list_(register: Register, who: Who, member: Annotated[Id | None, Query()] = None,
          state: Annotated[State | None, Query()] = None) -> list[WaiverShown]:
    """The waivers that are seen, the latest first."""
    with register.store.reading(who) as conn:
        found = kept_waivers(conn, member=member, state=state)
    return [_shown(waiver) for waiver in found]


@router.post("", status_code=201)
def request(register: Register, who: Who, asked: WaiverAsked) -> WaiverShown:
    """Ask for a waiver; another person has to approve it."""
    with register.store.change(who) as work:
        id = register.waivers.request(work, WaiverRequest(**asked.model_dump()))
    return _waiver(register, who, id)


@router.post("/{id}/approve")
def approve(register: Register, who: Who, id: Id, asked: MaybeReason) -> WaiverShown:
    """Approve a waiver that somebody else asked for; it holds from today on."""
    with register.store.change(who) as work:
        register.waivers.approve(work, id, reason=asked.reason)
    return _waiver(register, who, id)


@router.post("/{id}/refuse")
def refuse(register: Register, who: Who, id: Id, asked: Reason) -> WaiverShown:
    """Refuse a waiver."""
    with register.store.change(who) as work:
        register.waivers.refuse(work, id, reason=asked.reason)
    return _waiver(register, who, id)


@router.post("/{id}/revoke")
def revoke(register: Register, who: Who, id: Id, asked: Reason) -> WaiverShown:
    """End a waiver from today on, or take back one that nobody has answered."""
    with register.store.change(who) as work:
        register.waivers.revoke(work, id, reason=asked.reason)
    return _waiver(register, who, id)


def _waiver(register: service.Register, who: Actor, id: str) -> WaiverShown:
    with register.store.reading(who) as conn:
        return next(_shown(waiver) for waiver in kept_waivers(conn) if waiver.id == id)


def _shown(waiver: KeptWaiver) -> WaiverShown:
    return WaiverShown.model_validate(waiver)
