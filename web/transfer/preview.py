"""An import before it is saved. In: a source, a register. Out: what would become of each member."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from zhuanjie.web.store.event import SYSTEM, Actor
from zhuanjie.web.store.members import Member
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import TRAIL_HEAD
from zhuanjie.web.transfer.changes import MemberChange
from zhuanjie.web.transfer.plan import ImportOptions, plan_import
from zhuanjie.web.transfer.projection import PastImport, import_read_so
from zhuanjie.web.transfer.source import ImportSource


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What was understood, and what would be saved.

    `members` are those of which there is something to say, in the order of their first rows.
    `missing` are members of the same units that the import does not speak of, `nameless` the rows
    without a key, `strays` what is named as a unit and is none, by how many members. `before` is
    the import of the same files that stands: with it nothing would be saved, unless asked.
    """

    source: ImportSource
    token: str
    counts: Mapping[str, int]
    members: Sequence[MemberChange]
    missing: Sequence[Member]
    nameless: Sequence[tuple[int, int]]
    strays: Mapping[str, int]
    before: PastImport | None

    @property
    def changes_nothing(self) -> bool:
        """Whether saving it would save nothing."""
        return not self.counts.get("new") and not self.counts.get("changed")


def preview(store: RegisterStore, source: ImportSource, options: ImportOptions,
            actor: Actor, *, every: bool = False) -> ImportPreview:
    """Say what an import by `actor` would do; nothing is written.

    The values of new members are counted, and kept only if `every` value is asked for.
    """
    said: list[MemberChange] = []

    def take(change: MemberChange) -> None:
        if change.kind != "unchanged" or change.blank or change.unread or change.contradictions:
            said.append(_lighter(change, every=every))

    return replace(go_through(store, source, options, actor, take), members=said)


def go_through(store: RegisterStore, source: ImportSource, options: ImportOptions, actor: Actor,
               take: Callable[[MemberChange], None],
               told: Callable[[int, int | None], None] = lambda _done, _all: None) -> ImportPreview:
    """Hand what becomes of each member to `take`, which the answer leaves out; `told` how far it
    is.
    """
    with store.reading(actor) as conn:
        before = standing(conn, source, options)
    # Whom somebody does not see may be there all the same; of them it is said that they are.
    with store.reading(SYSTEM) as conn:
        plan = plan_import(conn, source, options, version_of(conn))
        done = 0
        for chunk in plan.chunks(conn):
            for change in chunk:
                take(change)
            done += len(chunk)
            told(done, len(plan.cases.cases))
        return ImportPreview(
            source, plan.token, dict(plan.counts), (), list(plan.missing(conn)),
            [source.place(number) for number in plan.cases.nameless], dict(plan.strays),
            before)


def _lighter(change: MemberChange, *, every: bool) -> MemberChange:
    change.was, change.filled = None, len(change.values)
    if change.kind == "new" and not every:
        change.values = {}
    return change


def standing(conn: Connection, source: ImportSource, options: ImportOptions) -> PastImport | None:
    """The import of the same files, read alike, that stands; None where it is to be made again."""
    if options.again or not source.reading:
        return None
    return import_read_so(conn, source.reading)


def version_of(conn: Connection) -> int:
    """The number of the last event."""
    return int(conn.execute(select(TRAIL_HEAD.c.size)).scalar_one())
