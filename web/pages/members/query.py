"""The members of a list. In: its filter or its address, who looks. Out: a query for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection

from zhuanjie.engine.api import InputError, fail
from zhuanjie.web.access.units import UnitTree, unit_tree
from zhuanjie.web.pages.members.filters import ListFilter
from zhuanjie.web.service.board import tops_of
from zhuanjie.web.service.law_book import judged_by
from zhuanjie.web.service.listing import MemberQuery
from zhuanjie.web.service.register import Register
from zhuanjie.web.service.waiting import waiting_kinds
from zhuanjie.web.store.event import Actor

_FILTER: Final = TypeAdapter(ListFilter)
_SEVERAL: Final = frozenset({"unit", "clause", "outcome"})


def query_of(register: Register, conn: Connection, actor: Actor, asked: ListFilter) -> MemberQuery:
    """The members that a list is of, as `actor` sees them."""
    acts = register.acts.desk.acts
    units = _units(unit_tree(conn), asked, tops_of(register, conn, actor))
    return asked.query(register.day(), units, waiting_kinds(acts),
                       [each.field for each in acts.series.values()],
                       _bases(register, conn, asked.law) if asked.law else None)


def filter_at(address: str) -> ListFilter:
    """The filter of a list's address; raises InputError where it is none."""
    said: dict[str, Any] = {
        name: tuple(values) if name in _SEVERAL else values[-1]
        for name, values in parse_qs(urlsplit(address).query).items() if name != "cursor"}
    try:
        return _FILTER.validate_python(said)
    except ValidationError:
        raise fail(InputError, "register.http.address") from None


def _bases(register: Register, conn: Connection, law: str) -> list[str]:
    """What was judged by the laws whose SHA-256 begins so."""
    with register.database.reading() as whole:
        return sorted(frozenset[str]().union(*(
            each.bases for each in judged_by(conn, whole) if each.sha256.startswith(law))))


def _units(tree: UnitTree, asked: ListFilter, tops: Sequence[str]) -> Sequence[str]:
    """The units of a list: none where it is of all that is seen, which needs no condition."""
    if asked.alone:
        return asked.unit
    if any(top in asked.unit for top in tops):
        return ()
    return list(dict.fromkeys(each for unit in asked.unit for each in (
        tree.below(unit) if unit in tree.units else (unit,))))
