"""Where the pages' rooms are. In: what somebody may do. Out: links at the head, the first page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class NavEntry:
    """A link at the head of every page, called by the words `frame.nav_<id>`.

    It is shown to whoever has one of `permissions`, and is the first page of whoever has
    `home_of`.
    """

    id: str
    path: str
    permissions: tuple[str, ...]
    home_of: str | None = None


ACCOUNT: Final = "/account"
NAVIGATION: Final[tuple[NavEntry, ...]] = (
    NavEntry("members", "/members", ("read",), home_of="set"),
    NavEntry("imports", "/imports", ("import",)),
    NavEntry("board", "/board", ("read",), "read"),
    NavEntry("letters", "/letters", ("print", "issue")),
    NavEntry("receipts", "/receipts", ("receive",)),
    NavEntry("law", "/law", ("read", "settings")),
    NavEntry("settings", "/settings", ("settings", "units", "users", "series", "reminders"),
             home_of="users"),
)
"""In the order of the links; of several first pages the first holds."""


def entries(permissions: Collection[str]) -> list[NavEntry]:
    """The links for whoever has these permissions."""
    return [each for each in NAVIGATION if any(name in permissions for name in each.permissions)]


def home(permissions: Collection[str]) -> str:
    """The first page for whoever has these permissions."""
    seen = entries(permissions)
    return next((each.path for each in seen if each.home_of in permissions),
                seen[0].path if seen else ACCOUNT)
