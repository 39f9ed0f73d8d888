"""Two rules on shares, compared. In: rules, their parameters. Out: a verdict, without a witness.

What is asked is compared as it is understood, letter by letter; the share that is needed by its
values over all days. No record by itself can show a difference.
"""

from __future__ import annotations

from typing import Literal

from zhuanjie.engine.backends.reference.evaluator import Evaluator
from zhuanjie.engine.backends.smt.rules import Parameters
from zhuanjie.engine.expr.nodes import Lit, param_names
from zhuanjie.engine.expr.printer import to_text
from zhuanjie.engine.policy.policy import TypedRule

ShareVerdict = Literal["equal", "stricter", "laxer", "different"]


def share_verdict(old: TypedRule, new: TypedRule, before: Parameters,
                  after: Parameters) -> ShareVerdict:
    """How the second rule stands to the first; one that never applies asks nothing."""
    if old.shape != new.shape:
        return "different"
    gone, there = _never(old), _never(new)
    if gone or there:
        return "equal" if gone and there else "stricter" if gone else "laxer"
    read = param_names(*(e for e in (new.when, new.ask) if e is not None))
    if _asked(old) != _asked(new) or any(
            before.steps[name] != after.steps[name] for name in read):
        return "different"
    days = {day for params in (before, after) for steps in params.steps.values()
            for day, _ in steps}
    pairs = [(_needed(old, before, day), _needed(new, after, day)) for day in days | {0}]
    if all(was == now for was, now in pairs):
        return "equal"
    if all(was <= now for was, now in pairs):
        return "stricter"
    return "laxer" if all(was >= now for was, now in pairs) else "different"


def _asked(rule: TypedRule) -> tuple[str | None, ...]:
    """What is asked of whom, as it is understood."""
    return tuple(None if e is None else to_text(e) for e in (rule.when, rule.ask, rule.within))


def _never(rule: TypedRule) -> bool:
    return isinstance(rule.when, Lit) and rule.when.value is False


def _needed(rule: TypedRule, params: Parameters, day: int) -> int:
    assert rule.limit is not None
    return int(Evaluator({}, day, params.on(day)).trace(rule.limit).value)
