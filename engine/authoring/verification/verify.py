"""`policy verify`. In: a policy. Out: what is proved of every record and day, and what is wrong.

Parameters have their real values on each day, any cell may be blank, months are calendar months.
"""

from __future__ import annotations

from zhuanjie.engine.authoring.verification.conflict_sets import verify_together
from zhuanjie.engine.authoring.verification.contradictions import Contradictions
from zhuanjie.engine.authoring.verification.findings import (
    KINDS,
    Accepted,
    Statement,
    Verification,
    VerifyFinding,
)
from zhuanjie.engine.authoring.verification.implied import Implied
from zhuanjie.engine.authoring.verification.prover import Prover
from zhuanjie.engine.authoring.verification.rule_sets import RuleSets
from zhuanjie.engine.authoring.verification.satisfiability import verify_compliance
from zhuanjie.engine.authoring.verification.single_rules import bearable, verify_rules
from zhuanjie.engine.authoring.verification.tables import verify_tables
from zhuanjie.engine.backends.smt.facts import DAYS
from zhuanjie.engine.core.dates import from_day
from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.policy.model import Acceptance
from zhuanjie.engine.policy.policy import Policy

TIMEOUT_MS = 5000
"""How long the solver may think about one question."""

__all__ = ["TIMEOUT_MS", "Accepted", "Statement", "Verification", "VerifyFinding", "verify"]


def verify(policy: Policy, *, timeout_ms: int = TIMEOUT_MS) -> Verification:
    """Prove what can be proved of a policy, and find what is wrong with it.

    Findings that the pack, or one it builds on, accepts with a reason are listed apart. Raises
    UsageError for a policy without rules: there is no silent green.
    """
    prover = Prover(policy, timeout_ms)
    if not prover.rules:
        raise fail(UsageError, "verify.no-rules", hint="verify.no-rules.hint", id=policy.id)
    out = Verification()
    verify_tables(prover, out)
    verify_rules(prover, out)
    sets = RuleSets(prover)
    implied = Implied(prover, sets, out)
    implied.report(implied.search(range(len(sets.rules))))
    _together(prover, sets, out)
    if len(periods := prover.periods()) > 1:
        for period in periods:
            with prover.during(period):
                last = None if period[1] == DAYS[1] else from_day(period[1])
                out.add_period(_in_period(prover, sets), from_day(period[0]), last)
    out.findings.sort(key=lambda f: KINDS.index(f.kind))
    out.proved.sort(key=lambda s: KINDS.index(s.kind))
    _accept(policy, out)
    return out


def _together(prover: Prover, sets: RuleSets, out: Verification) -> None:
    """What rules ask together."""
    pairs = Contradictions(prover, sets, out)
    pairs.search()
    said = list(pairs.at_odds)
    verify_compliance(prover, sets, said, out)
    verify_together(prover, sets, pairs.apart, said, out)


def _in_period(prover: Prover, sets: RuleSets) -> Verification:
    """What nobody can comply with while the parameters have the values of one period.

    That a rule does not apply, or is not violated, for a time is no fault: terms change.
    """
    out = Verification()
    for rule in prover.rules:
        if rule.rule.params:
            bearable(prover, rule, out)
    _together(prover, sets, out)
    return out


def _accept(policy: Policy, out: Verification) -> None:
    """Set accepted findings apart; an acceptance of the pack's own that accepts nothing is said."""
    own = policy.manifest.accepts
    inherited = [a for pack in policy.chain[:-1] for a in pack.manifest.accepts]
    used: set[int] = set()
    left: list[VerifyFinding] = []
    for finding in out.findings:
        chosen = next((a for a in (*own, *inherited) if _fits(a, finding)), None)
        if chosen is None:
            left.append(finding)
        else:
            used.add(id(chosen))
            out.accepted.append(Accepted(finding, chosen))
    out.findings = left
    out.stale = [a for a in own if id(a) not in used]


def _fits(acceptance: Acceptance, finding: VerifyFinding) -> bool:
    return (acceptance.kind == finding.kind
            and set(acceptance.rules) == set(finding.rules)
            and (not acceptance.clauses or set(acceptance.clauses) == set(finding.clauses)))
