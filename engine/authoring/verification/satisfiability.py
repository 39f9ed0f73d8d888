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
from zhuanjie.engine.authoring.verification.prover import Proof, Prover, Shown
from zhuanjie.engine.authoring.verification.tables import kinds_of
from zhuanjie.engine.backends.smt.encode import Formula, field_is
from zhuanjie.engine.backends.smt.query import Answer
from zhuanjie.engine.backends.smt.rules import SymbolicRule
from zhuanjie.engine.core.results import QUIET_OUTCOMES, Outcome
from zhuanjie.engine.expr.nodes import FieldRef


def verify_compliance(prover: Prover, said: list[frozenset[str]], out: Verification) -> None:
    """Every value that a table allows; the pack as a whole where it has no table.

    `said` are sets of rules of which it was said that they cannot be met together; what is found
    is added.
    """
    tables = [r for r in prover.rules if r.rule.shape == "table"]
    for table in tables:
        assert isinstance(table.rule.subject, FieldRef)
        for kind in kinds_of(table):
            place = SubjectValueProof(prover, table.rule.subject.name, kind, said, out)
            if not place.refused(table):  # where every row that allows it is dead
                place.verify()
    if not tables:
        SubjectValueProof(prover, "", "", said, out).verify()


class SubjectValueProof:
    """One value of a table under examination; without one, any record at all."""

    def __init__(self, prover: Prover, subject: str, kind: str, said: list[frozenset[str]],
                 out: Verification) -> None:
        self.prover, self.subject, self.kind = prover, subject, kind
        self.said, self.out = said, out
        self.here: list[Formula] = (
            [field_is(prover.policy.vocabulary.fields[subject], kind)] if kind else []
        )
        self.complied = {r.rule.id: r.complied for r in prover.rules}

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
            rich = self._rich()
            rest = [r for r in self.prover.rules if r not in rich]
            met = [self._with(rule) for rule in rest]
            if all(met):
                self.out.prove("unsatisfiable", [], self._code(), **self._about())

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
        return self.prover.find(wanted, self._shown(self.prover.rules, applying))

    def _shown(self, complied: tuple[SymbolicRule, ...], applying: list[SymbolicRule]) -> Shown:
        return lambda s: (
            (not self.kind or s.setting.record.get(self.subject) == self.kind)
            and all(s.applies(r.rule) for r in applying)
            and all(s.outcome(r.rule) in QUIET_OUTCOMES for r in complied))

    def _rich(self) -> list[SymbolicRule]:
        """Rules that can all apply to one record that complies in full: as many as come easily."""
        applying = list(self.prover.rules)
        base = [*self.here, *self.complied.values()]
        while applying and self._find(applying).answer is not Answer.YES:
            clash = self.prover.clash(base, {r.rule.id: r.applies for r in applying})
            applying = [r for r in applying if r.rule.id != clash[-1]]
        return applying

    def _with(self, rule: SymbolicRule) -> bool:
        """Where the rule can apply at all, it can with everything in order."""
        found = self._find([rule])
        if found.answer is Answer.YES:
            return True
        here = [*self.here, rule.applies]
        if self.prover.find(here, self._shown((), [rule])).none:
            return True
        if found.unknown:
            self.out.unsure("unsatisfiable", [rule.rule.id], found)
            return False
        return self._report(here, rule.rule.id)

    def _report(self, here: list[Formula], applying: str) -> bool:
        """Say which rules shut the situation out, unless that is known or meant."""
        core = self.prover.core(here, self.complied)
        if core is None:
            self.out.report("unknown", [applying] if applying else [],
                            asked=FindingKindInWords("unsatisfiable"))
            return False
        if applying and (len(core) == 1 or any(known <= set(core) for known in self.said)):
            return True
        self.said.append(frozenset(core))
        code = f"{self._code()}-applying" if applying else self._code()
        self.out.report("unsatisfiable", core, code, **self._about(), applying=applying)
        return False
