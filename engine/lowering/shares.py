"""Rules on shares, lowered. In: a typed rule. Out: how a record counts, and what is missing.

Whether a record is asked and whether it meets what is asked are two conditions, each true, false or
unknown: engines say so of each. What is missing where they do not know follows from these.
"""

from __future__ import annotations

from msgspec import Struct

from zhuanjie.engine.expr.nodes import Expr, Lit
from zhuanjie.engine.expr.types import BOOL
from zhuanjie.engine.lowering.assume import negated
from zhuanjie.engine.lowering.conditions import FALSE, Cond, Value, all_of, any_of
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.policy.policy import TypedRule

CELLS = ("met", "failed", "open", "perhaps_met", "perhaps_failed", "perhaps_open")
"""How a record that counts may be: see `zhuanjie.engine.core.shares`."""


class LoweredShare(Struct, frozen=True, eq=False):
    """A rule on a share as conditions on one record.

    `cells` say when a record is how, in the order of `CELLS`; of them at most one holds. `missing`
    says for each field when its absence leaves a record open, `not_judged` when only fields without
    a column do. `at_least` is how many per cent are needed.
    """

    id: str
    cells: tuple[Cond, ...]
    missing: tuple[tuple[str, Cond], ...]
    not_judged: Cond
    at_least: int


def when_of(rule: TypedRule) -> Expr:
    """The condition under which a record is asked."""
    return rule.when or Lit(True, BOOL)


def lower_share(rule: TypedRule, k: Kleene, order: tuple[str, ...],
                not_kept: frozenset[str] = frozenset()) -> LoweredShare:
    """Lower one rule; `order` is the order in which missing fields are named."""
    assert rule.ask is not None and rule.limit is not None
    when, ask = when_of(rule), rule.ask
    sure, perhaps = k.must_be_true(when), k.unknown(when)
    holds, fails, dark = k.must_be_true(ask), k.must_be_false(ask), k.unknown(ask)
    cells = tuple(all_of((asked, came)) for asked in (sure, perhaps)
                  for came in (holds, fails, dark))
    missing = tuple((name, cond) for name in order if name in rule.fields and (cond := any_of((
        all_of((perhaps, k.unknown_because_of(when, name))),
        all_of((k.may_be_true(when), dark, k.unknown_because_of(ask, name)))))) != FALSE)
    here = any_of(cond for name, cond in missing if name not in not_kept)
    gone = any_of(cond for name, cond in missing if name in not_kept)
    limit = k.term(rule.limit)
    assert isinstance(limit, Value) and isinstance(limit.value, int)
    return LoweredShare(rule.id, cells, missing, all_of((gone, negated(here))), limit.value)
