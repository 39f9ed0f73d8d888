"""What a stage is. In: nothing. Out: the protocol, and what a stage may know of its audit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from zhuanjie.engine.auditing.roster import Roster
from zhuanjie.engine.auditing.strategies.base import Strategy
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.lowering.plan import Plan


class StageContext(Struct, frozen=True):
    """The audit that a stage is part of."""

    plan: Plan
    strategy: Strategy
    lang: Lang
    all_outcomes: bool = False
    roster: Roster | None = None
    absent_is_blank: bool = False
    beyond: frozenset[str] = frozenset()
    """The waivers that would cover more records than they may, by their ids."""


Stage = Callable[[Iterator[VerdictBatch], StageContext], Iterator[VerdictBatch]]
"""A stage maps the batches of an audit, in their order.

It may change, drop or add verdicts, and add batches of its own. Every batch it is given it hands
on, so that what the batch says in numbers is counted.
"""
