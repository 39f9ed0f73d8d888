"""The fuzzer's run. In: seconds, a seed, kinds. Out: what ran and what was found, kept as cases.

An input is made from the seed, its kind and its number alone, or by changing one that said something
new before; so the same seed and count of inputs are the same run.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from fuzz.client import ForkServer
from fuzz.inputs import HEAD, FuzzInput
from fuzz.kinds import KINDS
from fuzz.minimise import minimise
from fuzz.oracle import behaviour, faults, signature

FOUND = Path(__file__).resolve().parent / "corpus" / "found"
MOST_KEPT = 150
"""Inputs of a kind that said something new, from which others are made."""


@dataclass
class Found:
    """A fault, and the input that shows it."""

    given: FuzzInput
    fault: str
    number: int


@dataclass
class FuzzRun:
    """A run and its counts."""

    seed: int
    kinds: Sequence[str]
    ran: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    spent: Counter[str] = field(default_factory=Counter)
    behaviours: dict[str, list[FuzzInput]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    found: list[Found] = field(default_factory=list)
    seconds: float = 0.0
    slowest: tuple[float, str] = (0.0, "")
    largest: tuple[int, str] = (0, "")

    def make(self, kind: str, number: int) -> FuzzInput:
        """The next input of a kind."""
        rng = Random(f"{self.seed}/{kind}/{number}")
        held = self.behaviours.get(kind)
        if held and rng.random() < 0.4:
            return KINDS[kind].mutate(rng, rng.choice(held))
        return KINDS[kind].fresh(rng)

    def order(self) -> Iterator[str]:
        """Which kind comes next: each by its weight, for ever."""
        turn = [k for k in self.kinds for _ in range(KINDS[k].weight)]
        Random(self.seed).shuffle(turn)
        while True:
            yield from turn

    def go(self, server: ForkServer, *, seconds: float | None = None, count: int | None = None,
           keep: Path | None = None, say: bool = False) -> None:
        """Run until the time, or the number of inputs, is spent."""
        began = time.monotonic()
        for done, kind in enumerate(self.order()):
            self.seconds = time.monotonic() - began
            if done == count or (seconds is not None and self.seconds > seconds):
                return
            number = self.ran[kind]
            given = self.make(kind, number)
            self._one(server, given, number, keep, say)
            if say and done % 200 == 199:
                print(self.summary(), file=sys.stderr)  # noqa: T201 - what it is for

    def _one(self, server: ForkServer, given: FuzzInput, number: int, keep: Path | None,
             say: bool) -> None:
        result = server.run(given)
        kind = given.kind
        self.ran[kind] += 1
        self.codes[f"exit {result.code}" if not result.why else result.why] += 1
        self.spent[kind] += result.cpu
        self.slowest = max(self.slowest, (result.cpu, f"{kind} {number}"))
        self.largest = max(self.largest, (result.peak, f"{kind} {number}"))
        said = f"{kind} {behaviour(result)}"
        if said not in self.known:
            self.known.add(said)
            self.behaviours.setdefault(kind, []).append(given)
            del self.behaviours[kind][:-MOST_KEPT]
        for fault in faults(given, result)[:1]:
            sign = f"{kind} {signature(fault)}"
            if sign in self.known:
                self.codes["faults again"] += 1
                continue
            self.known.add(sign)
            self.found.append(Found(given, fault, number))
            if say:
                print(f"FOUND {kind} {number}: {fault}", file=sys.stderr)  # noqa: T201
            if keep is not None:
                self._keep(server, given, fault, number, keep)

    def _keep(self, server: ForkServer, given: FuzzInput, fault: str, number: int, keep: Path) -> None:
        sign = signature(fault)

        def holds(other: FuzzInput) -> bool:
            return any(signature(f) == sign for f in faults(other, server.run(other)))

        name = f"{given.kind}-{hashlib.sha256(sign.encode()).hexdigest()[:8]}"
        slow = fault.split(maxsplit=1)[0] in ("time", "hang", "memory")
        if given.size < 1 << 22 and not slow:
            given = minimise(given, holds)
        given.save(keep / name, fault=fault, seed=self.seed, number=number)

    def summary(self) -> str:
        """What ran, in a few lines."""
        total = sum(self.ran.values())
        rate = total / self.seconds if self.seconds else 0.0
        each = ", ".join(f"{k} {n} ({self.spent[k] / n:.2f} s)" for k, n in sorted(self.ran.items()))
        codes = ", ".join(f"{k}: {n}" for k, n in sorted(self.codes.items()))
        return (f"{total} inputs in {self.seconds:.0f} s ({rate:.1f}/s), seed {self.seed}\n  {each}\n"
                f"  {codes}; {len(self.known)} different answers; slowest {self.slowest[0]:.1f} s "
                f"({self.slowest[1]}), largest {self.largest[0] >> 20} MB ({self.largest[1]})\n"
                f"  {len(self.found)} faults found")


def cases(folder: Path = FOUND) -> list[Path]:
    """The cases that were kept."""
    return sorted(p.parent for p in folder.glob(f"*/{HEAD}"))
