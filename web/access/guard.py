"""The one place where permissions are enforced. In: actors, drafts of events. Out: refusals.

What belongs to a unit that somebody does not see is not found; what they see and may not do is
forbidden. A kind of event that no permission covers is the program's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Final

from sqlalchemy import Connection, select

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.access.permissions import (
    READ,
    SYSTEM_ROLE,
    PermissionTable,
    Reach,
    permission_table,
)
from zhuanjie.web.access.tables import UNITS
from zhuanjie.web.access.units import SEEN_TREES, UnitTree, tree_of, unit_tree
from zhuanjie.web.store.errors import ForbiddenError, NotFoundError
from zhuanjie.web.store.event import Actor, EventDraft
from zhuanjie.web.store.row_security import EVERYTHING, Scope

# A statement that is run often is made once: making it costs more than running it.
_LAST_SET = select(UNITS.c.stamp).order_by(UNITS.c.version.desc()).limit(1)
SESSION: Final = "session"
KEY: Final = "key"


class AccessGuard:
    """The table of permissions, asked for every event and every reading."""

    def __init__(self, acts: Mapping[str, str] | None = None,
                 table: PermissionTable | None = None) -> None:
        """`acts` has the permission of each act of the domain, by its name."""
        self.table = table or permission_table()
        self._acts = dict(acts or {})
        for act, permission in self._acts.items():
            if permission not in self.table.permissions:
                raise fail(UsageError, "register.access.permission", act=act,
                           permission=permission, known=", ".join(self.table.permissions))
        self._known: tuple[str, UnitTree] = ("", tree_of(()))
        self._lock = Lock()

    def scope(self, conn: Connection, actor: Actor) -> Scope:
        """The units whose members `actor` sees."""
        return self.units(conn, actor, READ)

    def units(self, conn: Connection, actor: Actor, permission: str) -> Scope:
        """The units in which `actor` may do what `permission` is for."""
        reach = self.table.reach(actor.role, permission)
        if reach is None:
            return ()
        if reach is Reach.ALL:
            return EVERYTHING
        if actor.unit is None:
            return ()
        tree = self._tree(conn)
        if reach is Reach.OWN:
            return (actor.unit,) if actor.unit in tree.units else ()
        # What is of no unit that there is belongs to the office.
        return EVERYTHING if actor.unit == tree.root else tuple(tree.below(actor.unit))

    def may(self, conn: Connection, actor: Actor, permission: str, unit: str | None) -> bool:
        """Whether `actor` may do this in `unit`, as far as the table goes."""
        scope = self.units(conn, actor, permission)
        if scope == EVERYTHING:
            return True
        if unit is None:
            if self.table.permissions[permission].office:
                return False
            unit = actor.unit
        return unit in scope

    def require(self, conn: Connection, actor: Actor, permission: str,
                unit: str | None = None) -> None:
        """Raise NotFoundError or ForbiddenError where `actor` may not do this in `unit`.

        Without a unit it is asked for what is the actor's own.
        """
        self._require(conn, actor, permission, (unit,))

    def check(self, conn: Connection, actor: Actor, drafts: Sequence[EventDraft],
              units: Mapping[str, str]) -> None:
        """As `Guard` has it."""
        at = dict(units)
        asked: dict[tuple[str, tuple[str | None, ...]], None] = {}
        for draft in drafts:
            where = list(_places(draft, at))
            for permission in self._permissions(actor, draft):
                asked[permission, tuple(where)] = None
            if draft.member is not None:
                at[draft.member] = draft.unit or at.get(draft.member, "")
        for permission, places in asked:
            self._require(conn, actor, permission, places)

    def _permissions(self, actor: Actor, draft: EventDraft) -> Iterable[str]:
        """What a draft needs: what its kind does, and what the act does that it comes of."""
        act = draft.data.get("act")
        found = {self.table.of_kind(draft.kind)}
        if isinstance(act, str):
            found.add(self._acts.get(act))
        needed = [name for name in found if name is not None]
        if not needed and actor.role != SYSTEM_ROLE:
            raise fail(ForbiddenError, "register.access.kind", kind=draft.kind)
        return needed

    def _require(self, conn: Connection, actor: Actor, permission: str,
                 places: Sequence[str | None]) -> None:
        seen = self.scope(conn, actor)
        reach = self.units(conn, actor, permission)
        hidden = [unit for unit in places
                  if unit is not None and not _within(unit, seen) and not _within(unit, reach)]
        if hidden:
            raise fail(NotFoundError, "register.access.not-found")
        if not all(self.may(conn, actor, permission, unit) for unit in places):
            raise fail(ForbiddenError, "register.access.forbidden",
                       **self.table.called(permission, actor.role))
        if self.table.permissions[permission].second_factor:
            if actor.via == KEY:
                raise fail(ForbiddenError, "register.access.person",
                           **self.table.called(permission))
            if actor.via == SESSION and not actor.second_factor:
                raise fail(ForbiddenError, "register.access.second-factor",
                           hint="register.access.second-factor.hint",
                           **self.table.called(permission))

    def _tree(self, conn: Connection) -> UnitTree:
        """The units as this transaction sees them; read again where one was set since."""
        seen = SEEN_TREES.get(conn)
        if seen is not None:
            return seen
        stamp = conn.execute(_LAST_SET).scalar() or ""
        with self._lock:
            known = self._known
        tree = known[1] if known[0] == stamp else unit_tree(conn)
        with self._lock:
            self._known = (stamp, tree)
        SEEN_TREES[conn] = tree
        return tree


def _within(unit: str, scope: Scope) -> bool:
    return scope == EVERYTHING or unit in scope


def _places(draft: EventDraft, units: Mapping[str, str]) -> Iterator[str | None]:
    """The units that an event touches: a member's before it, and the one after it."""
    if draft.kind == "unit.set":
        # To make a unit or to change it is a matter of the units above it.
        above = {draft.data.get("parent"), draft.data.get("was_under")} - {None}
        if above:
            yield from sorted(map(str, above))
        else:
            yield draft.unit
        return
    if draft.member is None:
        yield draft.unit
        if draft.data.get("was_in") is not None:
            yield str(draft.data["was_in"])
        return
    before = units.get(draft.member)
    if before is not None:
        yield before
    if (draft.unit is not None and draft.unit != before) or before is None:
        yield draft.unit
