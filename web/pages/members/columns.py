"""The columns of a list. In: a cookie of who looks. Out: the fields that it shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from fastapi import Request
from starlette.responses import Response

from zhuanjie.web.api.callers import is_secure
from zhuanjie.web.service.register import Register

COLUMNS: Final = "zhuanjie-columns"
MOST: Final = 20
_YEAR: Final = 366 * 24 * 3600


def chosen_columns(request: Request, register: Register) -> tuple[str, ...]:
    """The fields that whoever looks has chosen, else those of the domain."""
    said = request.cookies.get(COLUMNS)
    if said is None:
        return register.acts.desk.acts.file.columns
    return _known(said.split("~"), register)


def choose_columns(request: Request, answer: Response, register: Register,
                   names: Sequence[str]) -> None:
    """Keep a choice for a year; none at all is the domain's own."""
    known = _known(names, register)
    if not known:
        answer.delete_cookie(COLUMNS, path="/")
        return
    answer.set_cookie(COLUMNS, "~".join(known), max_age=_YEAR, path="/", httponly=True,
                      samesite="lax", secure=is_secure(request))


def _known(names: Iterable[str], register: Register) -> tuple[str, ...]:
    fields = register.vocabulary.fields
    return tuple(dict.fromkeys(name for name in names if name in fields))[:MOST]
