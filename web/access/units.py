"""The units of an office: a tree. In: the table of units. Out: what is below what; its changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, select

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.access.tables import UNITS
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import EventDraft

_ID: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)
_LONGEST_TITLE: Final = 200


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit. The one without a `parent` is the office; a `closed` one takes no more cases."""

    id: str
    parent: str | None
    title: str
    closed: bool = False


@dataclass(frozen=True)
class UnitTree:
    """Every unit, by id."""

    units: Mapping[str, Unit]
    _children: Mapping[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        children: dict[str, list[str]] = {}
        for unit in self.units.values():
            if unit.parent is not None:
                children.setdefault(unit.parent, []).append(unit.id)
        object.__setattr__(self, "_children", children)

    @property
    def root(self) -> str | None:
        """The office, where there is one yet."""
        return next((u.id for u in self.units.values() if u.parent is None), None)

    def below(self, unit: str) -> list[str]:
        """`unit` and every unit below it; none where there is no such unit."""
        if unit not in self.units:
            return []
        found = [unit]
        for each in found:
            found += self._children.get(each, ())
        return found

    def is_below(self, unit: str, top: str) -> bool:
        """Whether `unit` is `top` or below it."""
        at: str | None = unit
        while at is not None and at in self.units:
            if at == top:
                return True
            at = self.units[at].parent
        return False


SEEN_TREES: Final[WeakKeyDictionary[Connection, UnitTree]] = WeakKeyDictionary()
"""The units as a transaction saw them; it sees one state, but for what it sets itself."""


def unit_tree(conn: Connection) -> UnitTree:
    """The units as they are now."""
    rows = conn.execute(select(UNITS.c.id, UNITS.c.parent, UNITS.c.title, UNITS.c.closed)
                        .order_by(UNITS.c.id))
    return tree_of(Unit(*row) for row in rows)


def tree_of(units: Iterable[Unit]) -> UnitTree:
    """The tree that these units make."""
    return UnitTree({unit.id: unit for unit in units})


def set_unit(work: UnitOfWork, id: str, *, title: str, parent: str | None = None,
             closed: bool = False) -> Unit:
    """Make a unit, or change it; the first without a parent is the office.

    Raises UsageError for what cannot be, NotFoundError for a parent that there is not.
    """
    title = title.strip()
    if not _ID.fullmatch(id):
        raise fail(UsageError, "register.access.unit-id", id=id)
    if not title or len(title) > _LONGEST_TITLE or not title.isprintable():
        raise fail(UsageError, "register.access.unit-title", id=id, most=_LONGEST_TITLE)
    tree = unit_tree(work.conn)
    had = tree.units.get(id)
    if parent is None:
        if tree.root not in {None, id}:
            raise fail(UsageError, "register.access.one-office", id=id, office=tree.root)
        if closed:
            raise fail(UsageError, "register.access.office-closed", id=id)
    elif parent not in tree.units:
        raise fail(NotFoundError, "register.access.no-unit", id=parent)
    elif tree.root == id or tree.is_below(parent, id):
        raise fail(UsageError, "register.access.unit-circle", id=id, parent=parent)
    made = Unit(id, parent, title, closed)
    if made != had:
        # Both the unit it goes to and, where it is moved, the unit it was under have to allow it.
        work.record(EventDraft("unit.set", unit=id, data={
            "parent": parent, "title": title, "closed": closed,
            "was_under": had.parent if had is not None else None}))
    return made


def need_unit(conn: Connection, id: str) -> Unit:
    """The unit with this id; raises NotFoundError."""
    tree = unit_tree(conn)
    if id not in tree.units:
        raise fail(NotFoundError, "register.access.no-unit", id=id)
    return tree.units[id]
