"""Attachments beside what events say of them. In: a register's folder. Out: files that differ."""

from __future__ import annotations

from sqlalchemy import Connection, select

from zhuanjie.web.acts.attachments import AttachmentFolder
from zhuanjie.web.acts.tables import ATTACHMENTS
from zhuanjie.web.evidence.flaws import Flaws
from zhuanjie.web.store.errors import NotFoundError


def check_attachments(conn: Connection, folder: AttachmentFolder, flaws: Flaws) -> None:
    """Note every file that an event brought and that is gone, or is not what it was."""
    rows = conn.execute(
        select(ATTACHMENTS.c.sha256, ATTACHMENTS.c.added)
        .where(ATTACHMENTS.c.removed.is_(False)).order_by(ATTACHMENTS.c.added)).all()
    for sha256, added in rows:
        try:
            folder.read(sha256)
        except NotFoundError as error:
            changed = error.diagnostics[0].code == "register.acts.file-changed"
            flaws.add("file-changed" if changed else "file-gone", added, sha256=sha256)
