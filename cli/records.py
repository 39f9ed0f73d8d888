"""What reading a record's file has to say. In: a record as read. Out: words on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zhuanjie.cli.session import Session

if TYPE_CHECKING:
    from zhuanjie.engine.api import ReadRecord


def say_of(record: ReadRecord, session: Session, *, notices: bool = True) -> ReadRecord:
    """Say what could not be read in a record, and with `notices` which headings nobody knows."""
    for found in record.input:
        session.unreadable(found)
    for notice in record.notices if notices else ():
        session.notice(notice)
    return record
