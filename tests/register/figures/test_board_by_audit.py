"""Every figure of the board, worked out again by the commands: an audit and an export."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from support.moved_clock import ANSWERS, ISSUED, Clock, three_days

from zhuanjie.cli.main import main
from zhuanjie.web.figures.counted import AGES, Tally
from zhuanjie.web.service.board import board, day_figures, tops_of, work_out
from zhuanjie.web.store.event import SYSTEM

PAST = date(2026, 8, 31)
STEPS = {
    "settled": lambda r: bool(r.get("destination.kind")),
    "sent": lambda r: bool(r.get("letter.issued_on")),
    "arrived": lambda r: bool(r.get("receipt.returned_on") or r.get("arrival.accepted_on"))}
BELOW = {"office": {"maths", "algebra", "physics", "office"}, "maths": {"maths", "algebra"},
         "physics": {"physics"}}


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clock]:
    """The office of three days, with more of each age and step."""
    with three_days(tmp_path_factory.mktemp("by-audit")) as made:
        for number, day in enumerate(("2026-05-01", "2026-07-20", "2026-08-10", "2026-09-02"), 11):
            made.add(f"x{number}", ("maths", "physics")[number % 2], **ISSUED | {
                "letter.serial": str(number), "letter.stub_serial": str(number),
                "letter.receipt_serial": str(number), "letter.issued_on": day})
        made.add("bare", "maths", columns=["member.id", "member.name"])
        yield made


def said(*args: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints."""
    assert main([*args]) == 0
    return capsys.readouterr().out


def exported(clock: Clock, day: date | None, capsys: pytest.CaptureFixture[str],
             ) -> dict[str, tuple[str, dict[str, Any]]]:
    """Everybody's unit and record, now or at the end of a day, by the member's id."""
    found = {}
    for unit in BELOW["office"]:
        lines = said("register", "export", "--database", clock.register.place.url, "--unit", unit,
                     "--format", "jsonl", "--quiet",
                     *(() if day is None else ("--as-of", day.isoformat())), capsys=capsys)
        for record in map(json.loads, lines.splitlines()):
            found[record["member.id"]] = unit, record
    return found


def tallied(clock: Clock, day: date, unit: str) -> Tally:
    with clock.register.store.reading(SYSTEM) as conn:
        at = day_figures(clock.register, conn, day)
        assert at is not None
        return board(conn, at, unit, tops_of(clock.register, conn, SYSTEM)).whole


@pytest.mark.slow
@pytest.mark.parametrize("past", [False, True])
def test_each_figure_is_what_the_commands_say(
        clock: Clock, past: bool, capsys: pytest.CaptureFixture[str]) -> None:
    register = clock.register
    day = PAST if past else clock.today
    if past:
        work_out(register, ANSWERS, PAST)
    url = str(register.place.url)
    asof = f"?as_of={day}" if past else ""
    audit: dict[str, Any] = json.loads(said(
        "audit", f"register:{url}{asof}", "--as-of", day.isoformat(), "--format", "json",
        "--fail-on", "never", "--quiet", capsys=capsys))
    records = exported(clock, day if past else None, capsys)
    by_member: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for found in audit["findings"]:
        if found["location"].get("entry"):
            by_member[found["location"]["entry"]].append(found)
    for unit, units in BELOW.items():
        tally = tallied(clock, day, unit)
        mine = {id: record for id, (at, record) in records.items() if at in units}
        assert tally.members == len(mine)
        for step, holds in STEPS.items():
            assert tally.came_to(step) == sum(map(holds, mine.values())), (unit, step)
        kinds = Counter((f["clause"], f["outcome"]) for id in mine for f in by_member[id])
        assert {(c, o): n for c, by in tally.clauses().items() for o, (_, n) in by.items()} == kinds
        people = Counter(kind for id in mine
                         for kind in {(f["clause"], f["outcome"]) for f in by_member[id]})
        assert {(c, o): n for c, by in tally.clauses().items() for o, (n, _) in by.items()} == people
        late = {id: min(since) for id in mine if (since := overdue(by_member[id], mine[id], day))}
        assert tally.states["overdue"] == len(late)
        ages = Counter(next(age.id for age in AGES if age.most is None or n <= age.most)
                       for n in ((day - since).days for since in late.values()))
        assert {id: n for id, n in tally.ages(day).items() if n} == ages
    whole = tallied(clock, day, "office").dark()
    dark = {clause: counts["not_judged"] for clause, counts in
            audit["summary"]["by_clause"].items() if "not_judged" in counts}
    assert {clause: n for clause, (_, n) in whole.items()} == dark != {}
    assert kinds and (past or sum(tallied(clock, day, "office").ages(day).values()))


def overdue(findings: Sequence[Mapping[str, Any]], record: Mapping[str, Any],
            day: date) -> list[date]:
    """Since when what is not done yet is late."""
    done = bool(record.get("receipt.returned_on"))
    return [date.fromisoformat(f["due"]) for f in findings
            if f["outcome"] == "violation" and f.get("due") and not done
            and f["days_late"] == (day - date.fromisoformat(f["due"])).days]
