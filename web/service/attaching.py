"""Files for acts, taken in. In: who sends one, its bytes. Out: a file that an act may name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from zhuanjie.web.acts.attachments import Attachment
from zhuanjie.web.service.register import Register
from zhuanjie.web.store.event import Actor

_CHUNK: Final = 1 << 16


def receive_file(register: Register, actor: Actor, file: BinaryIO,
                 name: str | None) -> Attachment:
    """Take in a file; raises ForbiddenError for whoever may do no act that takes any.

    Raises InputError for what is taken nowhere.
    """
    acts = register.acts.desk.acts.acts.values()
    needed = list(dict.fromkeys(each.act.permission for each in acts if each.act.attachments))
    with register.database.reading() as conn:
        if not any(register.guard.may(conn, actor, permission, None) for permission in needed):
            for permission in needed:
                register.guard.require(conn, actor, permission)
    return register.attachments.receive(_chunks(file), name or "")


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk
