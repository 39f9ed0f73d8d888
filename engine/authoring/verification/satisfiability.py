"""Records that comply in full. In: a prover. Out: values of tables for which there is none.

For each value of a table there is to be a record with which every rule is content; and wherever a
rule can apply at all, there is to be one to which it applies. A situation that one rule alone
forbids is meant to be forbidden; only rules that shut it out together are a fault.
"""

from __future__ import annotations

from typing import Any

from zhuanjie.engine.authoring.verification.findings import (
    FieldInWords,
    FindingKindInWords,
    ValuesInWords,
    Verification,
)
from zhuanjie.engine.authoring.verification.kept_answers import EVERY
from zhuanjie.engine.authoring.verification.meeting import numbers_in, set_of
from zhuanjie.engine.authoring.verification.pool import Pool
from zhuanjie.engine.authoring.verification.prover import Proof, Prover, Scenario, Shown
from zhuanjie.engine.authoring.verification.rule_sets import RuleSets
from zhuanjie.engine.authoring.verification.table_rows import kinds_of
from zhuanjie.engine.backends.smt.encode import Formula, field_is
from zhuanjie.engine.backends.smt.query import Answer
from zhuanjie.engine.backends.smt.rules import SymbolicRule
from zhuanjie.engine.core.results import QUIET_OUTCOMES, Outcome
from zhuanjie.engine.expr.nodes import FieldRef


def verify_compliance(prover: Prover, sets: RuleSets, said: list[frozenset[str]],
                      out: Verification) -> None:
    """Every value that a table allows; the pack as a whole where it has no table.

    `said` are sets of rules of which it was said that they cannot be met together; what is found
    is added.
    """
    tables = [r for r in prover.rules if r.rule.rows and r.rule.subject is not None]
    pools = _Pools(prover, sets)
    for table in tables:
        assert isinstance(table.rule.subject, FieldRef)
        for kind in kinds_of(table):
            place = SubjectValueProof(pools, table.rule.subject.name, kind, said, out)
            if not place.refused(table):  # where every row that allows it is dead
                place.verify()
    if not tables:
        SubjectValueProof(pools, "", "", said, out).verify()


class _Pools:
    """One solver in which every rule is content; each rule applies, or a value is there, if asked.
    """

    def __init__(self, prover: Prover, sets: RuleSets) -> None:
        self.prover, self.sets = prover, sets
        self.complied = {r.rule.id: r.complied for r in prover.rules}
        self._kinds: dict[str, int] = {}
        self._pool: Pool | None = None

    def applying(self) -> Pool:
        """The solver."""
        if self._pool is None:
            parts = {n: r.applies for n, r in enumerate(self.sets.rules)}
            for rule in (r for r in self.sets.rules if r.rule.shape == "table"):
                assert isinstance(rule.rule.subject, FieldRef)
                field = rule.fields[rule.rule.subject.name]
                for kind in kinds_of(rule):
                    number = self._kinds.setdefault(f"{field.name} {kind}",
                                                    len(self.sets.rules) + len(self._kinds))
                    parts[number] = field_is(field, kind)
            self._pool = Pool(self.prover, parts, self.complied.values())
        return self._pool

    def value(self, subject: str, kind: str) -> list[int]:
        """What is asked for beside the rules where a field is to have a value."""
        return [self._kinds[f"{subject} {kind}"]] if kind else []


