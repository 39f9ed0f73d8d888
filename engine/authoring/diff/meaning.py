"""What two packs mean differently. In: two policies. Out: for each clause, a verdict and a witness.

A rule that only one policy has is compared with one that never applies, so that adding it shows as
stricter only if it can be violated at all. Where several rules of a clause change, the clause is
compared as a whole: by the worst that any of its rules comes to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.authoring.diff.case_yaml import as_values
from zhuanjie.engine.authoring.diff.counterexample import Side, cut, find_counterexample
from zhuanjie.engine.authoring.diff.equivalence import Verdict, compare_clauses, compare_rules
from zhuanjie.engine.authoring.diff.pairing import pair_rules
from zhuanjie.engine.authoring.mutation.canonical_text import parts
from zhuanjie.engine.authoring.testing.case_runner import case_instances
from zhuanjie.engine.authoring.testing.prepared_cases import EvaluationContext, PreparedCase, scenes
from zhuanjie.engine.authoring.verification.scope import scoped
from zhuanjie.engine.backends.smt.rules import Parameters
from zhuanjie.engine.core.dates import from_day, to_day
from zhuanjie.engine.core.errors import ZhuanjieError
from zhuanjie.engine.expr.nodes import Lit
from zhuanjie.engine.expr.types import BOOL
from zhuanjie.engine.policy.pack_files import load_cases
from zhuanjie.engine.policy.policy import Policy, TypedRule

NEVER = Lit(False, BOOL)


class Meaning(Struct, frozen=True):
    """How a clause changes. The witness is a record and a day on which its rule differs.

    `was` and `now` are what the record comes out as; `others` are further records of its ledger.
    """

    verdict: Verdict
    rule: str | None = None
    witness: Mapping[str, Any] | None = None
    as_of: date | None = None
    was: str | None = None
    now: str | None = None
    others: tuple[Mapping[str, Any], ...] = ()


def meaning(old: Policy, new: Policy) -> dict[str, Meaning]:
    """The verdict on every clause that has a rule in either policy, the newer one's first."""
    # A rule of one side alone is compared with one that never applies, and reads its numbers.
    old, new = (replace(p, parameters={**other.parameters, **p.parameters})
                for p, other in ((old, new), (new, old)))
    found: dict[str, list[Meaning]] = {}
    changed: dict[str, list[tuple[TypedRule, TypedRule]]] = {}
    comparer = _Comparer(old, new)
    for before, after in _pairs(old, new):
        for clause, was, now in _by_clause(before, after):
            here = comparer.compare(was, now)
            found.setdefault(clause, []).append(here)
            if here.verdict != "equal":
                changed.setdefault(clause, []).append((was, now))
    order = dict.fromkeys([*new.clauses, *old.clauses])
    return {clause: comparer.joined(found[clause], changed.get(clause, []))
            for clause in order if clause in found}


def _pairs(old: Policy, new: Policy) -> Iterator[tuple[TypedRule, TypedRule]]:
    """The rules of both; what one of them lacks never applies there."""
    for was, now in pair_rules(old, new):
        if was is not None and now is not None:
            yield was, now
        elif now is not None:
            yield replace(now, when=NEVER), now
        elif was is not None:
            yield was, replace(was, when=NEVER)


def _by_clause(was: TypedRule, now: TypedRule) -> Iterator[tuple[str, TypedRule, TypedRule]]:
    """A pair under its clause, and each row of a table under its own."""
    yield now.clause, was, now
    for clause in dict.fromkeys(r.clause for r in (*now.rows, *was.rows)):
        sides = []
        for rule, other in ((was, now), (now, was)):
            rows = tuple(r for r in rule.rows if r.clause == clause)
            # Where one side lacks the row, it stands there and never holds.
            rows = rows or tuple(
                replace(r, when=NEVER) for r in other.rows if r.clause == clause)
            sides.append(replace(rule, rows=rows))
        yield clause, sides[0], sides[1]


class _Comparer:
    def __init__(self, old: Policy, new: Policy) -> None:
        self.old, self.new = old, new
        self.vocabulary = new.vocabulary.joined(old.vocabulary)
        self.params = Parameters.of(old), Parameters.of(new)
        self._scenes: list[PreparedCase] | None = None

    def compare(self, was: TypedRule, now: TypedRule) -> Meaning:
        """The verdict on a pair of rules."""
        read = was.params | now.params
        values = [{n: p.parameters.get(n) for n in read} for p in (self.old, self.new)]
        if (values[0] == values[1] and self.old.overrides == self.new.overrides
                and self.old.scope == self.new.scope and parts(was) == parts(now)):
            return Meaning("equal")
        sides = Side(was, self.old), Side(now, self.new)
        answer = compare_rules(scoped(was, self.old.scope), scoped(now, self.new.scope),
                               *self.params, self.vocabulary, near=to_day(self.new.start))
        if answer.verdict == "equal":
            return Meaning("equal")
        setting = cut(*sides, answer) or find_counterexample(*sides, self._seeds(now))
        if setting is None:
            return Meaning(answer.verdict, now.id)
        # What the solver leaves open the search may still settle: the two do differ.
        verdict: Verdict = "different" if answer.verdict == "unknown" else answer.verdict
        came = [str(side.judged(setting).outcome) for side in sides]
        first, *others = (as_values(r, self.vocabulary.fields) for r in setting.ledger)
        return Meaning(verdict, now.id, first, from_day(setting.today), came[0], came[1],
                       tuple(others))

    def _seeds(self, rule: TypedRule) -> Sequence[EvaluationContext]:
        """Settings to search from: the cases of either policy that name the rule."""
        if self._scenes is None:
            self._scenes = []
            for policy in (self.old, self.new):
                try:
                    files = [f for p in policy.chain for f in load_cases(p.folder)]
                    self._scenes += scenes(policy, case_instances(files, policy.vocabulary.key))
                except ZhuanjieError:  # a revision's folder is gone, or cases are broken
                    continue
        named = [s.setting for s in self._scenes if rule.id in s.task.expect]
        if named:
            return named
        return [EvaluationContext(self.vocabulary, ({},), to_day(self.new.start), {})]

    def joined(self, found: Sequence[Meaning],
               changed: Sequence[tuple[TypedRule, TypedRule]]) -> Meaning:
        """One verdict of several, on a clause of which these pairs of rules have changed."""
        telling = [m for m in found if m.verdict != "equal"]
        if not telling:
            return Meaning("equal")
        if len(telling) == 1:
            return telling[0]
        whole = self._whole(changed)
        if whole is not None:
            return whole
        verdicts = {m.verdict for m in telling}
        shown = next((m for m in telling if m.witness is not None), telling[0])
        if len(verdicts) == 1:
            return shown
        return replace(shown, verdict="unknown" if verdicts == {"unknown"} else "different")

    def _whole(self, changed: Sequence[tuple[TypedRule, TypedRule]]) -> Meaning | None:
        """The verdict on all the rules together; None where they are not to be put together."""
        was = [scoped(old, self.old.scope) for old, _ in changed]
        now = [scoped(new, self.new.scope) for _, new in changed]
        if any(r.counts_keys or r.on_whole_ledger for r in (*was, *now)):
            return None
        answer = compare_clauses(
            was, now, *self.params, self.vocabulary, near=to_day(self.new.start)
        )
        if answer.verdict == "equal":
            return Meaning("equal")
        if answer.witness is None or answer.as_of is None:
            return None
        return Meaning(answer.verdict, changed[0][1].id, answer.witness, answer.as_of,
                       *answer.came)
