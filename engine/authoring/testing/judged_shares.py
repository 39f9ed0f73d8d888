"""A rule on a share, judged for a small ledger. In: a rule, a setting. Out: how it comes out.

As docs/semantics.md words it, by the reference alone: each record is asked, and meets what is
asked, or does not, or it is not known; the record's own group is what is judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.reference.evaluator import Evaluator
from zhuanjie.engine.backends.reference.rules import Judgement
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.core.shares import ShareFigures
from zhuanjie.engine.expr.nodes import Expr, FieldRef, Lit
from zhuanjie.engine.expr.types import BOOL
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.vocabulary.fields import FieldTable

_NAMES = {(True, True): "met", (True, False): "failed", (True, None): "open",
          (None, True): "perhaps_met", (None, False): "perhaps_failed",
          (None, None): "perhaps_open"}


def judged_share(rule: TypedRule, ledger: Sequence[Mapping[str, Any]], today: int,
                 params: Mapping[str, int], fields: FieldTable,
                 scope: Expr | None) -> Judgement:
    """How the share comes out in the group of the ledger's first record."""
    assert rule.ask is not None and rule.limit is not None
    counts: Counter[str] = Counter()
    missing: set[str] = set()
    group = _group(rule, ledger[0], fields)
    for record in ledger:
        evaluator = Evaluator(record, today, params)
        if scope is not None and evaluator.trace(scope).value is False:
            continue
        if _group(rule, record, fields) != group:
            continue
        when = evaluator.trace(rule.when or Lit(True, BOOL))
        ask = evaluator.trace(rule.ask)
        if when.value is False:
            continue
        steps = [step for step in (when, ask) if step.value is UNKNOWN]
        missing.update(*(step.missing for step in steps))
        asked, met = (None if s.value is UNKNOWN else bool(s.value) for s in (when, ask))
        counts[_NAMES[asked, met]] += 1
    limit = Evaluator({}, today, params).trace(rule.limit).value
    figures = ShareFigures(
        met=counts["met"], failed=counts["failed"], open=counts["open"],
        perhaps_met=counts["perhaps_met"], perhaps_failed=counts["perhaps_failed"],
        perhaps_open=counts["perhaps_open"], at_least=int(limit))
    outcome = Outcome(figures.standing)
    return Judgement(outcome, missing=frozenset(
        missing if outcome is Outcome.UNDETERMINED else ()))


def _group(rule: TypedRule, record: Mapping[str, Any], fields: FieldTable) -> Any:
    if not isinstance(rule.within, FieldRef):
        return None
    return fields[rule.within.name].compared(record.get(rule.within.name))
