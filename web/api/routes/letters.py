"""Papers printed by programs: what they lack, PDF that is counted. In: requests. Out: sheets."""

from __future__ import annotations

import hashlib
import uuid
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from zhuanjie.engine.api import say
from zhuanjie.web.api.deps import Language, Register, Who
from zhuanjie.web.api.fields import Id, Line
from zhuanjie.web.api.models.base import AnswerModel, Sent
from zhuanjie.web.api.routes.acts import Repeat
from zhuanjie.web.letters.desk import MOST, PrintLine
from zhuanjie.web.letters.press import Offset
from zhuanjie.web.service.cases import member_of
from zhuanjie.web.settings.models import FARTHEST
from zhuanjie.web.settings.reading import form_offset
from zhuanjie.web.store.event import Actor

router = APIRouter(tags=["papers"])
Paper = Annotated[Id, Path(description="the id of a paper, as `GET /papers` lists it")]
Tenths = Annotated[int | None, Field(ge=-FARTHEST, le=FARTHEST)]
_PDF: Final = "application/pdf"
_SHEETS: Final[dict[int | str, dict[str, Any]]] = {200: {"description": "The sheets.", "content": {
    _PDF: {"schema": {"type": "string", "format": "binary"}}}}}


class PaperShown(AnswerModel):
    """A paper of the domain."""

    id: str = Field(examples=["letter"])
    title: str
    permission: str = Field(description="what whoever prints it needs")
    series: str | None = Field(description="the series whose numbers it bears")
    counted: bool = Field(description="whether every print of a number is an event, and marked")
    parts: bool = Field(description="whether it can be printed over a form, and has samples")


class MembersAsked(Sent):
    """Whose papers."""

    members: list[Line] = Field(min_length=1, max_length=MOST)


class PrintAsked(MembersAsked):
    """What is to be printed; where no offset is said, the office's own for the form."""

    mode: Literal["whole", "over"] = "whole"
    right: Tenths = Field(default=None, description="tenths of a millimetre")
    down: Tenths = None


class PrintLineShown(AnswerModel):
    """What printing would come to for one member."""

    member: str
    number: str
    prints: int = Field(description="how often this number was printed before")
    lacking: list[str] = Field(description="fields that stay blank: the record has nothing")
    why_not: list[str]


@router.get("/papers")
def papers(register: Register, _who: Who, lang: Language) -> list[PaperShown]:
    """The papers of the domain."""
    return [PaperShown(id=id, title=getattr(typed.paper.title, lang),
                       permission=typed.paper.permission, series=typed.paper.series,
                       counted=typed.paper.counted, parts=bool(typed.paper.parts))
            for id, typed in register.letters.acts.papers.items()]


@router.post("/papers/{paper}/preview")
def preview(register: Register, who: Who, lang: Language, paper: Paper,
            asked: MembersAsked) -> list[PrintLineShown]:
    """What printing would come to, in the order of the sheets; nothing is kept."""
    def shown(line: PrintLine) -> PrintLineShown:
        return PrintLineShown(
            member=line.id, number=line.number, prints=len(line.had), lacking=list(line.lacking),
            why_not=[say(d.code, lang, **d.args) for d in line.why_not])

    return [shown(line) for line in register.letters.look(
        who, paper, _ids(register, who, asked.members))]


@router.post("/papers/{paper}/prints", response_class=Response, responses=_SHEETS)
def print_(register: Register, who: Who, paper: Paper, asked: PrintAsked,
           repeat: Repeat = None) -> Response:
    """Print a paper for members, all or none: PDF. With the same `Idempotency-Key` it is the same
    print again, without one each request counts as another."""
    with register.store.reading(who) as conn:
        said = form_offset(conn, paper)
    right, down = (said.right if asked.right is None else asked.right,
                   said.down if asked.down is None else asked.down)
    made = register.letters.print(
        who, paper, _ids(register, who, asked.members), once=_once(who, paper, repeat),
        mode=asked.mode, offset=Offset(right / 10, down / 10))
    return _file(made.pdf)


@router.get("/papers/{paper}/sample", response_class=Response, responses=_SHEETS)
def sample(register: Register, who: Who, paper: Paper, mode: Annotated[
        Literal["test", "form"], Query(description="a ruler with every blank, or the empty form")
        ] = "test") -> Response:
    """A sheet that is nobody's: a test print by the office's offset, or the empty form."""
    register.access.require(who, register.letters.paper(paper).paper.permission)
    with register.store.reading(who) as conn:
        said = form_offset(conn, paper)
    return _file(register.letters.sample(who, paper, mode,
                                         Offset(said.right / 10, said.down / 10)))


def _ids(register: Register, who: Actor, keys: list[str]) -> list[str]:
    with register.store.reading(who) as conn:
        return [member_of(conn, key, register.vocabulary).id for key in keys]


def _once(who: Actor, paper: str, repeat: str | None) -> str:
    """What tells a print from another: nobody else's key stands for it."""
    if repeat is None:
        return uuid.uuid4().hex
    return hashlib.sha256("\0".join((who.id, paper, repeat)).encode()).hexdigest()[:32]


def _file(pdf: bytes) -> Response:
    return Response(pdf, media_type=_PDF, headers={"cache-control": "no-store"})
