"""Events of a small register. In: a seed. Out: lines as a feed would send them."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any


def some_events(count: int, seed: int) -> list[dict[str, Any]]:
    """Records that share serials, corrections of them, and the clock."""
    rng = Random(seed)
    out: list[dict[str, Any]] = []
    for i in range(count):
        who = f"{rng.randrange(8):03}"
        out.append(rng.choices([
            {"member.id": who, "letter.issued_on": "2007-06-30", "letter.serial": str(i % 5)},
            {"member.id": who, "receipt.returned_on": rng.choice(["2007-07-20", None])},
            {"member.id": who, "destination.kind": rng.choice(["retained", "employer_org"])},
            {"clock": f"2007-{6 + i * 6 // count:02}-15"},
        ], (3, 3, 3, 1))[0])
    days = sorted(e["clock"] for e in out if "clock" in e)
    for event in out:
        if "clock" in event:
            event["clock"] = days.pop(0)
    return out


def write_events(path: Path, *events: dict[str, Any] | str) -> Path:
    """A file of events, one to a line."""
    texts = [e if isinstance(e, str) else json.dumps(e, ensure_ascii=False) for e in events]
    path.write_text("".join(f"{t}\n" for t in texts), encoding="utf-8")
    return path
