"""`policy verify`. In: a policy. Out: what is proved of every record and day, and what is wrong.

Parameters have their real values on each day, any cell may be blank, months are calendar months.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic

from msgspec.structs import replace

from zhuanjie.engine.authoring.verification.conflict_sets import verify_together
from zhuanjie.engine.authoring.verification.contradictions import Contradictions
from zhuanjie.engine.authoring.verification.findings import (
    KINDS,
    Accepted,
    Left,
    Statement,
    Verification,
    VerifyFinding,
)
from zhuanjie.engine.authoring.verification.implied import Implied
from zhuanjie.engine.authoring.verification.kept_answers import KeptAnswers
from zhuanjie.engine.authoring.verification.prover import OutOfTime, Prover
from zhuanjie.engine.authoring.verification.rule_sets import RuleSets
from zhuanjie.engine.authoring.verification.satisfiability import verify_compliance
from zhuanjie.engine.authoring.verification.shares import shares_of, verify_shares
from zhuanjie.engine.authoring.verification.single_rules import bearable
from zhuanjie.engine.authoring.verification.tables import verify_tables
from zhuanjie.engine.authoring.verification.workers import Looked, Told, in_order, look_at_all
from zhuanjie.engine.backends.smt.facts import DAYS
from zhuanjie.engine.core.dates import from_day
from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.kept_files import kept_files
from zhuanjie.engine.policy.model import Acceptance
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.policy.rule_places import RulePlaces

TIMEOUT_MS = 5000
"""How long the solver may think about one question."""

__all__ = ["TIMEOUT_MS", "Accepted", "Statement", "Verification", "VerifyFinding", "verify"]


def verify(policy: Policy, *, timeout_ms: int = TIMEOUT_MS, jobs: int = 1,
           budget: float | None = None, partial: bool = False,
           progress: Told | None = None) -> Verification:
    """Prove what can be proved of a policy, and find what is wrong with it.

    Findings that the pack, or one it builds on, accepts with a reason are listed apart. `jobs`
    processes share the work, of which `progress` is told. After `budget` seconds, and with
    `partial` where it is interrupted, what is known by then is given, and what is not verified is
    listed in `left`. Raises UsageError for a policy without rules: there is no silent green.
    """
    kept = KeptAnswers(policy) if kept_files() is not None else None
    prover = Prover(policy, timeout_ms, kept, None if budget is None else monotonic() + budget)
    if not prover.rules and not shares_of(policy):
        raise fail(UsageError, "verify.no-rules", hint="verify.no-rules.hint", id=policy.id)
    run = _Run(prover, jobs, progress or (lambda _done, _whole: None))
    try:
        run.all()
    except OutOfTime:
        run.give_up()
    except KeyboardInterrupt:
        if not partial:
            raise
        run.give_up()
        run.out.interrupted = True
    if kept is not None:
        kept.write()
    out = run.out
    out.findings.sort(key=lambda f: KINDS.index(f.kind))
    out.proved.sort(key=lambda s: KINDS.index(s.kind))
    out.findings = _placed(policy, out.findings)
    _accept(policy, out)
    return out


def _placed(policy: Policy, findings: Sequence[VerifyFinding]) -> list[VerifyFinding]:
    if not findings:
        return []
    places, rules = RulePlaces(policy), {r.id: r for r in policy.rules}
    return [replace(f, places=tuple(
        places.row(rules[name], f.clauses[0]) if f.clauses and not at else places.of(rules[name])
        for at, name in enumerate(f.rules) if name in rules)) for f in findings]


class _Run:
    """The stages of a verification, and which of them are done."""

    def __init__(self, prover: Prover, jobs: int, told: Told) -> None:
        self.prover, self.jobs, self.told = prover, jobs, told
        self.sets = RuleSets(prover)
        self.out = Verification()
        self.parts: list[Looked] = []
        self.open = ["tables", "shares", "rules", "implied", "together", "periods"]

    def all(self) -> None:
        """Every stage in its order; what a stage finds counts where the stage came to its end."""
        prover, sets = self.prover, self.sets
        self._stage(lambda out: verify_tables(prover, out))
        self._stage(lambda out: verify_shares(prover, shares_of(prover.policy), out))
        for part in look_at_all(prover, sets, self.jobs, self.told):
            self.parts.append(part)
        self.told(0, 0)  # what follows has no count
        self._take_in()
        self.open.pop(0)
        self._stage(self._implied)
        self._stage(lambda out: _together(prover, sets, out))
        if len(periods := prover.periods()) > 1:
            for period in periods:
                with prover.during(period):
                    found = _in_period(prover, sets)
                last = None if period[1] == DAYS[1] else from_day(period[1])
                self.out.add_period(found, from_day(period[0]), last)
        self.open.pop(0)

    def _stage(self, work: Callable[[Verification], None]) -> None:
        found = Verification()
        work(found)
        self._add(found)
        self.open.pop(0)

    def _implied(self, out: Verification) -> None:
        cores = {name: core for part in in_order(self.parts) for name, core in part.cores.items()}
        Implied(self.prover, self.sets, out).report(cores)

    def _take_in(self) -> None:
        parts = in_order(self.parts)
        for found in (*(p.alone for p in parts), *(p.against for p in parts)):
            self._add(found)

    def _add(self, found: Verification) -> None:
        self.out.proved += found.proved
        self.out.findings += found.findings

    def give_up(self) -> None:
        """Say what is not verified: nothing of a stage is proved that did not come to its end."""
        every = [r.rule.id for r in self.prover.rules]
        if "tables" in self.open:
            self._leave(("gap", "overlap"), [
                r.rule.id for r in self.prover.rules if r.rule.shape == "table"])
        alone = ("dead", "never-violated", "always-violated")
        if "shares" in self.open:
            self._leave(alone, [r.id for r in shares_of(self.prover.policy)])
        if "rules" in self.open:
            self._take_in()
            seen = {n for part in self.parts for n in part.numbers}
            self._leave((*alone, "backward-deadline"),
                        [name for n, name in enumerate(every) if n not in seen])
        if "implied" in self.open:
            self._leave(("implied",), every)
        if "together" in self.open or len(self.prover.periods()) > 1:
            kinds = ("contradiction", "unsatisfiable")
            self._leave(kinds, every)
            self.out.proved = [s for s in self.out.proved if s.kind not in kinds]

    def _leave(self, kinds: Sequence[str], rules: Sequence[str]) -> None:
        if rules:
            self.out.left += [Left(kind, tuple(rules)) for kind in kinds]


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
    # What was not looked for may yet be found.
    out.stale = [] if out.left else [a for a in own if id(a) not in used]


def _fits(acceptance: Acceptance, finding: VerifyFinding) -> bool:
    return (acceptance.kind == finding.kind
            and set(acceptance.rules) == set(finding.rules)
            and (not acceptance.clauses or set(acceptance.clauses) == set(finding.clauses)))
