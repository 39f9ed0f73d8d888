"""Which rule of one policy is which of another. In: two policies. Out: pairs.

Rules are paired by id; a rule whose id was changed is known by its clause and shape, and by what it
decides where several could be meant.
"""

from __future__ import annotations

from zhuanjie.engine.authoring.mutation.canonical_text import parts
from zhuanjie.engine.policy.policy import Policy, TypedRule

Pair = tuple[TypedRule | None, TypedRule | None]


def pair_rules(old: Policy, new: Policy) -> list[Pair]:
    """Every rule of both, the newer one's order first; None where the other has no such rule.

    A rule of the same id that stands for another clause, or has another shape, is another rule.
    `unique` and `at_most` are one shape: the first is at most one.
    """
    before = {r.id: r for r in old.rules}
    mates: dict[str, TypedRule] = {}
    for rule in new.rules:
        was = before.get(rule.id)
        if was is not None and _place(was) == _place(rule):
            mates[rule.id] = before.pop(rule.id)
    loose = [r for r in new.rules if r.id not in mates]
    for alike in (_decides, _place):
        for rule in loose:
            mine = [r for r in loose if r.id not in mates and alike(r) == alike(rule)]
            theirs = [r for r in before.values() if alike(r) == alike(rule)]
            if rule.id not in mates and len(mine) == len(theirs) == 1:
                mates[rule.id] = before.pop(theirs[0].id)
    pairs: list[Pair] = [(mates.get(r.id), r) for r in new.rules]
    return [*pairs, *((r, None) for r in before.values())]


def _place(rule: TypedRule) -> object:
    return rule.clause, "counts keys" if rule.counts_keys else rule.shape


def _decides(rule: TypedRule) -> object:
    return _place(rule), parts(rule)
