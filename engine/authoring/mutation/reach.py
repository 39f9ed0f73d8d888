"""What a mutant touches. In: a policy, a mutant. Out: the rules that may come out otherwise.

Found by name, so that a fault in one rule of a thousand costs no look at the others.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.authoring.mutation.faults import Mutant, given_by
from zhuanjie.engine.expr.decisions import decisions_in
from zhuanjie.engine.policy.policy import Policy, TypedRule


class Touched(Struct, frozen=True):
    """A policy's scope, numbers and clauses with a fault, and rules before and with it."""

    policy: Policy
    pairs: tuple[tuple[TypedRule, TypedRule], ...]


class FaultReach:
    """Which rules use what."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._places = {rule.id: n for n, rule in enumerate(policy.rules)}
        self._readers: dict[tuple[str, str], list[int]] = {}
        for n, rule in enumerate(policy.rules):
            uses = {"output": decisions_in(*rule.expressions().values()), "param": rule.params,
                    "definition": rule.definitions, "clause": rule.clauses}
            for kind, names in uses.items():
                for name in dict.fromkeys(names):
                    self._readers.setdefault((kind, name), []).append(n)

    def rule(self, name: str) -> TypedRule:
        """The rule of an id."""
        return self.policy.rules[self._places[name]]

    def users(self, kind: str, *names: str) -> set[int]:
        """The places of the rules that use something of a kind."""
        return {n for name in names for n in self._readers.get((kind, name), ())}

    def of(self, mutant: Mutant) -> Touched:
        """What a mutant touches, each rule in its place."""
        rules = self.policy.rules
        if mutant.changed is not None and not mutant.changed.outputs:
            n = self._places[mutant.rule]
            return Touched(self.policy, ((rules[n], mutant.changed),))
        if mutant.parameter is not None:
            parameters = {**self.policy.parameters, mutant.name: mutant.parameter}
            return self._as_they_are(replace(self.policy, parameters=parameters),
                                     self.users("param", mutant.name))
        after = mutant.apply(self.policy)
        if mutant.changed is not None:
            given = given_by(mutant.changed)
            places = {self._places[mutant.rule], *self.users("output", *given)}
        elif mutant.definition is not None and not mutant.in_scope:
            places = self.users("definition", mutant.name)
        elif mutant.clause is not None:
            places = self.users("clause", mutant.name)
        else:
            places = set(range(len(rules)))
        return Touched(after, tuple((rules[n], after.rules[n]) for n in sorted(places)))

    def _as_they_are(self, after: Policy, places: Iterable[int]) -> Touched:
        rules = self.policy.rules
        return Touched(after, tuple((rules[n], rules[n]) for n in sorted(places)))
