"""Users and keys for people and programs. In: them. Out: sections, JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View
from zhuanjie.web.access.keys import ApiKey
from zhuanjie.web.access.permissions import permission_table
from zhuanjie.web.access.users import User


def users(found: Sequence[User], view: View) -> Presentation:
    """Users, for any of the formats of `register users list`."""
    return Presentation(lambda: [Section(
        title=view.say("register.users.title", count=len(found)),
        headers=[view.say(f"register.users.column.{c}")
                 for c in ("id", "name", "role", "unit", "provider", "state")],
        rows=[[user.id, user.name or "", _role(user.role, view), user.unit, user.provider,
               view.say("register.users.disabled") if user.disabled else ""]
              for user in found])], lambda: {"users": [_plain(user) for user in found]})


def keys(found: Sequence[ApiKey], view: View) -> Presentation:
    """Keys, for any of the formats of `register users keys`."""
    return Presentation(lambda: [Section(
        title=view.say("register.keys.title", count=len(found)),
        headers=[view.say(f"register.users.column.{c}")
                 for c in ("id", "title", "role", "unit", "expires", "state")],
        rows=[[key.id, key.title, _role(key.role, view), key.unit, key.expires_at[:10],
               view.say("register.keys.revoked") if key.revoked else ""]
              for key in found])], lambda: {"keys": [_plain(key) for key in found]})


def _role(role: str, view: View) -> str:
    known = permission_table().roles.get(role)
    return getattr(known.title, view.lang) if known is not None else role


def _plain(row: User | ApiKey) -> dict[str, Any]:
    return dataclasses.asdict(row)
