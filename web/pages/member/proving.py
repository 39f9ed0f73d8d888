"""One event of a member, in words. In: its number. Out: who, when, why, what it changed, its proof.

The proof is checked as it is shown, by the public keys beside the register; the document itself is
for whoever checks it elsewhere.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from zhuanjie.engine.api import ZhuanjieError, fail
from zhuanjie.web.access.units import unit_tree
from zhuanjie.web.evidence.keys import verifiers_of
from zhuanjie.web.pages.errors import describe_error
from zhuanjie.web.pages.frame import render
from zhuanjie.web.pages.member.facts import kind_words
from zhuanjie.web.pages.member.routes import Key, program, shown_events, title_of
from zhuanjie.web.pages.visitors import Seen, Visitor, register_of
from zhuanjie.web.service.casefile import names_of
from zhuanjie.web.service.cases import member_of
from zhuanjie.web.service.register import Register
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.history import events_numbered
from zhuanjie.web.trail.proof import ProofError, check_proof

router = APIRouter()
Number = Annotated[int, Path(ge=1, lt=2**53)]


@router.get("/members/{key}/history/{seq}")
def show(request: Request, visitor: Seen, key: Key, seq: Number) -> Response:
    """One event of a member."""
    register, lang = register_of(request), visitor.lang
    with register.store.reading(visitor.actor) as conn:
        member = member_of(conn, key, register.vocabulary)
        event = next(iter(events_numbered(conn, [seq])), None)
        if event is None or event.member != member.id:
            raise fail(NotFoundError, "register.trail.no-event", number=seq)
        names = names_of(conn, [event.actor]) | program(lang)
        units = unit_tree(conn).units
    shown = shown_events(register, [event], lang)[0]
    role = register.guard.table.roles.get(event.role)
    unit = units.get(event.actor_unit or "")
    return render(
        request, visitor, "member/event.html", member=member, name=title_of(register, member),
        each=shown, e=event, who=names.get(event.actor, event.actor),
        what=shown["act"] or kind_words(lang)(event.kind),
        role=None if role is None else role.title, unit=unit.title if unit else event.actor_unit,
        files=[file.get("name") or file["sha256"][:12]
               for file in event.data.get("attachments", ())],
        proof=_proof(register, visitor, seq) if visitor.may("verify-trail") else None)


def _proof(register: Register, visitor: Visitor, seq: int) -> dict[str, Any]:
    """The proof of an event, checked: the checkpoint that it is in, or why there is none."""
    try:
        document = register.trail.prove(register.store, seq)
    except ZhuanjieError as error:
        return {"said": describe_error(error, visitor.lang)}
    for verifier in verifiers_of(register.place.folder):
        try:
            return {"at": check_proof(document, verifier).checkpoints[-1], "signer": verifier.name}
        except ProofError:
            continue
    return {"at": None}
