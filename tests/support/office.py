"""What tests of access share: an office of two colleges, and a store with its guard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from support.identity_servers import browse
from zhuanjie.web.access.access import Access
from zhuanjie.web.access.code_keys import CodeBox, SealingKey
from zhuanjie.web.access.errors import LoginError
from zhuanjie.web.access.guard import AccessGuard
from zhuanjie.web.access.projection import PROJECTIONS, PROJECTORS
from zhuanjie.web.access.units import set_unit
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import SYSTEM, EventDraft
from zhuanjie.web.store.store import RegisterStore

OFFICE = {"office": None, "maths": "office", "maths-1": "maths", "maths-2": "maths",
          "physics": "office", "physics-1": "physics"}
"""Units, and what they are below."""
NAME = "member.name"
BOX = CodeBox([SealingKey.new()])
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
PASSWORD = "梨花院落溶溶月，柳絮池塘"
OURS = "https://register.example.edu.cn"
"""Where people find the register."""
OTHER = "tulip-anchor-Velvet"


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 9, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def go_on(self, **by: float) -> None:
        self.at += timedelta(**by)


def guarded(database: RegisterDatabase, acts: dict[str, str] | None = None,
            **options: object) -> tuple[RegisterStore, AccessGuard]:
    """A store with the office's units and a member in each, called after its unit."""
    guard = AccessGuard(acts)
    store = RegisterStore(database, {NAME: str.casefold}, projectors=[PROJECTORS],
                          projections=PROJECTIONS, guard=guard, **options)
    store.begin()
    with store.change(SYSTEM) as work:
        for unit, parent in OFFICE.items():
            set_unit(work, unit, title=unit.title(), parent=parent)
        for unit in OFFICE:
            work.record(EventDraft("member.imported", unit, unit, {NAME: (None, unit)}))
    return store, guard


def wrong(do: Callable[[], object], code: str = "register.access.login") -> None:
    with pytest.raises(LoginError) as refused:
        do()
    assert [d.code for d in refused.value.diagnostics] == [code]


def sign_in(access: Access, provider: str = "campus", **changed: str) -> str:
    begun = access.sign_ins.begin(provider)
    return access.sign_ins.finish(provider, {**browse(begun.url), **changed}, begun.browser).token


def refused(do: Callable[[], object]) -> str:
    with pytest.raises(LoginError) as error:
        do()
    return error.value.diagnostics[0].code.removeprefix("register.access.")
