"""What a provider says of a person. In: nothing. Out: the shape of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a provider vouches for. `outer` is its name of the session, if it may end it."""

    subject: str
    claims: Mapping[str, Any] = field(default_factory=dict)
    second_factor: bool = False
    outer: str | None = None
