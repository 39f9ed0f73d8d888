"""What somebody typed. In: a form as it came. Out: its values, as texts that databases bear."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from zhuanjie.web.api.problem import HttpError

CSRF: Final = "csrf"
KEPT: Final = "kept:"
"""Before the names of what is carried through a login."""
LONGEST: Final = 4000
FIELDS: Final = 5000
"""How many values a form may have."""
_PRINTED: Final = frozenset("\n\r\t")
_DIGITS: Final = 15


class FormValues:
    """The values of a form; of a name there may be several."""

    def __init__(self, form: FormData) -> None:
        """Raises HttpError for control characters and texts that are too long."""
        self._items = [(name, value) for name, value in form.multi_items() if name != CSRF]
        for name, value in self._items:
            _check(name)
            if isinstance(value, str):
                _check(value)
        if len(self._items) > FIELDS:
            raise HttpError(422, "register.http.values")
        self._named: dict[str, list[str | UploadFile]] = {}
        for name, value in self._items:
            self._named.setdefault(name, []).append(value)

    def one(self, name: str, default: str = "") -> str:
        """The last value of `name` without spaces at its ends; `default` where there is none."""
        return next(iter(reversed(self.all(name))), default)

    def all(self, name: str) -> list[str]:
        """Every value of `name`."""
        return [value.strip() for value in self._named.get(name, ()) if isinstance(value, str)]

    def has(self, name: str) -> bool:
        """Whether something is ticked, or said at all."""
        return name in self._named

    def begins(self, prefix: str) -> dict[str, str]:
        """The values whose names begin with `prefix`, by the rest of the name."""
        return {name.removeprefix(prefix): self.one(name) for name, several in self._named.items()
                if name.startswith(prefix) and any(isinstance(value, str) for value in several)}

    def whole(self, name: str) -> int | None:
        """The last value of `name` as a number without a sign; None for anything else."""
        return whole_number(self.one(name))

    def files(self, name: str) -> list[UploadFile]:
        """The files that were chosen."""
        return [value for value in self._named.get(name, ())
                if isinstance(value, UploadFile) and value.filename]

    @property
    def texts(self) -> list[tuple[str, str]]:
        """All that is no file, in order."""
        return [(name, value) for name, value in self._items if isinstance(value, str)]

    @property
    def has_files(self) -> bool:
        """Whether there is any file."""
        return any(isinstance(value, UploadFile) and value.filename for _, value in self._items)


async def form_of(request: Request) -> FormData:
    """The form of a request; what read it first keeps it."""
    return await request.form(max_files=50, max_fields=FIELDS)


async def form_values(request: Request) -> FormValues:
    """The values of a request's form, as a dependency."""
    return FormValues(await form_of(request))


def whole_number(text: str) -> int | None:
    """A number without a sign that every database bears; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def tenths(text: str) -> int | None:
    """Tenths of a number that is typed, such as 1.5 or -2; None for what is no number of tenths."""
    try:
        found = Decimal(text.replace("\u2212", "-")) * 10
        return int(found) if found == found.to_integral_value() else None
    except (InvalidOperation, ValueError, OverflowError):
        return None


def _check(text: Any) -> None:
    if len(text) > LONGEST or any(
            not c.isprintable() and c not in _PRINTED and ord(c) < 0xA0 for c in text):
        raise HttpError(422, "register.http.values")
