"""Clients who act on one register at once: processes, with threads in each."""

from __future__ import annotations

import multiprocessing
import random
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from support.acts_office import LETTER, Office, policy
from zhuanjie.engine.api import ZhuanjieError
from zhuanjie.web.acts.perform import AskedAct
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.errors import ConflictError, RefusedError
from zhuanjie.web.store.event import SYSTEM, Actor
from zhuanjie.web.store.members import members

ACTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("issue", {"inputs": LETTER}), ("void", {"reason": "写错"}),
    ("reissue", {"inputs": {"letter.reissue_reason": "遗失", "letter.original_returned": True}}),
    ("brief", {}), ("track", {}), ("return", {"reason": "补电话"}), ("resubmit", {}))


def clients(url: str, files: Path, cases: list[str], *, processes: int, threads: int,
            acts: int) -> Counter[str]:
    """Have clients do `acts` acts each; returns what became of them, by outcome."""
    context = multiprocessing.get_context("spawn")
    told: Any = context.Queue()
    started = [context.Process(target=_process, args=(url, files, cases, n, threads, acts, told))
               for n in range(processes)]
    for process in started:
        process.start()
    total = Counter[str]()
    for _ in started:
        total += told.get(timeout=120 + processes * threads * acts // 4)
    for process in started:
        process.join()
    return total


def _process(url: str, files: Path, cases: list[str], number: int, threads: int, acts: int,
             told: Any) -> None:
    database = RegisterDatabase(url)
    office = Office(database, policy("fujian-2007-80"), files)
    done = [Counter[str]() for _ in range(threads)]
    working = [threading.Thread(target=act, args=(
        office, cases, acts, number * threads + n, done[n])) for n in range(threads)]
    for thread in working:
        thread.start()
    for thread in working:
        thread.join()
    database.close()
    told.put(sum(done, Counter[str]()))


def act(office: Office, cases: list[str], acts: int, number: int, done: Counter[str]) -> None:
    """One client: it looks at a case, and does to it what it likes, by the version that it saw."""
    rng, who = random.Random(number), Actor(f"client{number}", "department")
    for n in range(acts):
        case = rng.choice(cases)
        name, more = rng.choice(ACTS)
        if name == "track":
            more = {"inputs": {"receipt.tracker": f"{number}-{n}"}}
        with office.store.reading(SYSTEM) as conn:
            seen = members(conn, [case])[case].version
        try:
            office.room.do(who, AskedAct(name, case, expected_version=seen, **more))
            done[f"done {name}"] += 1
        except ConflictError:
            done["conflict"] += 1
        except RefusedError:
            done["refused"] += 1
        except ZhuanjieError as error:
            same = error.diagnostics[0].code == "register.acts.unchanged"
            done["unchanged" if same else f"failed {error}"] += 1
