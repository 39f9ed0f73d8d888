"""The key of one-time codes, begun anew. In: a register's folder. Out: a key; who enrols again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.access.code_keys import (
    CodeBox,
    add_key,
    keys_path,
    read_keys,
    seal_anew,
    unopened,
)
from zhuanjie.web.access.one_time_codes import forget_codes
from zhuanjie.web.access.users import end_sessions, need_user, note_reset
from zhuanjie.web.store.event import Actor
from zhuanjie.web.store.store import RegisterStore


@dataclass(frozen=True, slots=True)
class NewCodesKey:
    """What became of the secrets that there are."""

    sealed: int
    """How many are sealed with the new key."""
    forgotten: Sequence[str]
    """The users whose codes no key opened: they enrol again."""


def begin_codes_key(store: RegisterStore, folder: Path, actor: Actor, *,
                    forget: bool = False) -> NewCodesKey:
    """Seal with a new key from now on, and what there is anew.

    Raises UsageError where a key is lost, unless the codes that it sealed may be forgotten.
    """
    with store.database.reading() as conn:
        lost = unopened(conn, read_keys(folder))
    if lost and not forget:
        raise fail(UsageError, "register.access.codes-forget", path=str(keys_path(folder)),
                   count=len(lost), hint="register.access.codes-forget.hint")
    keys = add_key(folder)
    with store.change(actor) as work:
        forgotten = unopened(work.conn, keys)
        for user in forgotten:
            note_reset(work, need_user(work.conn, user), "codes")
            forget_codes(work.conn, user)
            end_sessions(work.conn, user)
        return NewCodesKey(seal_anew(work.conn, CodeBox(keys)), forgotten)
