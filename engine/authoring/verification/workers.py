"""Rules one by one, on as many cores as there are. In: a prover and its rules. Out: what is found.

What is asked of a rule by itself, and what implies it, is asked of some rules at a time. The parts
are put together in the order of the rules, whoever looked at them and whenever.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import active_children, get_context
from typing import Any, Final

from zhuanjie.engine.authoring.verification.findings import Verification
from zhuanjie.engine.authoring.verification.implied import Core, Implied
from zhuanjie.engine.authoring.verification.kept_answers import Kept, KeptAnswers
from zhuanjie.engine.authoring.verification.prover import OutOfTime, Prover
from zhuanjie.engine.authoring.verification.rule_sets import RuleSets
from zhuanjie.engine.authoring.verification.single_rules import verify_rules
from zhuanjie.engine.policy.policy import Policy

WORTH: Final = 64
"""Rules from which on other processes pay."""
_PART: Final = 25
"""Rules that are looked at at a time."""

Told = Callable[[int, int], None]


@dataclass(slots=True)
class Looked:
    """What was found of some rules: by themselves, and when they were held up against all."""

    numbers: range
    alone: Verification = field(default_factory=Verification)
    against: Verification = field(default_factory=Verification)
    cores: dict[str, Core] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)


def look(prover: Prover, sets: RuleSets, numbers: range) -> Looked:
    """Look at some rules; raises OutOfTime."""
    found = Looked(numbers)
    verify_rules(prover, [sets.rules[n] for n in numbers], found.alone)
    found.cores = Implied(prover, sets, found.against).search(numbers)
    return found


def look_at_all(prover: Prover, sets: RuleSets, jobs: int, told: Told) -> Iterator[Looked]:
    """Look at every rule, in parts, as they are done; raises OutOfTime."""
    count = len(sets.rules)
    parts = [range(at, min(at + _PART, count)) for at in range(0, count, _PART)]
    done = 0
    if jobs < 2 or count < WORTH:
        for part in parts:
            yield look(prover, sets, part)
            told(done := done + len(part), count)
        return
    with _pool(prover, jobs) as pool:
        with _no_interrupts():
            futures = [pool.submit(_look, part) for part in parts]
        for future in as_completed(futures):
            found = _result(future)
            if prover.kept is not None:
                prover.kept.new.update(found.kept)
            yield found
            told(done := done + len(found.numbers), count)


def _result(future: Future[Looked | None]) -> Looked:
    found = future.result()
    if found is None:
        raise OutOfTime
    return found


@contextmanager
def _pool(prover: Prover, jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Fresh processes, which end with what is asked of them, or at once where that is given up."""
    old = prover.kept.old if prover.kept is not None else None
    others = set(active_children())
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _start, (
        prover.policy, prover.timeout_ms, old, prover.until))
    try:
        yield pool
    except BaseException:
        for process in set(active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Processes that start here are not interrupted: whoever starts them is, and ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_bench: list[tuple[Prover, RuleSets]] = []


def _start(policy: Policy, timeout_ms: int, old: Kept | None, until: float | None) -> None:
    kept = None if old is None else KeptAnswers(policy, old)
    prover = Prover(policy, timeout_ms, kept, until)
    _bench.append((prover, RuleSets(prover)))


def _look(numbers: range) -> Looked | None:
    prover, sets = _bench[0]
    try:
        found = look(prover, sets, numbers)
    except OutOfTime:
        return None
    if prover.kept is not None:
        found.kept, prover.kept.new = prover.kept.new, {}
    return found


def in_order(parts: Sequence[Looked]) -> list[Looked]:
    """The parts in the order of their rules."""
    return sorted(parts, key=lambda part: part.numbers.start)
