"""Which rules a change touches. In: a plan, names of fields. Out: places of rules.

A rule that reads none of the fields that changed comes out as it did; so does one that no day can
turn when the clock moves. What it says of a record that is new, and of which it reads nothing, it
says of an empty one.
"""

from __future__ import annotations

from zhuanjie.engine.backends.base import RecordBackend
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.expr.nodes import field_names
from zhuanjie.engine.lowering.clock import turning_days
from zhuanjie.engine.lowering.conditions import Term
from zhuanjie.engine.lowering.plan import Plan

_KEPT = 4096
Places = tuple[int, ...]


class RuleIndex:
    """The rules of a plan by what they hang on. It holds for all days with the same parameters."""

    def __init__(self, plan: Plan) -> None:
        scope = plan.policy.scope
        self.everything: Places = tuple(range(len(plan.rules)))
        self._scope = field_names(scope)
        self._reading: dict[str, set[int]] = {}
        for at, rule in enumerate(plan.rules):
            for name in rule.fields:
                self._reading.setdefault(name, set()).add(at)
        self._known: dict[tuple[frozenset[str], bool], Places] = {}
        self._standing: frozenset[int] | None = None
        self._covered: frozenset[int] = frozenset()
        found: list[Term] = []
        timed = set()
        self.any_day = False
        for at, rule in enumerate(plan.rules):
            terms, any_day = turning_days((rule,), None, plan.params)
            found += terms
            self.any_day = self.any_day or any_day
            if terms or any_day:
                timed.add(at)
        terms, any_day = turning_days((), scope, plan.params)
        self.any_day = self.any_day or any_day
        self.terms = tuple(dict.fromkeys([*found, *terms]))
        """The days around which an outcome can turn, where it cannot on `any_day`."""
        self._timed = self.everything if terms or any_day else tuple(sorted(timed))

    def judge_by(self, plan: Plan) -> None:
        """Go by another day and the waivers that hold on it."""
        self._standing = None
        self._known.clear()
        self._covered = frozenset(
            at for at, rule in enumerate(plan.rules) for waiver in plan.waivers.waivers
            if any(waiver.covers(rule, clause) for clause in rule.clauses))

    @property
    def covered(self) -> Places:
        """The rules that some waiver speaks of: what it hangs on is not looked into."""
        return tuple(sorted(self._covered))

    @property
    def timed(self) -> Places:
        """The rules that a day can turn."""
        return tuple(sorted(self._covered.union(self._timed)))

    def touched(self, changed: frozenset[str], plan: Plan | None = None,
                backend: RecordBackend | None = None) -> Places:
        """The rules that may come out otherwise where the fields `changed` are new.

        With `plan` and `backend` the record is new itself.
        """
        known = self._known.get((changed, plan is not None))
        if known is not None:
            return known
        if self._scope.isdisjoint(changed):
            touched = set(self._covered).union(
                *(self._reading.get(name, ()) for name in changed))
            if plan is not None and backend is not None:
                touched |= self._on_sight(plan, backend)
            places = tuple(sorted(touched))
        else:
            places = self.everything
        if len(self._known) < _KEPT:
            self._known[changed, plan is not None] = places
        return places

    def and_covered(self, places: set[int]) -> Places:
        """Rules and those that some waiver speaks of."""
        return tuple(sorted(self._covered.union(places)))

    def _on_sight(self, plan: Plan, backend: RecordBackend) -> frozenset[int]:
        """The rules that do not leave a record of which nothing is known alone."""
        if self._standing is None:
            self._standing = frozenset(
                v.rule for v in backend.judge_record(plan, {}, True, self.everything)
                if v.outcome is not Outcome.NOT_APPLICABLE)
        return self._standing
