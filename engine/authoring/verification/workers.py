"""Rules one by one, on as many cores as there are. In: a prover and its rules. Out: what is found.

What is asked of a rule by itself, and what implies it, is asked of some rules at a time. The parts
are put together in the order of the rules, whoever looked at them and whenever.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from threading import current_thread, main_thread
from typing import Any, Final

from msgspec import Struct, field

from zhuanjie.engine.authoring.verification.findings import Verification
from zhuanjie.engine.authoring.verification.implied import Core, Implied
from zhuanjie.engine.authoring.verification.kept_answers import Kept, KeptAnswers
from zhuanjie.engine.authoring.verification.prover import OutOfTime, Prover
from zhuanjie.engine.authoring.verification.rule_sets import RuleSets
from zhuanjie.engine.authoring.verification.single_rules import verify_rules
from zhuanjie.engine.policy.policy import Policy

WORTH: Final = 64
"""Rules that nothing is kept of, from which on other processes pay."""
_PART: Final = 25
"""Rules that are looked at at a time."""

_HEARD: Final = 0.2
"""Seconds within which an interrupt is heard."""

Told = Callable[[int, int], None]


class Looked(Struct):
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
    if jobs < 2 or _new(prover, sets) < WORTH:
        for part in parts:
            yield look(prover, sets, part)
            told(done := done + len(part), count)
        return
    with _pool(prover, jobs) as pool:
        with _no_interrupts():
            futures = [pool.submit(_look, part) for part in parts]
        for future in _as_done(futures):
            found = _result(future)
            if prover.kept is not None:
                prover.kept.new.update(found.kept)
            yield found
            told(done := done + len(found.numbers), count)


def _new(prover: Prover, sets: RuleSets) -> int:
    """How many rules there are of which nothing is kept."""
    kept = prover.kept
    return sum(kept is None or not kept.has("find", None, ("applies", r.rule.id))
               for r in sets.rules)


def _as_done(futures: Sequence[Future[Looked | None]]) -> Iterator[Future[Looked | None]]:
    """What is done, as it is; in between an interrupt is heard, whichever thread it came to."""
    left = set(futures)
    while left:
        done, left = wait(left, _HEARD, FIRST_COMPLETED)
        yield from done


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
    """Processes that start here start whole, and are not interrupted: who starts them ends them.

    They are born with the signal blocked. Here it is held back, since it may come to any thread.
    """
    if not hasattr(signal, "pthread_sigmask") or current_thread() is not main_thread():
        yield
        return
    came: list[int] = []
    heard = signal.signal(signal.SIGINT, lambda number, _frame: came.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGINT, heard)
    if came:
        raise KeyboardInterrupt


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
