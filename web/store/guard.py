"""Who may do what, as the store asks it. In: actors, drafts of events. Out: a scope, or a refusal.

The store asks its guard before every event and for the units of every reading, so that no room and
no route can forget to. Which roles there are, and what they may do, the guard knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sqlalchemy import Connection

from zhuanjie.web.store.event import Actor, EventDraft
from zhuanjie.web.store.row_security import Scope


class Guard(Protocol):
    """What the store asks."""

    def scope(self, conn: Connection, actor: Actor) -> Scope:
        """The units whose members `actor` sees."""

    def check(self, conn: Connection, actor: Actor, drafts: Sequence[EventDraft],
              units: Mapping[str, str]) -> None:
        """Raise NotFoundError or ForbiddenError where `actor` may not record one of `drafts`.

        `units` has the unit of each member that they name and the register has.
        """
