"""One rule that counts keys. In: a plan, a record. Out: the key it takes part with, if any.

What such a rule says of a record hangs on whether more records share its key than are allowed:
`uniqueness` counts them in frames, the live register and the judge of cases one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from zhuanjie.engine.backends.record_terms import compiled
from zhuanjie.engine.expr.nodes import FieldRef, field_names
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.rules import UNIQUE_ALL, UNIQUE_SURE
from zhuanjie.engine.policy.policy import Policy, TypedRule


def key_fields(policy: Policy) -> tuple[str, ...]:
    """The fields whose values a policy lets so many records share, or one."""
    return tuple(dict.fromkeys(rule.key.name for rule in policy.rules
                               if rule.counts_keys and isinstance(rule.key, FieldRef)))


class SharedRule:
    """A rule that counts keys: what its key is made of, and who it looks at on a day.

    `at` is its place in the plan; `allowed` is how many records may share a key.
    """

    def __init__(self, at: int, rule: TypedRule, plan: Plan) -> None:
        assert isinstance(rule.key, FieldRef)
        self.at, self.id = at, rule.id
        within = [rule.within.name] if isinstance(rule.within, FieldRef) else []
        self.fields = [plan.fields[name] for name in (rule.key.name, *within)]
        scope = plan.policy.scope
        self.reads = frozenset(f.name for f in self.fields).union(
            *(field_names(e) for e in (rule.when, scope) if e is not None))
        self.sure_name = UNIQUE_SURE.format(rule=rule.id)
        self.all_name = UNIQUE_ALL.format(rule=rule.id)
        self.allowed = 1
        if rule.limit is not None:
            self.allowed = compiled((plan.kleene.term(rule.limit),), {})({})[0]
        self._when = _truth(plan, rule)

    def place(self, record: Mapping[str, Any]) -> tuple[tuple[Any, ...] | None, bool]:
        """The key that a record takes part with, if any, and whether it is sure to."""
        sure, never = self._when(record)
        if never:
            return None, False
        key = tuple(field.compared(record.get(field.name)) for field in self.fields)
        return (None if key[0] is None else key), bool(sure)


def _truth(plan: Plan, rule: TypedRule) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Whether a rule is sure to apply, and whether it is sure not to."""
    if rule.when is None:
        return lambda _record: (True, False)
    kleene = plan.kleene
    return compiled((kleene.must_be_true(rule.when), kleene.must_be_false(rule.when)), {})
