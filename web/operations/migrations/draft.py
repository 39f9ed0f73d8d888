"""A revision drafted. In: what changed, why. Out: a file in `versions`, to be read over.

`python -m zhuanjie.web.operations.migrations.draft "why it is"` after a change of a room's tables.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations.ops import DowngradeOps, UpgradeOps
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from zhuanjie.web.operations.migrating import BASE, Revisions
from zhuanjie.web.operations.schema import whole_schema
from zhuanjie.web.store.database import RegisterDatabase

_TEMPLATE: Final = '''"""{why}. In: the revision before. Out: this one, or back.

Made on {day}.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down!r}


def upgrade() -> None:
    """Go on from the revision before."""
    {up}


def downgrade() -> None:
    """Go back to it."""
    {back}
'''
_COMMENT: Final = re.compile(r" *# (?:###|please adjust).*\n?")


def draft(conn: Connection, why: str, revision: str, down: str | None,
          tables: Collection[str] | None = None) -> str:
    """The text of a revision that takes `conn` to the schema as it is, of `tables` alone or all."""
    def included(_object: Any, name: str | None, kind: str, _reflected: bool, _to: Any) -> bool:
        return kind != "table" or tables is None or name in tables

    context = MigrationContext.configure(conn, opts={
        "compare_type": True, "include_object": included})
    made = produce_migrations(context, whole_schema())
    assert isinstance(made.upgrade_ops, UpgradeOps)
    assert isinstance(made.downgrade_ops, DowngradeOps)
    return _TEMPLATE.format(
        why=why, day=datetime.now(UTC).date(), revision=revision, down=down,
        up=_body(made.upgrade_ops, context), back=_body(made.downgrade_ops, context))


def _body(ops: UpgradeOps | DowngradeOps, context: MigrationContext) -> str:
    text = render_python_code(ops, migration_context=context, render_as_batch=True)
    return _COMMENT.sub("", text).strip()


def main(why: str, folder: Path) -> Path:
    """Draft the revision after the last one into `folder`."""
    revisions = Revisions()
    number = f"{len(revisions.known) + 1:04}"
    with tempfile.TemporaryDirectory() as place:
        database = RegisterDatabase(f"sqlite:///{place}/draft.db")
        revisions.upgrade(database)
        with database.reading() as conn:
            text = draft(conn, why, number, revisions.head if revisions.known else BASE)
        database.close()
    words = re.sub(r"[^a-z0-9]+", "_", why.lower()).strip("_")
    file = folder / f"r{number}_{words[:40]}.py"
    file.write_text(text, encoding="utf-8")
    return file


if __name__ == "__main__":
    sys.stdout.write(f"{main(sys.argv[1], Path(__file__).resolve().parent / 'versions')}\n")
