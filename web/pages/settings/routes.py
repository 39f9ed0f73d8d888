"""The room of settings. In: requests. Out: its parts; the first that somebody may see."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from zhuanjie.web.pages.settings import forms, numbers, office, people, programs
from zhuanjie.web.pages.settings.tabs import ROOT, shown_tabs
from zhuanjie.web.pages.visitors import Seen

router = APIRouter()


@router.get(ROOT)
def first(_request: Request, visitor: Seen) -> Response:
    """The first part that somebody has something to do in."""
    return RedirectResponse(shown_tabs(visitor, "")[0]["href"], 303)


for _room in (people, programs, numbers, forms, office):
    router.include_router(_room.router)
