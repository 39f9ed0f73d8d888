"""A register with a history, for tests that tamper with it. In: a database. Out: store and trail."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from zhuanjie.web.evidence.checkpoints import Trail
from zhuanjie.web.evidence.redaction import redact_member
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import Actor, EventDraft
from zhuanjie.web.store.members import column_set
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.trail.note import Signer, Verifier

ACTOR = Actor("li", "department")


@dataclass(frozen=True)
class History:
    """A register that has one, and what signs and verifies it."""

    store: RegisterStore
    trail: Trail
    verifier: Verifier


def empty(database: RegisterDatabase, every: int = 1000) -> History:
    """A register without any event."""
    signer = Signer.new("office.example")
    trail = Trail(signer, every=every)
    store = RegisterStore(database, {"letter.serial": str.casefold}, projectors=(),
                          hooks=(trail.hook,))
    store.begin()
    return History(store, trail, signer.verifier)


def history(database: RegisterDatabase, events: int, every: int = 100, seed: int = 0) -> History:
    """A register with so many events: members imported and set, some erased, checkpoints signed."""
    made, rng, done = empty(database, every), Random(seed), 0
    names: dict[str, str] = {}
    erased = False
    while done < events - 1:
        with made.store.change(ACTOR) as work:
            columns = column_set(work.conn, ["member.name", f"field.n{done}"])
            for _ in range(min(rng.randint(1, max(4, events // 15)), events - 1 - done)):
                member = f"m{rng.randint(1, 1 + events // 4)}"
                before, after = names.get(member), f"王{rng.randint(1, 10**6)}"
                names[member] = after
                work.record(EventDraft(
                    "member.set" if before else "member.imported", member, "maths",
                    {"member.name": (before, after), "letter.serial": (None, f"A{done}")},
                    data={"row": done}, reason=rng.choice([None, "补录"]), columns=columns))
                done += 1
            if not erased and done > events // 4:
                redact_member(work, min(names), ["member.name"])
                erased, done = True, done + 1
            elif rng.random() < 0.3 and done < events - 1:
                work.record(EventDraft("settings.set", data={"n": done}))
                done += 1
    with made.store.change(ACTOR) as work:
        work.record(EventDraft("settings.set", data={"last": True}))
    return made
