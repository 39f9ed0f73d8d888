"""Access to an open register. In: the register. Out: what looks after its users and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zhuanjie.engine.api import settings

if TYPE_CHECKING:
    from zhuanjie.web.access.access import Access
    from zhuanjie.web.service.register import Register


def access_of(register: Register) -> Access:
    """Who is let in, and what they may do."""
    from zhuanjie.web.access.access import Access
    from zhuanjie.web.access.guard import AccessGuard
    from zhuanjie.web.access.settings import access_settings

    return Access(register.store, AccessGuard(), access_settings(settings().register))
