"""A register that is written to while everything fails. In: a URL. Out: acknowledgements; a check.

Each change records some events, all of which carry its number. A number is written to stdout once
its change is acknowledged; `-` and the number where the change was refused.
"""

from __future__ import annotations

import os
import signal
import time
from collections import defaultdict
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from zhuanjie.web.evidence.checkpoints import Trail
from zhuanjie.web.evidence.flaws import Flaws
from zhuanjie.web.evidence.projections import compare_projections
from zhuanjie.web.evidence.verify import verify
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import Actor, EventDraft
from zhuanjie.web.store.history import events
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.trail.note import Signer

ACTOR = Actor("li", "department")
SIGNER = Signer("crash.example", bytes(range(32)))
UNUSABLE = 2
_PAUSE = 0.02


def opened(url: str) -> RegisterStore:
    """The register, made where there is none."""
    database = RegisterDatabase(url)
    database.create()
    store = RegisterStore(database, {"letter.serial": str.casefold}, projectors=(),
                          hooks=(Trail(SIGNER, every=20).hook,))
    store.begin()
    return store


def write(url: str, start: int, changes: int, dies_after: float = 0) -> int:
    """Make so many changes, numbered from `start`; a signal ends the process after a while."""
    if dies_after:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, dies_after)
    try:
        store = opened(url)
    except DBAPIError:
        return UNUSABLE
    for number in range(start, start + changes):
        try:
            change(store, number)
        except DBAPIError:
            os.write(1, b"-%d\n" % number)
            time.sleep(_PAUSE)
        else:
            os.write(1, b"%d\n" % number)
    return 0


def change(store: RegisterStore, number: int) -> None:
    """One change: one to four events."""
    count = 1 + number % 4
    with store.change(ACTOR) as work:
        for at in range(count):
            work.record(EventDraft(
                "member.set", f"m{(number + at) % 17}", "maths",
                {"letter.serial": (None, f"A{number}-{at}")}, reason="补录",
                data={"change": number, "at": at, "of": count}))


class Promises:
    """What a register has promised so far, over many processes that wrote to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.acknowledged: set[int] = set()
        self.refused: set[int] = set()
        self.unspoken: set[int] = set()
        """Changes that are there without a word: the process died, or nobody could hear it."""

    @property
    def next(self) -> int:
        """The number of the next change: none is used twice."""
        return max(self.acknowledged | self.refused | self.unspoken, default=-1) + 1

    def take(self, stdout: Path) -> None:
        """Take in what a process wrote; a last line that is cut is no word."""
        said = stdout.read_text().split("\n")[:-1] if stdout.exists() else []
        self.acknowledged |= {int(n) for n in said if not n.startswith("-")}
        self.refused |= {int(n[1:]) for n in said if n.startswith("-")}
        stdout.unlink(missing_ok=True)

    def check(self, *, may_be_refused_and_there: bool = False) -> None:
        """All that was acknowledged is there, nothing by half, and the trail is whole."""
        store = opened(self.url)
        seen: dict[int, list[int]] = defaultdict(list)
        with store.database.reading() as conn:
            for event in events(conn):
                seen[event.data["change"]].append(event.data["at"])
                assert len(event.values) == 1
            found = verify(conn, [SIGNER.verifier])
        for number, parts in seen.items():
            assert parts == list(range(1 + number % 4)), f"change {number} by half: {parts}"
        assert self.acknowledged <= set(seen), self.acknowledged - set(seen)
        if not may_be_refused_and_there:
            assert not self.refused & set(seen)
        self.unspoken |= set(seen) - self.acknowledged - self.refused
        assert [(f.code, f.seq) for f in found.flaws] == []
        assert found.covered >= found.size - 80
        different = Flaws()
        compare_projections(store, different)
        assert list(different) == []
        store.database.close()
