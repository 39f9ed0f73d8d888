"""A register that is judged, and the audit of what it holds. In: a database, a policy. Out: both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection

from zhuanjie.engine.api import GivenTable, Policy, audit
from zhuanjie.engine.core.results import Finding
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
        self.judging = Judging(Law(lambda _day: self.policy, self.waivers), lambda: self.today)
        self.store = RegisterStore(
            database, {"letter.serial": policy.vocabulary.fields["letter.serial"].compared},
            projectors={}, hooks=[self.judging.hook],
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
