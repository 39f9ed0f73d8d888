"""`policy mutate`. In: a policy with cases that pass. Out: the faults that no case notices.

A mutant is killed when a case of its rule comes out otherwise. Of the others the solver says which
mean the same as the rule they come from; the rest survive, each with a record that tells it apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from msgspec import Struct

from zhuanjie.engine.authoring.mutation.bench import MutationRunner
from zhuanjie.engine.authoring.mutation.faults import Mutant
from zhuanjie.engine.authoring.mutation.kept_witnesses import KeptWitnesses
from zhuanjie.engine.authoring.mutation.survivors import Survivor, Survivors
from zhuanjie.engine.policy.policy import Policy

WORTH = 40
"""So many mutants to examine make up for the start of further processes."""
_PART = 24
"""Mutants that are examined at a time: nearly always of one rule, which is then encoded once."""

Examined = tuple[list[Survivor | None], Mapping[str, Any]]


class MutationReport(Struct, frozen=True):
    """How many faults were tried, noticed, without effect; and those that nobody noticed."""

    mutants: int
    killed: int
    equivalent: int
    survivors: tuple[Survivor, ...]

    @property
    def score(self) -> float:
        """Killed mutants among those that mean something else."""
        real = self.mutants - self.equivalent
        return self.killed / real if real else 1.0


def mutate(policy: Policy, jobs: int = 1) -> MutationReport:
    """Try every mutant. Raises PolicyError where there are no cases, or some of them fail."""
    bench = MutationRunner(policy)
    every = list(bench.mutants())
    alive = [m for m in every if not bench.is_killed_by_cases(m)]
    kept = KeptWitnesses(policy)
    survivors: list[Survivor] = []
    for part, noted in _examined(bench, kept, alive, jobs):
        survivors += (found for found in part if found is not None)
        kept.used.update(noted)
    kept.write()
    killed = len(every) - len(alive)
    return MutationReport(len(every), killed, len(alive) - len(survivors), tuple(survivors))


def _examined(bench: MutationRunner, kept: KeptWitnesses, alive: Sequence[Mutant],
              jobs: int) -> Iterator[Examined]:
    """The answers on mutants in their order, by several processes where that pays."""
    parts = [alive[at:at + _PART] for at in range(0, len(alive), _PART)]
    if jobs < 2 or len(alive) < WORTH or len(alive) - len(kept.old) < WORTH:
        survivors = Survivors(bench, kept)
        yield from (([survivors.classify(m) for m in part], {}) for part in parts)
        return
    # Fresh processes: engines keep threads and native state that do not survive a fork.
    with ProcessPoolExecutor(jobs, get_context("spawn"), _start,
                             (bench.policy, kept.old)) as pool:
        yield from pool.map(_examine, parts)


_survivors: list[Survivors] = []


def _start(policy: Policy, old: Mapping[str, Any]) -> None:
    _survivors.append(Survivors(MutationRunner(policy, sound=True), KeptWitnesses(policy, old)))


def _examine(part: Sequence[Mutant]) -> Examined:
    here = _survivors[0]
    here.kept.used = {}
    return [here.classify(m) for m in part], here.kept.used
