"""Who shares a key with whom. In: records and their values. Out: counts, and whom a change touches.

For each rule that counts keys the records are kept by key. What such a rule says of a record hangs
on whether there are more than it allows (`counts`), so that others are touched only where that
changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from zhuanjie.engine.auditing.shared_rule import SharedRule
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.watch.cases import LiveCase

Key = tuple[tuple[Any, ...], bool]
"""A key, and whether a record is sure to take part with it."""


class _Group:
    """The records of one key: whether each is sure to take part, and how many are."""

    __slots__ = ("records", "sure")

    def __init__(self) -> None:
        self.records: dict[str, bool] = {}
        self.sure = 0

    def drop(self, record: str) -> None:
        self.sure -= self.records.pop(record, False)

    def add(self, record: str, sure: bool) -> None:
        self.drop(record)
        self.records[record] = sure
        self.sure += sure

    def beyond(self, allowed: int) -> tuple[bool, bool]:
        """Whether more records than are allowed take part, surely and perhaps."""
        return self.sure > allowed, len(self.records) > allowed


class SharedKeys:
    """Which records share which keys."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, tuple[Any, ...]], _Group] = {}
        self._rules: list[SharedRule] = []
        self._key = ""

    def judge_by(self, plan: Plan) -> None:
        """Look at records by the rules of another day."""
        self._key = plan.key
        self._rules = [SharedRule(at, rule, plan) for at, rule in enumerate(plan.rules)
                       if rule.counts_keys]

    def place(self, record: str, case: LiveCase, inside: bool,
              changed: frozenset[str] | None = None) -> dict[str, set[int]]:
        """Note the keys that a case takes part with; returns for whom else which rules turn.

        With `changed`, only those fields are new. Who is not `inside` the scope takes no part.
        """
        touched: dict[str, set[int]] = {}
        for rule in self._rules:
            if changed is not None and rule.reads.isdisjoint(changed):
                continue
            key, sure = (rule.place({self._key: record, **case.values}) if inside
                         else (None, False))
            old = case.keys.pop(rule.id, None)
            if key is not None:
                case.keys[rule.id] = key
            for place in {k for k in (old, key) if k is not None}:
                group = self._groups.get((rule.id, place))
                if group is None:
                    group = self._groups[rule.id, place] = _Group()
                before = group.beyond(rule.allowed)
                if place == key:
                    group.add(record, sure)
                else:
                    group.drop(record)
                if group.beyond(rule.allowed) != before:
                    for other in group.records:
                        touched.setdefault(other, set()).add(rule.at)
                if not group.records:
                    del self._groups[rule.id, place]
        touched.pop(record, None)
        return touched

    def forget(self, record: str, case: LiveCase) -> None:
        """Take a case out of all groups."""
        for rule, key in case.keys.items():
            group = self._groups[rule, key]
            group.drop(record)
            if not group.records:
                del self._groups[rule, key]
        case.keys = {}

    def restore(self, record: str, keys: Mapping[str, tuple[tuple[Any, ...], bool]]) -> None:
        """Put a record that is not open under the keys it was under, by rule."""
        for rule, (key, sure) in keys.items():
            group = self._groups.get((rule, key))
            if group is None:
                group = self._groups[rule, key] = _Group()
            group.add(record, sure)

    def restore_all(self, rule: str, cases: Iterable[tuple[
            str, LiveCase, Key | None]]) -> None:
        """Put open cases under the keys they were under by a rule."""
        groups = self._groups
        for record, case, held in cases:
            if held is not None:
                key, sure = held
                case.keys[rule] = key
                group = groups.get((rule, key))
                if group is None:
                    group = groups[rule, key] = _Group()
                group.add(record, sure)

    def keys(self, rule: str, cases: Iterable[tuple[str, LiveCase]]) -> Iterator[Key | None]:
        """What open cases take part with by a rule."""
        for record, case in cases:
            key = case.keys.get(rule)
            yield None if key is None else (key, self._groups[rule, key].records[record])

    def counts(self, case: LiveCase) -> dict[str, int]:
        """How many share the keys of a case, as the rules ask for it."""
        out = {}
        for rule in self._rules:
            key = case.keys.get(rule.id)
            group = self._groups.get((rule.id, key)) if key is not None else None
            out[rule.sure_name] = group.sure if group is not None else 0
            out[rule.all_name] = max(1, len(group.records)) if group is not None else 1
        return out

    def groups(self) -> Iterator[tuple[tuple[str, tuple[Any, ...]], Mapping[str, bool]]]:
        """For each rule and key the records that share it, and which are sure to."""
        return ((place, group.records) for place, group in self._groups.items())

    @property
    def rules(self) -> list[str]:
        """The rules that count keys."""
        return [rule.id for rule in self._rules]

    def fields_of(self, rule: str) -> list[str]:
        """The fields that the keys of a rule are made of."""
        return [field.name for shared in self._rules if shared.id == rule
                for field in shared.fields]
