"""Who is counted with whom. In: places of members. Out: counts, and whom a change touches.

A rule that counts keys says of a member whether more share its key than may, so that a change
touches others only where that turns. A waiver with a limit is counted like such a rule.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, and_, bindparam, case, delete, func, or_, select

from zhuanjie.engine.api import Others
from zhuanjie.web.judging.tables import SHARED_KEYS
from zhuanjie.web.store.among import AmongTexts
from zhuanjie.web.store.inserting import insert_rows, plan_anew

Place = tuple[str, str]
"""A rule, and the hash of a key."""
Places = Mapping[Place, bool]
"""Where a member is counted, and whether it is sure to take part."""

_MANY = 1000
_AT_ONCE = 400
_T = TypeVar("_T")
_WAIVER = "waiver:"


def hashed(key: tuple[Any, ...]) -> str:
    """What stands for a key; it tells nobody what the key is."""
    plain = [value.isoformat() if isinstance(value, date) else value for value in key]
    return hashlib.sha256(orjson.dumps(plain, default=str)).hexdigest()[:32]


def waiver_place(id: str) -> Place:
    """Where the members are counted that a waiver with a limit speaks of."""
    return _WAIVER + id, ""


def is_waiver(place: Place) -> bool:
    """Whether what is counted is a waiver's members."""
    return place[0].startswith(_WAIVER)


# Made once: to make a statement costs more than to run it.
_OF_MEMBERS = select(SHARED_KEYS).where(
    AmongTexts(SHARED_KEYS.c.member, "members"))
_COUNTS = select(
    SHARED_KEYS.c.key, func.sum(case((SHARED_KEYS.c.sure, 1), else_=0)), func.count()).where(
        SHARED_KEYS.c.rule == bindparam("rule"),
        AmongTexts(SHARED_KEYS.c.key, "keys")).group_by(SHARED_KEYS.c.key)


def places_of(conn: Connection, members: Iterable[str]) -> dict[str, dict[Place, bool]]:
    """Where members are counted now."""
    out: dict[str, dict[Place, bool]] = {}
    for some in _parts(list(members)):
        for rule, key, member, sure in conn.execute(_OF_MEMBERS, {"members": some}):
            out.setdefault(member, {})[rule, key] = sure
    return out


def counts_of(conn: Connection, places: Iterable[Place]) -> dict[Place, Others]:
    """How many are counted at places."""
    out: dict[Place, Others] = {}
    by_rule: defaultdict[str, set[str]] = defaultdict(set)
    for rule, key in places:
        by_rule[rule].add(key)
    for rule, keys in by_rule.items():
        for some in _parts(sorted(keys)):
            for key, some_sure, everyone in conn.execute(_COUNTS, {"rule": rule, "keys": some}):
                out[rule, key] = Others(int(some_sure), int(everyone))
    return out


def move(conn: Connection, had: Mapping[str, Places], now: Mapping[str, Places],
         allowed: Mapping[str, int]) -> set[str]:
    """Count members where they are `now`, and not where they were; returns whom else that turns.

    `allowed` says how many may share a key, by rule (or waiver).
    """
    changed = [member for member in now if had.get(member, {}) != now[member]]
    delta: defaultdict[Place, list[int]] = defaultdict(lambda: [0, 0])
    for member in changed:
        for places, by in ((had.get(member, {}), -1), (now[member], 1)):
            for place, sure in places.items():
                delta[place][0] += by * int(sure)
                delta[place][1] += by
    if not changed:
        return set()
    before = counts_of(conn, delta)
    _write(conn, {m: had.get(m, {}) for m in changed}, {m: now[m] for m in changed})
    turned = set()
    for place, (surely, everyone) in delta.items():
        was, most = before.get(place, Others()), allowed.get(place[0], 1)
        now_sure, now_all = was.sure + surely, was.all + everyone
        if (was.sure > most, was.all > most) != (now_sure > most, now_all > most):
            turned.add(place)
    return _members_at(conn, turned)


def _members_at(conn: Connection, places: Iterable[Place]) -> set[str]:
    out: set[str] = set()
    for some in _parts(list(places)):
        out |= set(conn.execute(select(SHARED_KEYS.c.member).where(or_(*(
            and_(SHARED_KEYS.c.rule == rule, SHARED_KEYS.c.key == key)
            for rule, key in some)))).scalars())
    return out


def _write(conn: Connection, had: Mapping[str, Places], now: Mapping[str, Places]) -> None:
    gone = [(member, rule, key) for member, places in had.items() for (rule, key), sure
            in places.items() if now[member].get((rule, key)) != sure]
    come = [{"rule": rule, "key": key, "member": member, "sure": sure}
            for member, places in now.items() for (rule, key), sure in places.items()
            if had[member].get((rule, key)) != sure]
    for member, rule, key in gone:
        conn.execute(delete(SHARED_KEYS).where(
            SHARED_KEYS.c.member == member, SHARED_KEYS.c.rule == rule, SHARED_KEYS.c.key == key))
    insert_rows(conn, SHARED_KEYS, come)
    if len(come) >= _MANY:
        plan_anew(conn, SHARED_KEYS)


def _parts(given: list[_T]) -> Iterable[list[_T]]:
    return (given[at:at + _AT_ONCE] for at in range(0, len(given), _AT_ONCE))
