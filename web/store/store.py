"""The store of a register. In: a database, projectors. Out: changes, and the state they leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, delete

from zhuanjie.web.store.change import Projectors, UnitOfWork, begin_trail, project
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import Actor, Event
from zhuanjie.web.store.guard import Guard
from zhuanjie.web.store.history import events
from zhuanjie.web.store.members import KeyForms, MemberTable
from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.row_security import EVERYTHING, Limit
from zhuanjie.web.store.tables import MEMBER_KEYS, MEMBERS

Hook = Callable[[UnitOfWork], None]
"""What is done at the end of every change, before it is kept: judging, the tree of the trail."""

_AT_ONCE = 1000


class RegisterStore:
    """Events and the tables made from them; safe to share among threads."""

    def __init__(self, database: RegisterDatabase, forms: KeyForms, *,
                 projectors: Projectors, projections: Sequence[str] = (),
                 hooks: Sequence[Hook] = (), guard: Guard | None = None,
                 now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`projectors` are by room and kind of event, `projections` the tables that they fill.

        `forms` are the fields that members are found by; `now` is the clock of events. Without a
        `guard` everybody may do everything.
        """
        self._guard = guard
        self.database, self.now = database, now
        self._forms, self._projectors, self._hooks = forms, projectors, hooks
        self.projections: Final = (MEMBERS.name, MEMBER_KEYS.name, *projections)

    def begin(self) -> None:
        """Lay what a new register needs."""
        with self.database.writing() as conn:
            begin_trail(conn)

    @contextmanager
    def change(self, actor: Actor) -> Iterator[UnitOfWork]:
        """One change: its events are kept at the end of the block, all or none.

        Raises NotFoundError or ForbiddenError for what `actor` may not do. Queries of the block see
        what the actor sees.
        """
        with self.database.writing() as conn:
            work = UnitOfWork(conn, actor, self.now(), MemberTable(self._forms),
                              self._projectors, guard=self._guard)
            limit = self._limit(conn, actor)
            work.limit_to(limit)
            yield work
            limit.off()
            with work.as_consequence(lifted=True):
                for hook in self._hooks:
                    hook(work)
                work.close()

    @contextmanager
    def reading(self, actor: Actor) -> Iterator[Connection]:
        """One state of the register, of the units that `actor` sees; SYSTEM sees all."""
        with self.database.reading() as conn:
            self._limit(conn, actor).on()
            yield conn

    def _limit(self, conn: Connection, actor: Actor) -> Limit:
        scope = self._guard.scope(conn, actor) if self._guard is not None else EVERYTHING
        return self.database.limit(conn, scope)

    def rebuild(self) -> None:
        """Make every table that is made from events anew, in one transaction."""
        with self.database.writing() as conn:
            self.rebuild_in(conn)

    def rebuild_in(self, conn: Connection) -> None:
        """The same in a transaction of the caller's, who may look at it and take it back."""
        for name in reversed(self.projections):
            conn.execute(delete(METADATA.tables[name]))
        table, batch = MemberTable(self._forms), list[Event]()
        last = 0
        while batch := list(events(conn, after=last, limit=_AT_ONCE)):
            table.apply(conn, batch)
            project(conn, batch, self._projectors)
            last = batch[-1].seq
