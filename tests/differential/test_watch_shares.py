"""The live register's shares against audits of what it holds: after every event, and over restarts."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.cli_command import run
from support.marks import few
from support.register_events import write_events
from support.verify_pack import policy, rule

from zhuanjie.engine.api import audit
from zhuanjie.engine.backends.registry import record_backend_of
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.watch.events import Clock, Update
from zhuanjie.engine.watch.register import WatchRegister

START = date(2007, 11, 20)
WHEN = "letter.issued_on <= as_of"
ASK = "receipt.returned_on <= letter.issued_on + days(30)"
WAIVER = """\
waivers:
  - {id: W1, rule: by-college, where: "member.school_branch == '数学系'", at_most: 1, reason: r,
     requested_by: a, approved_by: b, granted_on: 2007-12-01, expires: 2007-12-25}
"""


def pack(folder: Path) -> Policy:
    return policy(folder, [
        rule("whole", {"share": {"ask": ASK, "at_least": 60}}, WHEN),
        rule("by-college", {"share": {"ask": ASK, "at_least": 50, "by": "member.school_branch"}}, WHEN),
        rule("in-time", {"share": {"ask": "letter.issued_on + days(20) > as_of", "at_least": 40,
                                   "by": "letter.issuer"}}),
        rule("few", {"at_most": {"field": "receipt.tracker", "count": 3}}, WHEN),
    ], scope="member.cohort == 2007")


def events(random: Random, count: int) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    day = START
    for _ in range(count):
        if random.random() < 0.12:
            day += timedelta(random.choice((0, 1, 3, 10)))
            out.append({"clock": day.isoformat()})
            continue
        cells = {"member.school_branch": random.choice(("数学系", "中文系", " 中文系", None)),
                 "member.cohort": random.choice((2007, 2007, 2006, None)),
                 "letter.issuer": random.choice(("某校", "某　校", "别校", None)),
                 "letter.issued_on": random.choice(("2007-11-01", "2007-11-25", "2007-12-20", None)),
                 "receipt.returned_on": random.choice(("2007-11-10", "2008-01-02", None)),
                 "receipt.tracker": random.choice(("张", "李", None))}
        names = random.sample(sorted(cells), random.choice((1, 2, 6)))
        out.append({"member.id": f"{random.randrange(12)}", **{n: cells[n] for n in names}})
    return out


def shares_of(records: list[dict[str, Any]], given: Policy, day: date,
              waivers: list[Path]) -> dict[tuple[str, str | None], str]:
    """How groups stand, by the form of their value; those of nobody do not."""
    found = audit(records, given, as_of=day, all_outcomes=True, waivers=waivers,
                  backend="reference").findings
    return {(f.rule, form(f.share.group)): str(f.outcome) for f in found
            if f.share is not None and f.outcome.value != "not_applicable"}


def form(group: str | None) -> str | None:
    return None if group is None else "".join(group.split())


@pytest.mark.parametrize("seed", few(range(3), 0))
def test_a_group_is_said_when_it_turns(seed: int, tmp_path: Path) -> None:
    given, waivers = pack(tmp_path / "pack"), tmp_path / "waivers.yaml"
    waivers.write_text(WAIVER, encoding="utf-8")
    register = WatchRegister(given, record_backend_of("python"), START, "en", [waivers])
    records: dict[str, dict[str, Any]] = {}
    standing: dict[tuple[str, str | None], str] = {}
    today, seen = START, set[str]()
    for event in events(Random(seed), 120):
        if "clock" in event:
            today = date.fromisoformat(event["clock"])
            lines = [json.loads(line) for line in register.apply(Clock(today))]
        else:
            read = register.read(json.dumps(event), "-", 1)
            assert isinstance(read, Update)
            lines = [json.loads(line) for line in register.apply(read)]
            records.setdefault(event["member.id"], {}).update(event)
        for line in lines:
            if line["record"] is None:
                place = line["rule"], form(line["share"]["group"])
                assert standing.get(place, "not_applicable") == line["was"] != line["is"]
                standing[place] = line["is"]
                seen.add(line["is"])
        if not records:
            continue
        wanted = shares_of(list(records.values()), given, today, [waivers])
        assert {k: v for k, v in standing.items() if v != "not_applicable"} == wanted, event
    assert {"violation", "satisfied", "undetermined"} <= seen


@pytest.mark.slow
def test_a_restart_says_of_shares_what_is_new(tmp_path: Path) -> None:
    pack(tmp_path / "pack")
    every = events(Random(7), 60)
    plain = [run("watch", str(write_events(tmp_path / "all.jsonl", *every)), "--policy",
                 str(tmp_path / "pack"), "--as-of", str(START)).stdout]
    parts = []
    for end in (20, 40, 60):
        source = write_events(tmp_path / "some.jsonl", *every[:end])
        parts.append(run("watch", str(source), "--policy", str(tmp_path / "pack"), "--as-of", str(START),
                         "--journal", str(tmp_path / "journal")).stdout)
    assert "".join(parts) == plain[0] and '"share"' in plain[0]
