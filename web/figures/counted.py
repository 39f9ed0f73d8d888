"""What a member is counted under. In: what is said of one. Out: how it stands, what it adds to.

The same for what a register keeps and for what an audit finds, so that a figure is the same whoever
works it out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func

from zhuanjie.engine.api import Outcome

MEMBER, STATE, STEPS, MEMBERS_OF, FINDINGS_OF, LATE, DARK, DARK_MEMBERS = (
    "member", "state", "steps", "members-of", "findings-of", "late", "dark", "dark-members")
"""What is counted: members; by how they stand; by the steps that they came to; with an outcome of a
clause; outcomes of a clause; since when they are overdue; rules that columns are missing for, by
clause, and the members of these."""

NOT_JUDGED: Final = "dark"
"""What stands for an outcome among the marks of a past day, of a clause that was not judged."""
OVERDUE: Final = "overdue"
CLEAR: Final = "clear"
STATES: Final = (OVERDUE, str(Outcome.VIOLATION), str(Outcome.UNDETERMINED), str(Outcome.PENDING),
                 CLEAR)
"""How a member stands, the worst first: each is in one of these."""
_RANK: Final = {state: at for at, state in enumerate(STATES)}


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a member by one rule. `late_since` is given where it is overdue still."""

    clause: str
    outcome: Outcome
    late_since: date | None = None
    judged: bool = True


@dataclass(slots=True)
class MemberStanding:
    """How a member stands, and what it adds to which figure."""

    state: str = CLEAR
    late_since: str | None = None
    steps: tuple[str, ...] = ()
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def keys(self, figure: str) -> list[str]:
        """The keys under which the member adds to a figure."""
        return sorted(key for known, key in self.counts if known == figure)


def standing(said: Iterable[Said], steps: Iterable[str]) -> MemberStanding:
    """How a member stands of whom this is said, who came to these steps."""
    made = MemberStanding(steps=tuple(steps))
    counts = made.counts
    counts[MEMBER, ""] = 1
    since: date | None = None
    for each in said:
        if not each.judged:
            counts[DARK, each.clause] += 1
            counts[DARK_MEMBERS, each.clause] = 1
            continue
        key = mark(each.outcome, each.clause)
        counts[MEMBERS_OF, key] = 1
        counts[FINDINGS_OF, key] += 1
        state = str(each.outcome)
        if each.late_since is not None:
            state, since = OVERDUE, min(filter(None, (since, each.late_since)))
        made.state = min(made.state, state, key=lambda s: _RANK.get(s, len(_RANK)))
    counts[STATE, made.state] = 1
    counts[STEPS, " ".join(made.steps)] = 1
    if since is not None:
        made.late_since = since.isoformat()
        counts[LATE, made.late_since] = 1
    return made


def listed(keys: Iterable[str]) -> str:
    """Keys as a column has them, in which `holding` finds one."""
    return "".join(f"\n{key}\n" for key in keys)


def holding(column: ColumnElement[str], key: str) -> ColumnElement[bool]:
    """Whether a column of keys has one."""
    # PostgreSQL takes a LIKE for rare and sorts what it finds; most members have most keys.
    return func.replace(column, f"\n{key}\n", "") != column


def mark(outcome: Outcome | str, clause: str) -> str:
    """What stands for an outcome of a clause."""
    return f"{outcome}:{clause}"


@dataclass(slots=True)
class Tally:
    """The sums of some units, by figure and key."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, figure: str, key: str, count: int) -> None:
        """Count more."""
        self.counts.setdefault(figure, Counter())[key] += count

    def of(self, figure: str) -> Mapping[str, int]:
        """The sums of a figure by key."""
        return self.counts.get(figure, Counter())

    @property
    def members(self) -> int:
        """How many members there are."""
        return self.of(MEMBER).get("", 0)

    @property
    def states(self) -> dict[str, int]:
        """How many stand how, each in one state."""
        return {state: self.of(STATE).get(state, 0) for state in STATES}

    def came_to(self, step: str) -> int:
        """How many have come to a step."""
        return sum(n for steps, n in self.of(STEPS).items() if step in steps.split())

    def clauses(self) -> dict[str, dict[str, tuple[int, int]]]:
        """By clause and outcome, how many members and how many findings."""
        out: dict[str, dict[str, tuple[int, int]]] = {}
        findings = self.of(FINDINGS_OF)
        for key, members in self.of(MEMBERS_OF).items():
            outcome, _, clause = key.partition(":")
            out.setdefault(clause, {})[outcome] = members, findings.get(key, 0)
        return out

    def dark(self) -> dict[str, tuple[int, int]]:
        """By clause, how many members it was not judged for, and how many rules in all."""
        members = self.of(DARK_MEMBERS)
        return {clause: (members.get(clause, 0), n) for clause, n in self.of(DARK).items()}

    def ages(self, day: date) -> dict[str, int]:
        """How many members are overdue for how long on a day."""
        out = dict.fromkeys((age.id for age in AGES), 0)
        for since, count in self.of(LATE).items():
            out[age_of((day - date.fromisoformat(since)).days).id] += count
        return out


@dataclass(frozen=True, slots=True)
class Age:
    """For how many days something is overdue: from one to another, or more."""

    id: str
    least: int
    most: int | None

    def due(self, day: date) -> tuple[str | None, str | None]:
        """The first and the last day on which what is so old on a day was due."""
        first = None if self.most is None else (day - timedelta(self.most)).isoformat()
        return first, (day - timedelta(self.least)).isoformat()


AGES: Final = (Age("1-30", 1, 30), Age("31-60", 31, 60), Age("61-90", 61, 90), Age("91-", 91, None))


def age_of(days: int) -> Age:
    """The age that a number of days falls into."""
    return next(age for age in AGES if age.most is None or days <= age.most)


def share(part: int, whole: int) -> float | None:
    """Of a hundred, to a tenth; None of nothing."""
    return round(100 * part / whole, 1) if whole else None


def tallies(rows: Iterable[tuple[str, str, str, int]]) -> dict[str, Tally]:
    """Sums by unit, of rows of unit, figure, key and count."""
    out: dict[str, Tally] = {}
    for unit, figure, key, count in rows:
        out.setdefault(unit, Tally()).add(figure, key, count)
    return out


def together(several: Iterable[Tally]) -> Tally:
    """The sum of sums."""
    made = Tally()
    for figure, key, count in _each(several):
        made.add(figure, key, count)
    return made


def _each(several: Iterable[Tally]) -> Iterator[tuple[str, str, int]]:
    for tally in several:
        for figure, keys in tally.counts.items():
            for key, count in keys.items():
                yield figure, key, count