class SubjectValueProof:
    """One value of a table under examination; without one, any record at all."""

    def __init__(self, pools: _Pools, subject: str, kind: str, said: list[frozenset[str]],
                 out: Verification) -> None:
        self.pools, self.prover, self.sets = pools, pools.prover, pools.sets
        self.subject, self.kind = subject, kind
        self.said, self.out = said, out
        self.here: list[Formula] = (
            [field_is(self.prover.policy.vocabulary.fields[subject], kind)] if kind else []
        )
        self.complied = pools.complied

    def refused(self, table: SymbolicRule) -> bool:
        """Whether the table itself never allows this value, whatever its rows say."""
        here = [*self.here, table.outcome(Outcome.SATISFIED)]
        return self.prover.find(here, lambda s: (
            s.setting.record.get(self.subject) == self.kind
            and s.outcome(table.rule) is Outcome.SATISFIED)).none

    def verify(self) -> None:
        """Say whether a record with the value can comply in full."""
        found = self._find([])
        if found.none:
            self._report(self.here, "")
        elif not self.out.unsure("unsatisfiable", [], found):
            met = [self._with(rule) for rule in self._apart()]
            if all(met):
                self.out.prove("unsatisfiable", [], self._code(), **self._about())

    def _apart(self) -> list[SymbolicRule]:
        """The rules for which no record was found that complies in full with the rule applying.

        A record to which many rules apply stands for all of them, so that few are asked for.
        """
        never = set_of(n for n, box in enumerate(self.sets.applying) if box is None)
        left = self.sets.every & ~never
        for scenario in self.prover.met_here():
            if self._in_order(scenario):
                left &= ~self.sets.standing(scenario).applying
        pool = self.pools.applying() if left else None
        while left and pool is not None:
            n = (left & -left).bit_length() - 1
            near = left & self.sets.applied.of(self.sets.applying[n])
            # All that can apply beside it by the look of it; else any of those that are left.
            for chosen, some in ((near, None), (0, left)):
                found = pool.find([*numbers_in(chosen), *self.pools.value(self.subject, self.kind)],
                                  None if some is None else numbers_in(some),
                                  self._applying(chosen, some),
                                  ("content", self.subject, self.kind, EVERY, "all apply",
                                   *self.sets.ids(chosen), "one applies",
                                   *self.sets.ids(some or 0)))
                if found.scenario is not None or some is not None:
                    break
            if found.scenario is None:
                break
            left &= ~self.sets.standing(found.scenario).applying
        return self.sets.of(left | never)

    def _in_order(self, scenario: Scenario) -> bool:
        return ((not self.kind or scenario.setting.record.get(self.subject) == self.kind)
                and self.sets.standing(scenario).quiet)

    def _applying(self, chosen: int, some: int | None) -> Shown:
        def shown(scenario: Scenario) -> bool:
            applying = self.sets.standing(scenario).applying
            return (self._in_order(scenario) and not chosen & ~applying
                    and (some is None or bool(some & applying)))

        return shown

    def _code(self) -> str:
        return "unsatisfiable" if self.kind else "unsatisfiable-any"

    def _about(self) -> dict[str, Any]:
        """The table's subject and the value, for those who are told."""
        found = self.prover.policy.vocabulary.fields.get(self.subject)
        return {} if found is None else {
            "subject": FieldInWords(found), "value": ValuesInWords(found, (self.kind,))}

    def _find(self, applying: list[SymbolicRule]) -> Proof:
        """A record that complies in full, with these rules applying."""
        wanted = [*self.here, *self.complied.values(), *(r.applies for r in applying)]
        return self.prover.find(
            wanted, self._shown(self.prover.rules, applying),
            ("content", self.subject, self.kind, EVERY, *(r.rule.id for r in applying)))

    def _shown(self, complied: tuple[SymbolicRule, ...], applying: list[SymbolicRule]) -> Shown:
        return lambda s: (
            (not self.kind or s.setting.record.get(self.subject) == self.kind)
            and all(s.applies(r.rule) for r in applying)
            and all(s.outcome(r.rule) in QUIET_OUTCOMES for r in complied))

    def _with(self, rule: SymbolicRule) -> bool:
        """Where the rule can apply at all, it can with everything in order."""
        found = self._find([rule])
        if found.answer is Answer.YES:
            return True
        here = [*self.here, rule.applies]
        if self.prover.find(here, self._shown((), [rule]),
                            ("applies", self.subject, self.kind, rule.rule.id)).none:
            return True
        if found.unknown:
            self.out.unsure("unsatisfiable", [rule.rule.id], found)
            return False
        return self._report(here, rule.rule.id)

    def _meanwhile(self, here: list[Formula], applying: str) -> bool:
        """Whether a record is in order while acts are still to be done.

        A rule that speaks of the time before an act does not apply to a record on which it is done.
        """
        wanted = [*here, *(r.complied | r.outcome(Outcome.PENDING) for r in self.prover.rules)]
        rule = next(r for r in self.prover.rules if r.rule.id == applying)
        return self.prover.find(wanted, lambda s: (
            (not self.kind or s.setting.record.get(self.subject) == self.kind)
            and s.applies(rule.rule)
            and all(s.outcome(r.rule) in (*QUIET_OUTCOMES, Outcome.PENDING)
                    for r in self.prover.rules)),
            ("meanwhile", self.subject, self.kind, EVERY, applying)).answer is Answer.YES

    def _report(self, here: list[Formula], applying: str) -> bool:
        """Say which rules shut the situation out, unless that is known or meant."""
        core = self.prover.core(here, self.complied)
        if core is None:
            self.out.report("unknown", [applying] if applying else [],
                            asked=FindingKindInWords("unsatisfiable"))
            return False
        if applying and (len(core) == 1 or any(known <= set(core) for known in self.said)
                         or (applying not in core and self._meanwhile(here, applying))):
            return True
        self.said.append(frozenset(core))
        code = f"{self._code()}-applying" if applying else self._code()
        self.out.report("unsatisfiable", core, code, **self._about(), applying=applying)
        return False
