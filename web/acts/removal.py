"""Files taken away. In: a member, a file. Out: its name erased from the history, the file gone.

The event that brought it says its hash, size and type for good: that something was there is not
erased with it.
"""

from __future__ import annotations

from sqlalchemy import select

from zhuanjie.engine.api import fail
from zhuanjie.web.acts.attachments import AttachmentFolder, attached
from zhuanjie.web.acts.projection import FILE
from zhuanjie.web.acts.tables import ATTACHMENTS
from zhuanjie.web.evidence.redaction import redact_member
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.store import RegisterStore


def remove_attachment(work: UnitOfWork, member: str, sha256: str, reason: str) -> None:
    """Erase a file's name from the member's history, which removes the file.

    Once the change is kept, `sweep` takes the file itself away.
    """
    if all(file.sha256 != sha256 for file in attached(work.conn, member)):
        raise fail(NotFoundError, "register.acts.no-file")
    redact_member(work, member, [FILE + sha256], reason=reason)


def sweep(store: RegisterStore, folder: AttachmentFolder, sha256: str) -> bool:
    """Delete a file that nobody has any more; whether it was."""
    with store.database.writing() as conn:
        used = conn.execute(select(ATTACHMENTS.c.member).where(
            ATTACHMENTS.c.sha256 == sha256, ATTACHMENTS.c.removed.is_(False)).limit(1)).first()
        if used is not None:
            return False
        folder.delete(sha256)
        return True


def tidy(store: RegisterStore, folder: AttachmentFolder, older_than: float) -> int:
    """Delete files that no case ever had and that came before a moment; returns how many.

    Whoever sends a file and then does no act with it leaves one behind. `older_than` is a time as
    `time.time` has it.
    """
    gone = 0
    with store.database.writing() as conn:
        used = set(conn.execute(select(ATTACHMENTS.c.sha256).where(
            ATTACHMENTS.c.removed.is_(False))).scalars())
        for sha256 in sorted(folder.hashes() - used):
            if folder.path(sha256).stat().st_mtime < older_than:
                folder.delete(sha256)
                gone += 1
    return gone
