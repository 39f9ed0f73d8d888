"""What tools for authors cost on packs of many plain rules. In: sizes. Out: seconds of a processor.

`python bench/authoring.py [N ...]` makes a pack of N rules for each N (100, 300 and 1,000 where
none is given) and has each tool look at it: all from scratch, `verify` and `mutate` once more on
what they kept, and once more after one number was changed. The load of the machine is said too.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

W = {"zh": "甲", "en": "a"}
FROM = ("letter.issued_on", "arrival.accepted_on", "member.left_on", "retention.approved_on",
        "floating.registered_on", "arrival.presented_on")
DONE = ("receipt.returned_on", "arrival.branch_assigned_on", "retention.certificate_on",
        "retention.filed_on", "floating.origin_contacted_on", "receipt.followed_up_on",
        "arrival.file_received_on", "arrival.receipt_sent_on")
TOOLS = ("show", "lint", "test", "coverage", "verify", "mutate")


def write(folder: Path, count: int, first_days: int = 10) -> None:
    """A pack of `count` deadlines, each with a term, a clause and a case of its own."""
    (folder / "cases").mkdir(parents=True, exist_ok=True)
    rules, cases = [], []
    for n in range(count):
        since, cohort = FROM[n % 6], 1990 + n % 30
        rules.append({
            "id": f"r{n}", "clause": f"c{n}", "title": W, "message": W, "remedy": W,
            "when": f"has({since}) && member.cohort == {cohort}",
            "deadline": {"due": f"{since} + days(params.p{n})", "done": DONE[n % 8]}})
        cases.append({"name": f"k{n}", "expect": {f"r{n}": "violation"},
                      "record": {since: "2008-01-01", "member.cohort": cohort}})
    pack = {
        "id": folder.name, "version": "1.0.0", "title": W, "authority": W,
        "document": {"number": "1", "issued_on": "2007-11-01", "title": W},
        "in_force": {"from": "2007-11-01"},
        "parameters": {f"p{n}": {"unit": "days", "value": n + (10 if n else first_days),
                                 "source": W, "note": W} for n in range(count)},
        "clauses": {f"c{n}": {"binds": "sender", "text": W} for n in range(count)}}
    _put(folder / "pack.yaml", pack)
    _put(folder / "10.yaml", {"topic": W, "rules": rules})
    _put(folder / "cases" / "10.yaml", {
        "as_of": "2028-12-31", "unnamed": "any", "record": {"member.id": "a"}, "cases": cases})


def _put(path: Path, data: Any) -> None:
    text = json.dumps(data, ensure_ascii=False, indent=1)  # JSON is YAML, but for days
    for day in ("2007-11-01", "2008-01-01", "2028-12-31"):
        text = text.replace(f'"{day}"', day)
    path.write_text(text, encoding="utf-8")


def seconds(tool: str, folder: Path, cache: Path) -> float:
    """What a tool takes of processors, all its processes together."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "zhuanjie", "policy", tool, str(folder)], check=False,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "ZHUANJIE_CACHE": str(cache)})
    if done.returncode not in (0, 1):
        raise SystemExit(f"{tool}: {done.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(sizes: list[int]) -> None:
    """Print a line for each size."""
    kept = ("verify", "mutate")
    print("rules", *TOOLS, *(f"{t} {w}" for w in ("again", "changed") for t in kept), "load",
          sep="\t")
    with tempfile.TemporaryDirectory() as name:
        for size in sizes:
            folder, cache = Path(name) / f"pack{size}", Path(name) / "cache"
            write(folder, size)
            spent = [seconds(tool, folder, cache) for tool in TOOLS]
            spent += [seconds(tool, folder, cache) for tool in kept]
            write(folder, size, first_days=400)
            spent += [seconds(tool, folder, cache) for tool in kept]
            print(size, *(f"{s:.1f}" for s in spent), f"{os.getloadavg()[0]:.0f}", sep="\t",
                  flush=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [100, 300, 1000])
