"""Whose members are. In: a register's units, what a record names. Out: a unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from zhuanjie.engine.api import Vocabulary, fail
from zhuanjie.web.access.unit_names import names_of
from zhuanjie.web.access.units import unit_tree
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.row_security import EVERYTHING, Scope
from zhuanjie.web.transfer.plan import UnitOf


def unit_of_group(conn: Connection, vocabulary: Vocabulary) -> UnitOf | None:
    """Finds the unit that a record's group names, by its title or id; closed ones take nobody.

    None where the vocabulary has no groups, or the register has no units but the office.
    """
    group, tree = vocabulary.group, unit_tree(conn)
    if group is None or len(tree.units) < 2:
        return None
    form = vocabulary.fields[group].compared
    named = names_of(tree, form)

    def find(record: Mapping[str, Any]) -> str | None:
        said = record.get(group)
        return None if said is None else named.get(str(form(said)))

    return find


def unit_for(conn: Connection, named: str | None, scope: Scope = EVERYTHING) -> str | None:
    """The unit whose id somebody names for those that name none themselves; None for no name.

    Raises NotFoundError where there is no such unit in `scope`, or it takes nobody any more. A
    register without units takes any.
    """
    if not named:
        return None
    tree = unit_tree(conn)
    unit = tree.units.get(named)
    if tree.units and (unit is None or unit.closed
                       or not (scope == EVERYTHING or named in scope)):
        raise fail(NotFoundError, "register.access.no-unit", id=named)
    return named


def office(conn: Connection) -> str:
    """The unit of whoever names none: the office; without units the one without a name."""
    return unit_tree(conn).root or ""
