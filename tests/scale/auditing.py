"""One trial of whole audits. In: a number, a seed. Out: counts, disagreements."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from support.values import replace

from scale.judging import rules_of, shuffled_day
from scale.ledgers import BY_HAND, STREAM, LedgerCase, drawn_case, drawn_waivers
from scale.rules import drawn_shares, features
from scale.tally import Tally
from scale.worlds import PACKS, world

ALWAYS = (BY_HAND, STREAM)
"""Ways that every trial takes; of the engines each takes two, in turn."""


@dataclass
class LedgerTrial:
    """What came of one."""

    tally: Tally = field(default_factory=Tally)
    found: list[LedgerCase] = field(default_factory=list)


def ways(number: int, engines: Sequence[str]) -> tuple[str, ...]:
    """Who audits the ledger of a trial beside the reference."""
    turn = [engines[(2 * number + i) % len(engines)] for i in range(min(2, len(engines)))]
    return (*ALWAYS, *turn)


def run_ledger_trial(seed: str, number: int, engines: Sequence[str], *,
                     size: int = 100) -> LedgerTrial:
    """Audit one random ledger in several ways."""
    random = Random(f"ledger-{seed}-{number}")
    where = world(random.choice(list(PACKS)))
    day = shuffled_day(random, where.day)
    rules = [*rules_of(random, where, 4), *drawn_shares(random, where, 2)]
    case = drawn_case(random, where, day, rules, size)
    plain = case.audited("reference")
    case = replace(case, waivers=tuple(drawn_waivers(random, case, plain.findings)))
    trial = LedgerTrial()
    tally = trial.tally
    start = time.process_time()
    report = case.audited("reference")
    tally.seconds["reference"] += time.process_time() - start
    tally.trials, tally.judged = 1, len(report.findings)
    shapes = {rule.id: rule.shape for rule in case.policy.rules}
    came = [(shapes[f.key], f.outcome.value) for f in report.findings]
    for rule in case.policy.rules:
        tally.features.update(features(rule, where))
    tally.features[f"vocabulary:{where.vocabulary}"] += 1
    if case.absent:
        tally.features["absent:blank" if case.is_blank else "absent:unknown"] += 1
    for engine in ways(number, engines):
        start = time.process_time()
        tried = replace(case, engine=engine)
        said = case.by_hand(plain.findings) if engine == BY_HAND else tried.says(engine)
        agrees = said == tried.of(report)
        tally.seconds[f"ledgers: {engine}"] += time.process_time() - start
        if agrees:
            tally.add(f"ledgers: {engine}", came)
        else:
            trial.found.append(tried)
    return trial
