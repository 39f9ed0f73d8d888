"""A register of an office whose day is moved by hand: members who are late, others, on three days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from support.register_office import RECORD, UNITS
from zhuanjie.web.service.register import Register, open_register
from zhuanjie.web.store.event import SYSTEM, Actor, EventDraft
from zhuanjie.web.store.members import column_set

FIRST = date(2026, 6, 30)
ASKS, ANSWERS = Actor("zhang", "college", "maths"), Actor("li", "department", "office")
ISSUED: dict[str, Any] = {
    "letter.serial": "1", "letter.stub_serial": "1", "letter.receipt_serial": "1",
    "letter.form": "three_part", "letter.addressee": "某公司党委", "letter.name": "王五"}


class Clock:
    """A register of an office whose day is moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.today = FIRST
        self.register: Register = open_register(
            f"sqlite:///{folder / 'register.db'}", day=lambda: self.today,
            now=lambda: datetime.combine(self.today, time(4), UTC))
        for id, parent, title in UNITS:
            self.register.access.set_unit(SYSTEM, id, title=title, parent=parent)

    def add(self, id: str, unit: str, columns: list[str] | None = None, **more: Any) -> None:
        record = {**RECORD, "member.id": id, "member.name": f"王{id}", **more}
        names = columns or [f.name for f in self.register.vocabulary.fields]
        with self.register.store.change(SYSTEM) as work:
            work.record(EventDraft(
                "member.imported", id, unit,
                {n: (None, v) for n, v in record.items() if n in names and v is not None},
                {"import": "test", "new": True, "unit": unit, "columns": ""},
                columns=column_set(work.conn, names)))

    def set(self, id: str, **values: Any) -> None:
        with self.register.store.change(SYSTEM) as work:
            work.record(EventDraft("member.corrected", id, values={
                n.replace("__", "."): (None, v) for n, v in values.items()}))

    def pass_to(self, day: date) -> None:
        self.today = day
        self.register.judging.refresh(self.register.store)


@contextmanager
def three_days(folder: Path) -> Iterator[Clock]:
    """An office on three days: a letter that is late for long, one that is not, others."""
    made = Clock(folder)
    made.add("m1", "maths", **ISSUED | {"letter.issued_on": "2026-01-05"})
    made.add("m2", "algebra", **ISSUED | {"letter.serial": "2", "letter.stub_serial": "2",
                                          "letter.issued_on": "2026-06-20"})
    made.add("p1", "physics")
    made.add("p2", "physics", columns=["member.id", "member.name", "destination.kind",
                                       "member.left_on"])
    made.pass_to(date(2026, 7, 31))
    made.add("p3", "physics", **{"destination.kind": None})
    made.set("m1", receipt__returned_on="2026-07-30", receipt__returned=True)
    made.pass_to(date(2026, 11, 20))
    yield made
    made.register.close()
