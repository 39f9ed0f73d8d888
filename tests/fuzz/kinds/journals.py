"""Events and journals of `watch`. In: a random source. Out: inputs that are resumed, or broken."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Any

from fuzz import texts, trees
from fuzz.inputs import FuzzInput
from fuzz.kinds.ledgers import dumped
from fuzz.kinds.made import EVENTS, written

ARGS = ("--policy", "fujian-2007-80", "--lang", "en")


def fresh(rng: Random) -> FuzzInput:
    """Events on stdin or in a file, with a journal or without."""
    events = EVENTS if rng.random() < 0.5 else _events(rng)
    args: tuple[str, ...] = ("watch", "-", *ARGS)
    given = FuzzInput("journal", args, {}, events, "jsonl")
    match rng.randrange(4):
        case 0:
            return given
        case 1:
            args = ("watch", "e.jsonl", *ARGS, "--journal", "journal")
            given = replace(given, args=args, files={"e.jsonl": events}, stdin=b"", writes=("journal",))
        case _:
            journal = texts.mutate(rng, written()["journal"])
            if rng.random() < 0.3:
                journal = rng.choice((b"", b"\n", b"hello", b"x" * 100, b"a,b\n1,2\n", journal[:40]))
            given = replace(given, args=(*args, "--journal", "journal"),
                            files={"journal": journal}, writes=("journal",))
    if rng.random() < 0.3:
        given = replace(given, args=(*given.args, "--as-of", rng.choice(("2007-12-31", "2008-06-30"))))
    return given


def _events(rng: Random) -> bytes:
    lines: list[Any] = [json.loads(line) for line in EVENTS.splitlines()]
    for _ in range(rng.randrange(1, 4)):
        lines[rng.randrange(len(lines))] = trees.mutate(rng, rng.choice(lines))
    data = b"\n".join(map(dumped, lines)) + b"\n"
    return texts.mutate(rng, data) if rng.random() < 0.4 else data


def mutate(rng: Random, given: FuzzInput) -> FuzzInput:
    """Bytes of the events or of the journal changed."""
    if given.files and rng.random() < 0.7:
        name = rng.choice(sorted(given.files))
        return replace(given, files={**given.files, name: texts.mutate(rng, given.files[name])})
    return replace(given, stdin=texts.mutate(rng, given.stdin or EVENTS))
