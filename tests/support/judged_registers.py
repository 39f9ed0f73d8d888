"""A register that is judged, and the audit of what it holds. In: a database, a policy. Out: both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection

from zhuanjie.engine.api import GivenTable, Policy, audit, register_acts
from zhuanjie.engine.core.results import Finding
from zhuanjie.web.figures.counted import DARK, FINDINGS_OF, MEMBER, Tally, together
from zhuanjie.web.figures.keep import FigureKeeper, current
from zhuanjie.web.figures.past import PastFigures, WorkedOut
from zhuanjie.web.judging.given import given_tables
from zhuanjie.web.judging.judging import Judging
from zhuanjie.web.judging.law import Law
from zhuanjie.web.judging.past import last_event, members_at
from zhuanjie.web.judging.rows import MemberOutcome, outcomes
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import SYSTEM, Actor, EventDraft
from zhuanjie.web.store.history import events
from zhuanjie.web.store.members import column_set
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import EVENTS, TRAIL_HEAD

CLERK = Actor("li", "department")
APPROVED = "waiver.approved"
Said = dict[tuple[str, str], tuple[Any, ...]]
"""By member and rule: clause, outcome, severity, due, days late, missing, waiver."""


class Office:
    """A register with a clock that is moved by hand, and waivers that events approve."""

    def __init__(self, database: RegisterDatabase, policy: Policy, today: date) -> None:
        self.policy, self.today = policy, today
        law, acts = Law(lambda _day: self.policy, self.waivers), register_acts(policy)
        self.judging = Judging(law, lambda: self.today, [FigureKeeper(acts)])
        self.past = PastFigures(law, acts, UTC)
        self.store = RegisterStore(
            database, {"letter.serial": policy.vocabulary.fields["letter.serial"].compared},
            projectors=(), hooks=[self.judging.hook],
            now=lambda: datetime.combine(self.today, time(12), UTC))
        self.store.begin()
        self.judging.refresh(self.store)

    def waivers(self, conn: Connection, upto: int | None) -> Sequence[Mapping[str, Any]]:
        return [event.data["entry"] for event in events(conn, EVENTS.c.kind == APPROVED)
                if upto is None or event.seq <= upto]

    def approve(self, entry: Mapping[str, Any]) -> None:
        self.change(EventDraft(APPROVED, data={"entry": dict(entry)}))

    def change(self, *drafts: EventDraft) -> None:
        with self.store.change(CLERK) as work:
            work.record_all(drafts)

    def columns(self, names: Sequence[str]) -> str:
        with self.store.database.writing() as conn:
            return column_set(conn, names)

    def size(self) -> int:
        with self.store.reading(SYSTEM) as conn:
            return int(conn.execute(TRAIL_HEAD.select()).one().size)

    def kept(self) -> Said:
        """What the register says, that recurring duties fall due again left out."""
        with self.store.reading(SYSTEM) as conn:
            found = [o for o in outcomes(conn, self.today) if o.outcome.value != "satisfied"]
        return {(o.member, o.rule): of_row(o) for o in found}

    def figures(self) -> dict[str, Tally]:
        """The sums by unit that are kept up with changes."""
        with self.store.reading(SYSTEM) as conn:
            return current(conn)

    def worked_out(self, day: date) -> WorkedOut:
        """A day's figures, out of an audit of the records as they were at its end."""
        with self.store.reading(SYSTEM) as conn:
            return self.past.audited(conn, day)

    def tables(self, day: date | None = None) -> list[GivenTable]:
        with self.store.reading(SYSTEM) as conn:
            upto = self.size() if day is None else last_event(conn, day, UTC)
            return given_tables(members_at(conn, upto), "register")

    def audited(self, folder: Path, day: date | None = None, **options: Any) -> Said:
        """What an audit says of the records, now or as they stood at the end of a day."""
        given = self.tables(day)
        upto = None
        if day is not None:
            with self.store.reading(SYSTEM) as conn:
                upto = last_event(conn, day, UTC)
        file = folder / "waivers.yaml"
        with self.store.reading(SYSTEM) as conn:
            entries = list(self.waivers(conn, upto))
        file.write_text(yaml.safe_dump({"waivers": [dict(e) for e in entries]}, allow_unicode=True),
                        encoding="utf-8")
        if not given:
            return {}
        report = audit(given, self.policy, as_of=day or self.today,
                       waivers=[file] if entries else [], **options)
        return {(f.location.entry or "", f.rule): of_finding(f) for f in report.findings
                if f.share is None}


def of_row(o: MemberOutcome) -> tuple[Any, ...]:
    return (o.clause, str(o.outcome), o.severity, o.due, o.days_late, o.missing, o.waiver, o.edition)


def of_finding(f: Finding) -> tuple[Any, ...]:
    return (f.clause, str(f.outcome), str(f.severity), f.due, f.days_late, f.missing,
            f.waiver.id if f.waiver else None, f.edition)


def sums(figures: Mapping[str, Tally]) -> dict[tuple[str, str, str], int]:
    """Sums by unit, figure and key."""
    return {(unit, figure, key): count for unit, tally in figures.items()
            for figure, keys in tally.counts.items() for key, count in keys.items()}


def sums_of(worked: WorkedOut) -> dict[tuple[str, str, str], int]:
    """The same of a day that was worked out, each member counted here."""
    out: Counter[tuple[str, str, str]] = Counter()
    for stood in worked.members:
        for (figure, key), count in stood.standing.counts.items():
            out[stood.member.unit, figure, key] += count
    return dict(out)


def recounted(said: Said) -> dict[str, int]:
    """How many findings there are by outcome and clause."""
    return dict(Counter(f"{each[1]}:{each[0]}" for each in said.values()))


def check_figures(office: Office, said: Said, worked: WorkedOut) -> None:
    """Raise AssertionError where figures are not what an audit finds on the same day."""
    kept = office.figures()
    whole = together(kept.values())
    assert sums(kept) == sums_of(worked)
    assert dict(whole.of(FINDINGS_OF)) == recounted(said)
    assert whole.of(MEMBER).get("", 0) == len(worked.members)
    missed = worked.report.summary.not_judged if worked.report is not None else {}
    assert {clause: n for clause, n in whole.of(DARK).items() if n} == {
        clause: n for clause, n in missed.items() if n}
    assert all(n > 0 for tally in kept.values() for keys in tally.counts.values()
               for n in keys.values())
