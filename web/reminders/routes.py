"""The address of calendars. In: a calendar's token in a path. Out: its deadlines."""

from __future__ import annotations

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zhuanjie.web.reminders.calendar import Calendars
from zhuanjie.web.store.errors import NotFoundError

PATH: Final = "/calendar/{token}.ics"
_HEADERS: Final = {
    "Cache-Control": "private, max-age=900",
    "Referrer-Policy": "no-referrer",  # the address is a secret
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def calendar_routes(calendars: Calendars) -> list[Route]:
    """The routes of calendars, which ask for no session."""
    async def calendar(request: Request) -> Response:
        try:
            made = await run_in_threadpool(calendars.calendar, request.path_params["token"])
        except NotFoundError:
            return Response("", 404, _HEADERS | {"Cache-Control": "no-store"})
        return Response(made, 200, _HEADERS, "text/calendar; charset=utf-8")

    return [Route(PATH, calendar, methods=["GET"], name="calendar")]
