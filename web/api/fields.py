"""Values of requests. In: nothing. Out: types with bounds that every database and log bears."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

_PRINTED: Final = frozenset("\n\r\t")


def _clean(text: str) -> str:
    if any(not c.isprintable() and c not in _PRINTED and ord(c) < 0xA0 for c in text):
        raise PydanticCustomError("string_pattern_mismatch", "control characters")
    return text


Line = Annotated[str, StringConstraints(max_length=200), AfterValidator(_clean)]
"""A short text: a name, an id."""
Paragraph = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_clean)]
"""A text that a person wrote: a reason, a note."""
Id = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[!-~]+$")]
"""A name that programs gave: of a member, a user, an event, a job."""
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
