"""What was asked of a selection, in an address. In: a form. Out: a text, and the form again.

A page that shows what would become of a selection has an address of its own, so that back, loading
anew and a second window lead to it: the answer to a form has none.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Final

import orjson
from starlette.datastructures import FormData, UploadFile

from zhuanjie.engine.api import InputError, fail
from zhuanjie.web.pages.forms import FormValues

LONGEST: Final = 7000
"""Signs of an address; what does not go into so many has none."""
_MOST_BYTES: Final = 200_000


def packed(typed: FormValues, **more: str) -> str | None:
    """The texts of a form, and `more`, as part of an address; None where they are too many."""
    said = [*typed.texts, *more.items()]
    text = base64.urlsafe_b64encode(zlib.compress(orjson.dumps(said), 9)).decode().rstrip("=")
    return text if len(text) <= LONGEST else None


def unpacked(text: str) -> FormValues:
    """The form that was packed; raises InputError for any other text, HttpError as forms do."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        reader = zlib.decompressobj()
        plain = reader.decompress(data, _MOST_BYTES)
        if not reader.eof:
            raise ValueError
        said = orjson.loads(plain)
        items: list[tuple[str, str | UploadFile]] = [
            (str(name), str(value)) for name, value in said]
    except (ValueError, TypeError, zlib.error, binascii.Error):
        raise fail(InputError, "register.http.address") from None
    return FormValues(FormData(items))
