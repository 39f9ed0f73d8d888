"""Units by what ledgers call them. In: a text. Out: the unit's id.

Ledgers name units in their own words; a unit is meant by its title or by its id, as texts are
compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from zhuanjie.web.access.units import UnitTree, unit_tree

Compared = Callable[[Any], Any]


def names_of(tree: UnitTree, compared: Compared = str) -> dict[str, str]:
    """By what a unit is called, its id; what two units are called means neither."""
    found: dict[str, str | None] = {}
    for unit in tree.units.values():
        if unit.closed:
            continue
        for name in {str(compared(unit.title)), str(compared(unit.id))}:
            found[name] = None if found.get(name, unit.id) != unit.id else unit.id
    return {name: id for name, id in found.items() if id is not None}


def unit_called(conn: Connection, text: str, compared: Compared = str) -> str | None:
    """The unit that a text means; None where there is none."""
    return names_of(unit_tree(conn), compared).get(str(compared(text)))

