"""The schema brought up, or back. In: a database. Out: the same in the revision that is asked for.

All of it is one transaction, on SQLite too: a migration that fails leaves the database as it was.
Triggers and row-level security are no part of a revision: they are lifted before it and laid again
after it as the program has them, so that they always fit the tables that are there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.operations import migrations
from zhuanjie.web.operations.schema import REVISION_TABLE, differences, whole_schema
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.protection import protect, unprotect
from zhuanjie.web.store.row_security import secure, unsecure

_FOLDER: Final = Path(migrations.__file__).parent
BASE: Final = "base"
"""The revision before the first."""


class SchemaState(StrEnum):
    """How a database's schema stands to the program's."""

    EMPTY = "empty"
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    UNMARKED = "unmarked"
    """There are tables and no revision: nobody knows which they are."""


@dataclass(frozen=True, slots=True)
class SchemaStanding:
    """A database's revision, and the program's."""

    state: SchemaState
    current: str | None
    head: str


@dataclass(frozen=True, slots=True)
class Migration:
    """What became of a schema."""

    before: str | None
    after: str | None

    @property
    def changed(self) -> bool:
        """Whether anything did."""
        return self.before != self.after


class Revisions:
    """The revisions that the program knows; tests may look for more of them elsewhere."""

    def __init__(self, *more: Path) -> None:
        places = [str(_FOLDER / "versions"), *map(str, more)]
        self._script = ScriptDirectory(str(_FOLDER), version_locations=places)

    @property
    def head(self) -> str:
        """The last revision."""
        head = self._script.get_current_head()
        assert head is not None
        return head

    @property
    def known(self) -> list[str]:
        """Every revision, the first first."""
        return [r.revision for r in self._script.walk_revisions()][::-1]

    def is_earlier(self, revision: str, other: str) -> bool:
        """Whether a revision stands before another; raises UsageError for one that is not known."""
        order = [BASE, *self.known]
        if revision not in order:
            raise fail(UsageError, "register.schema.no-revision", revision=revision,
                       known=", ".join(self.known))
        return other in order and order.index(revision) < order.index(other)

    def standing(self, conn: Connection) -> SchemaStanding:
        """How the database stands."""
        current = MigrationContext.configure(conn).get_current_revision()
        if current is None:
            tables = set(inspect(conn).get_table_names()) - {REVISION_TABLE}
            ours = tables & set(whole_schema().tables)
            state = SchemaState.UNMARKED if ours else SchemaState.EMPTY
        elif current == self.head:
            state = SchemaState.CURRENT
        else:
            state = SchemaState.OLDER if current in self.known else SchemaState.NEWER
        return SchemaStanding(state, current, self.head)

    def require_current(self, conn: Connection) -> None:
        """Raise UsageError where the database is not of the program's revision."""
        found = self.standing(conn)
        if found.state is SchemaState.NEWER:
            raise _newer(found)
        if found.state is not SchemaState.CURRENT:
            raise fail(UsageError, "register.schema.older", hint="register.schema.older.hint",
                       current=found.current or "-", head=found.head)

    def upgrade(self, database: RegisterDatabase, *,
                before: Callable[[str], None] = lambda _revision: None,
                to: str | None = None) -> Migration:
        """Bring a database up, to the last revision where `to` is not said.

        `before` is called with the revision of a database that has something in it, and makes a
        backup. Raises UsageError where the database is newer, or of no revision.
        """
        with database.reading() as conn:
            found = self.standing(conn)
        if found.state is SchemaState.NEWER:
            raise _newer(found)
        if found.state is SchemaState.CURRENT and to is None:
            return Migration(found.current, found.current)
        if found.state is SchemaState.OLDER:
            assert found.current is not None
            before(found.current)
        with database.migrating() as conn:
            return self.upgrade_within(conn, to)

    def upgrade_within(self, conn: Connection, to: str | None = None) -> Migration:
        """The same in the caller's transaction, without a backup."""
        # Another process may have been faster since.
        found = self.standing(conn)
        if found.state is SchemaState.NEWER:
            raise _newer(found)
        if found.state is SchemaState.UNMARKED:
            return self._adopt(conn)
        target = to or self.head
        self.is_earlier(target, target)
        if found.current != target:
            scripts = self._script.iterate_revisions(target, found.current or BASE)
            self._run(conn, [MigrationStep.upgrade_from_script(self._script.revision_map, script)
                             for script in reversed(list(scripts))])
        return Migration(found.current, target)

    def downgrade(self, database: RegisterDatabase, to: str) -> Migration:
        """Bring a database back to an earlier revision, or to BASE: then it has no table."""
        with database.migrating() as conn:
            found = self.standing(conn)
            if found.state is SchemaState.NEWER:
                raise _newer(found)
            self.is_earlier(to, to)
            scripts = self._script.iterate_revisions(found.current or BASE, to)
            self._run(conn, [MigrationStep.downgrade_from_script(self._script.revision_map, script)
                             for script in scripts])
        return Migration(found.current, None if to == BASE else to)

    def _adopt(self, conn: Connection) -> Migration:
        """Mark a database that has every table as the program has them, and no revision."""
        if differences(conn):
            raise fail(UsageError, "register.schema.unmarked",
                       hint="register.schema.unmarked.hint")
        MigrationContext.configure(conn).stamp(self._script, self.head)
        return Migration(None, self.head)

    def _run(self, conn: Connection, steps: Sequence[RevisionStep]) -> None:
        context = MigrationContext.configure(conn, opts={
            "fn": lambda _heads, _context: steps, "target_metadata": whole_schema(),
            "transaction_per_migration": False})
        for lift in LIFT:
            lift(conn)
        with Operations.context(context):
            context.run_migrations()
        for lay in LAY:
            lay(conn)


LIFT: Final[Sequence[Callable[[Connection], None]]] = (unprotect, unsecure)
"""What takes away the triggers and policies that stand over tables."""
LAY: Final[Sequence[Callable[[Connection], None]]] = (secure, protect)
"""What lays them again."""


def _newer(found: SchemaStanding) -> UsageError:
    return fail(UsageError, "register.schema.newer", hint="register.schema.newer.hint",
                current=found.current, head=found.head)
