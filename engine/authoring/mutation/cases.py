"""The cases that a mutant is put to. In: cases made ready. Out: those that ask about a rule.

A case that asks about no rule but those it names is no witness of another. One that lets no other
rule report anything is a witness of all of them; there, cases that a rule cannot tell apart are
put to it once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from zhuanjie.engine.authoring.testing.case_runner import is_asked
from zhuanjie.engine.authoring.testing.prepared_cases import PreparedCase
from zhuanjie.engine.policy.policy import Policy, TypedRule

Alike = tuple[tuple[PreparedCase, ...], ...]
"""Cases, those together that are the same to a rule."""


class MutantCases:
    """The cases of a policy by the rules that they ask about."""

    def __init__(self, policy: Policy, scenes: Sequence[PreparedCase]) -> None:
        self.scenes = scenes
        self.closed = [s for s in scenes if not (s.task.open or s.task.by_date)]
        self._naming: dict[str, list[PreparedCase]] = {r.id: [] for r in policy.rules}
        for scene in scenes:
            for rule in scene.task.expect:
                self._naming[rule].append(scene)
        self._alike = lru_cache(maxsize=64)(self._told_apart)

    def naming(self, rule: TypedRule) -> Sequence[PreparedCase]:
        """The cases that name a rule."""
        return self._naming[rule.id]

    def asking(self, rule: TypedRule) -> list[PreparedCase]:
        """The cases that a rule may fail, in their order."""
        if not self.closed or not any(is_asked(rule, s.task) for s in self.closed):
            return list(self.naming(rule))
        there = {id(s) for s in self.closed if is_asked(rule, s.task)}
        there.update(map(id, self.naming(rule)))
        return [s for s in self.scenes if id(s) in there]

    def besides(self, rule: TypedRule, reads: Iterable[str]) -> Alike:
        """The cases that do not name a rule and in which it may report nothing.

        Together stand those that say the same of what is read.
        """
        if not self.closed or rule.shape == "share":
            return ()
        groups = self._alike(frozenset(reads), rule.shape == "reconcile")
        return tuple(left for group in groups if (
            left := tuple(s for s in group if rule.id not in s.task.expect)))

    def _told_apart(self, reads: frozenset[str], whole: bool) -> Alike:
        names, groups = sorted(reads), dict[tuple[object, ...], list[PreparedCase]]()
        for at, scene in enumerate(self.closed):
            setting = scene.setting
            key = (setting.today, setting.before, tuple(sorted(scene.task.case.numbers.items())),
                   tuple(tuple(record.get(n) for n in names) for record in setting.ledger),
                   at if whole else None)
            groups.setdefault(key, []).append(scene)
        return tuple(map(tuple, groups.values()))
