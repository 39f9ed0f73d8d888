"""What is judged: policies of two domains. In: a pack's name. Out: its policy, fields, numbers, days.

A world is a policy with a vocabulary, and days around which its rules turn. Rules and records are
drawn over whatever fields it has, a pack's own among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path

from zhuanjie.engine import load_policy
from zhuanjie.engine.expr.names import PackSchema
from zhuanjie.engine.policy.parameter_values import parameter_types
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.vocabulary.fields import FieldTable

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
BY_DATE = "by-date"
"""The packs that judge by default, each record by the law of its dates."""
PACKS: dict[str, tuple[str | Path | None, date]] = {
    "fujian-2007-80": ("fujian-2007-80", date(2007, 12, 31)),
    "quanzhou-normal-2007-23": ("quanzhou-normal-2007-23", date(2008, 2, 29)),
    "central-2015-33": ("central-2015-33", date(2016, 1, 31)),
    "central-2019-regulations": ("central-2019-regulations", date(2020, 2, 29)),
    BY_DATE: (None, date(2019, 12, 31)),
    "gaoxiao-2007-11": (FIXTURES / "packs" / "gaoxiao-2007-11", date(2008, 5, 31)),
    "haiwan-2024-3": (FIXTURES / "packs" / "haiwan-2024-3", date(2024, 6, 30)),
    "zhongbei-2010-1": (FIXTURES / "packs" / "zhongbei-2010-1", date(2010, 12, 31)),
    "binhu-2019-12": (FIXTURES / "packs" / "binhu-2019-12", date(2020, 2, 29)),
    "harbour-2024-6": (FIXTURES / "permits" / "harbour-2024-6", date(2024, 6, 30)),
}
"""Where each pack is, and a day on which it judges."""


@dataclass(frozen=True, eq=False)
class World:
    """A policy, and the day about which its records lie."""

    name: str
    policy: Policy
    day: date

    @property
    def fields(self) -> FieldTable:
        """The fields of its vocabulary, a pack's own among them."""
        return self.policy.vocabulary.fields

    @property
    def vocabulary(self) -> str:
        """What the vocabulary is called."""
        return self.policy.vocabulary.id

    @cached_property
    def schema(self) -> PackSchema:
        """What names mean in its expressions."""
        return PackSchema(self.fields, parameter_types(self.policy.parameters, {}))

    @cached_property
    def own(self) -> frozenset[str]:
        """The fields that packs have added, or changed."""
        return frozenset(n for pack in self.policy.chain for n in pack.manifest.fields)


@cache
def world(name: str) -> World:
    """The world called `name`."""
    where, day = PACKS[name]
    policy = load_policy(where) if where is not None else load_policy()
    if policy.timeline is not None:
        policy = policy.timeline.on(day)
    return World(name, policy, day)
