"""Pages that begin after a row. In: the last row of a page. Out: a text for it, and it again."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Final

import orjson
from fastapi import Query

from zhuanjie.web.api.problem import HttpError

_LONGEST: Final = 2000

Limit = Annotated[int, Query(ge=1, le=200, description="rows of a page at the most")]
Cursor = Annotated[str | None, Query(
    max_length=_LONGEST, description="`next` of the page before; none for the first page")]


def cursor_of(last: tuple[Any, ...] | None, order: str = "") -> str | None:
    """The text for the last row of a page; None where no page follows."""
    if last is None:
        return None
    return base64.urlsafe_b64encode(orjson.dumps([order, *last])).decode().rstrip("=")


def row_of(cursor: str | None, order: str, *kinds: type) -> tuple[Any, ...] | None:
    """The row that a cursor stands for; raises HttpError for one that was not given here."""
    if cursor is None:
        return None
    try:
        said = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_",
                                             validate=True))
    except (binascii.Error, ValueError, orjson.JSONDecodeError):
        raise HttpError(400, "register.http.cursor") from None
    # A text with a NUL is none that a database takes.
    if not isinstance(said, list) or len(said) != len(kinds) + 1 or said[0] != order or any(
            type(value) is not kind or (isinstance(value, str) and "\0" in value)
            or (isinstance(value, int) and abs(value) >= 2**63)
            for value, kind in zip(said[1:], kinds, strict=True)):
        raise HttpError(400, "register.http.cursor")
    return tuple(said[1:])
