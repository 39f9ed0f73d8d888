"""The parts of the room of settings. In: what somebody may do. Out: tabs; a page of one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import Request
from starlette.responses import Response

from zhuanjie.engine.api import ZhuanjieError
from zhuanjie.web.pages.errors import describe_error
from zhuanjie.web.pages.forms import FormValues
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.visitors import Visitor

ROOT: Final = "/settings"
TABS: Final[Mapping[str, tuple[str, ...]]] = {
    "units": ("units",), "users": ("users",), "keys": ("keys",), "series": ("series",),
    "closing": ("settings",), "forms": ("settings",), "mail": ("servers",), "robots": ("servers",),
    "reminders": ("reminders",), "roles": (), "history": ("settings",)}
"""Each part with the permission that shows it; one without is for everybody."""


def part(request: Request, visitor: Visitor, name: str, *, error: ZhuanjieError | None = None,
         template: str | None = None, **values: Any) -> Response:
    """The page of a part; `error` is said above its form, which keeps what was typed.

    Raises ForbiddenError for whoever has nothing to do there.
    """
    if TABS[name]:
        visitor.need(*TABS[name])
    said = describe_error(error, visitor.lang) if error is not None else None
    return render(request, visitor, f"settings/{template or name}.html", error=said,
                  status=said["status"] if said else 200, tabs=shown_tabs(visitor, name),
                  **values)


def saved(request: Request, visitor: Visitor, typed: FormValues, name: str,
          put: Callable[[], object], page: Callable[..., Response]) -> Response:
    """Have `put` save what a form says; where it cannot be, `page` again with what was typed."""
    try:
        put()
    except ZhuanjieError as error:
        return page(request, visitor, error=error, typed=typed)
    return go(request, f"{ROOT}/{name}", "settings.saved")


def shown_tabs(visitor: Visitor, current: str) -> list[dict[str, Any]]:
    """The parts that somebody sees."""
    return [{"id": name, "href": f"{ROOT}/{name}", "current": name == current}
            for name, needed in TABS.items() if not needed or visitor.may(*needed)]
