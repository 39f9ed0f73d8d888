"""Faults of rules on shares. In: a prover. Out: shares of nobody, and those that all or none meet.

At least one per cent is needed, and no more than all. So a share can be missed where one record
can fail what is asked, for it may be the only one; and be met where one can meet it.
"""

from __future__ import annotations

from collections.abc import Sequence

from zhuanjie.engine.authoring.verification.findings import Verification
from zhuanjie.engine.authoring.verification.prover import Prover
from zhuanjie.engine.lowering.shares import when_of
from zhuanjie.engine.policy.policy import Policy, TypedRule


def shares_of(policy: Policy) -> list[TypedRule]:
    """The rules on shares of a policy."""
    return [rule for rule in policy.rules if rule.shape == "share"]


def verify_shares(prover: Prover, rules: Sequence[TypedRule], out: Verification) -> None:
    """Every share by itself."""
    for rule in rules:
        _verify(prover, rule, out)


def _verify(prover: Prover, rule: TypedRule, out: Verification) -> None:
    ask, formula, kleene = rule.ask, prover.encoder.formula, prover.kleene
    assert ask is not None
    asked = formula(kleene.must_be_true(when_of(rule)))
    fails, meets = (formula(kleene.must_be_false(ask)), formula(kleene.must_be_true(ask)))
    found = prover.find([asked], lambda s: s.applies(rule), about=("asked", rule.id))
    if found.none:
        out.report("dead", [rule.id])
        return
    if not out.unsure("dead", [rule.id], found):
        out.prove("dead", [rule.id])
    found = prover.find([asked, fails], lambda s: s.applies(rule) and s.value(ask) is False,
                        about=("fails", rule.id))
    if found.none:
        out.report("never-violated", [rule.id])
    elif not out.unsure("never-violated", [rule.id], found):
        out.prove("never-violated", [rule.id])
    missed = found
    found = prover.find([asked, meets], lambda s: s.applies(rule) and s.value(ask) is True,
                        about=("meets", rule.id))
    if not found.none:
        if not out.unsure("always-violated", [rule.id], found):
            out.prove("always-violated", [rule.id])
    elif not missed.none:  # else what is asked is never known, and that was said
        out.report("always-violated", [rule.id], shown=missed.scenario)
