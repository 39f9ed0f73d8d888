"""Where rules stand. In: a policy. Out: for a rule or a part of it, its place in its file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.yaml_source import Trail, YamlSource
from zhuanjie.engine.policy.policy import Policy, TypedRule


class RulePlaces:
    """The places of a policy's rules, whichever pack of its chain wrote them, or changed them last.

    Several packs that judge by date are looked through one after another.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    @cached_property
    def _found(self) -> Mapping[tuple[str, str], tuple[YamlSource, int]]:
        timeline = self.policy.timeline
        chains = [self.policy.chain] if timeline is None else [self.policy.chain, *timeline.chains]
        found: dict[tuple[str, str], tuple[YamlSource, int]] = {}
        for pack in (pack for chain in chains for pack in chain):
            for topic in pack.topics:
                for at, rule in enumerate(topic.topic.rules):
                    found.setdefault((pack.manifest.id, rule.id), (topic.source, at))
        return found

    def of(self, rule: TypedRule, *part: str | int) -> Place:
        """Where the rule stands, or the part of it; its file alone where that is all we know."""
        found = self._found.get((rule.pack, rule.rule.id))
        if found is None:
            return Place(rule.file)
        source, at = found
        trail: Trail = ("rules", at, *part)
        return source.place(trail)

    def row(self, rule: TypedRule, clause: str) -> Place:
        """Where the row of a table stands that has a clause."""
        for at, row in enumerate(rule.rows):
            if row.clause == clause:
                return self.of(rule, "table", "rows", at)
        return self.of(rule)
