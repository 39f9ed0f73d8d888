"""Random histories of a register: whatever happened, it says what an audit of its records says.

After some steps and at the end of every day the outcomes that it keeps are compared with an audit
of the same records on the same day; at the end each day that has passed is audited again as it then
was, and the register is made anew from its events.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.amounts import amount
from support.edge_records import record as edge_record
from support.judged_registers import Office, Said, check_figures, sums, sums_of
from support.party_transfer import fields
from support.verify_pack import policy, rule

from zhuanjie.engine.api import Policy, load_policy
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import SYSTEM, EventDraft
from zhuanjie.web.store.members import members

START = date(2007, 12, 1)
STEPS = 40
MEMBERS = 9
ISSUED = "has(letter.issued_on)"


def odd_pack(folder: Path) -> Policy:
    """Rules of every shape that looks at one record or at those who share a key, hung on the day."""
    return policy(folder, [
        rule("serial", {"unique": {"field": "letter.serial", "within": "letter.issuer"}}, ISSUED),
        rule("lately", {"unique": {"field": "letter.phone"}},
             "letter.issued_on <= as_of && as_of <= letter.issued_on + days(9)"),
        rule("few", {"at_most": {"field": "receipt.tracker", "count": 2}}, "letter.issued_on <= as_of"),
        rule("back", {"deadline": {"due": "letter.issued_on + days(5)", "done": "receipt.returned_on"}},
             ISSUED),
        rule("again", {"recurring": {"start": "letter.issued_on", "last": "retention.last_contact_on",
                                     "every": "7"}}, "destination.kind == 'retained'"),
        rule("asked", {"require": {"ask": "letter.name == member.name"}}, ISSUED),
    ], scope="member.cohort == 2007")


def odd_value(random: Random, name: str) -> Any:
    near = START + timedelta(random.randrange(-12, 14))
    return {
        "letter.serial": random.choice(("1", "１", "第2号", "3")),
        "letter.issuer": random.choice(("某校", "别校")),
        "letter.phone": random.choice(("13000000000", "13000000001")),
        "receipt.tracker": random.choice(("张", "李")),
        "letter.issued_on": near.isoformat(), "receipt.returned_on": near.isoformat(),
        "retention.last_contact_on": near.isoformat(),
        "destination.kind": random.choice(("retained", "employer_org")),
        "letter.name": random.choice(("甲", "乙")), "member.name": random.choice(("甲", "乙")),
        "member.cohort": random.choice((2007, 2007, 2006)), "member.id": f"{random.randrange(99)}",
    }[name]


ODD = ("letter.serial", "letter.issuer", "letter.phone", "receipt.tracker", "letter.issued_on",
       "receipt.returned_on", "retention.last_contact_on", "destination.kind", "letter.name",
       "member.name", "member.cohort", "member.id")
ODD_RULES = ("serial", "lately", "few", "back", "again", "asked")


EVERYTHING = [field.name for field in fields()]


class History:
    """Steps of an office, drawn at random."""

    def __init__(self, office: Office, seed: int, *, edges: bool) -> None:
        self.office, self.random, self.edges = office, Random(seed), edges
        self.days: dict[date, Said] = {}
        self.figures: dict[date, dict[tuple[str, str, str], int]] = {}
        self.waivers = 0

    def values(self) -> dict[str, Any]:
        """Some fields with new values, some of which are taken away."""
        random = self.random
        if self.edges:
            full = edge_record(random.randrange(10_000), self.office.today)
            full["letter.serial"] = random.choice(("1", "2", "A-7"))
            plain = {n: v.isoformat() if isinstance(v, date) else v for n, v in full.items()}
            picked = random.sample(sorted(plain), min(len(plain), random.choice((2, 8, 60))))
            return {n: plain[n] if random.random() < 0.9 else None for n in picked}
        picked = random.sample(ODD, random.choice((1, 2, 5, len(ODD))))
        return {n: odd_value(random, n) if random.random() < 0.85 else None for n in picked}

    def step(self) -> None:
        random = self.random
        chance = random.random()
        if chance < 0.12:
            self.pass_days()
        elif chance < 0.2:
            self.waive()
        elif chance < 0.4:
            self.bring_in()
        else:
            self.act(f"m{random.randrange(MEMBERS)}")

    def bring_in(self) -> None:
        """Import several at once, from a table with columns of its own."""
        random, drafts = self.random, []
        names = sorted({name for _ in range(2) for name in self.values()})
        if self.edges:  # a set of columns takes a plan of its own each day
            names = random.choice((EVERYTHING, EVERYTHING, EVERYTHING[::2]))
        columns = self.office.columns(names)
        for id in random.sample(range(MEMBERS), 3):
            values = {n: v for n, v in self.values().items() if n in names}
            drafts.append(self.draft("member.imported", f"m{id}", values, columns))
        self.office.change(*drafts)

    def act(self, id: str) -> None:
        random = self.random
        kind = random.choice(("member.set", "member.set", "member.corrected", "member.withdrawn",
                              "member.restored"))
        values = self.values() if kind in {"member.set", "member.corrected"} else {}
        self.office.change(self.draft(kind, id, values))

    def draft(self, kind: str, id: str, values: dict[str, Any],
              columns: str | None = None) -> EventDraft:
        with self.office.store.reading(SYSTEM) as conn:
            known = members(conn, [id]).get(id)
        had = known.record if known else {}
        return EventDraft(kind, id, self.random.choice(("maths", "physics")),
                          {n: (had.get(n), v) for n, v in values.items()}, columns=columns)

    def pass_days(self) -> None:
        self.days[self.office.today] = self.office.kept()
        self.figures[self.office.today] = sums(self.office.figures())
        self.office.today += timedelta(self.random.choice((1, 1, 2, 6)))
        self.office.judging.refresh(self.office.store)

    def waive(self) -> None:
        random, today = self.random, self.office.today
        about: dict[str, Any] = {"rule": random.choice(ODD_RULES)}
        if self.edges:
            about = {"clause": random.choice(("1.1a", "1.6b", "1.3b", "2.1b"))}
        whom: dict[str, Any] = random.choice((
            {"record": f"{random.randrange(99)}"},
            {"where": "member.cohort == 2007", "at_most": random.choice((1, 2, 4))}))
        granted = today + timedelta(random.choice((-20, -1, 0, 2)))
        self.waivers += 1
        self.office.approve({
            "id": f"W{self.waivers}", **about, **whom, "reason": "r", "requested_by": "a",
            "approved_by": "b", "granted_on": granted.isoformat(),
            "expires": (granted + timedelta(random.choice((0, 3, 15)))).isoformat()})


def compare(office: Office, folder: Path, random: Random) -> None:
    kept = office.kept()
    assert kept == office.audited(folder, backend="reference")
    assert kept == office.audited(folder, bulk=random.random() < 0.5)
    check_figures(office, kept, office.worked_out(office.today))


def live(history: History, folder: Path, steps: int) -> int:
    """Live through a history; returns how many outcomes were compared."""
    office, random, seen = history.office, history.random, 0
    for number in range(steps):
        history.step()
        if number % 10 == 9:
            compare(office, folder, random)
            seen += len(office.kept())
    compare(office, folder, random)
    history.days[office.today] = before = office.kept()
    for day, said in history.days.items():
        assert said == office.audited(folder, day), day
    for day, figures in history.figures.items():
        assert figures == sums_of(office.worked_out(day)), day
    figures = sums(office.figures())
    office.store.rebuild()
    office.judging.forget(office.store)
    office.judging.refresh(office.store)
    assert office.kept() == before
    assert sums(office.figures()) == figures
    return seen


@pytest.mark.parametrize("seed", range(amount(8)))
def test_a_history_of_odd_rules(seed: int, database: RegisterDatabase, tmp_path: Path) -> None:
    office = Office(database, odd_pack(tmp_path / "pack"), START)
    live(History(office, seed, edges=False), tmp_path, STEPS)


@pytest.mark.parametrize("seed", range(amount(4)))
def test_a_history_under_the_law_of_each_day(seed: int, database: RegisterDatabase,
                                             tmp_path: Path) -> None:
    office = Office(database, load_policy(as_of=START), date(2019, 5, 3))
    assert live(History(office, seed, edges=True), tmp_path, STEPS // 2) > 0
