"""What settings are called. In: a name. Out: what it sets; names of things of a kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from zhuanjie.engine.api import fail
from zhuanjie.web.settings.models import (
    ClosingDays,
    FormOffset,
    FormPlaces,
    MailServer,
    OfficeSetting,
    Robot,
)
from zhuanjie.web.store.errors import NotFoundError

CLOSING_DAYS: Final = "closing-days"
MAIL: Final = "mail"
FORMS: Final = "forms"
PLACES: Final = "places"
ROBOTS: Final = "robots"
_ALONE: Final[Mapping[str, type[OfficeSetting]]] = {CLOSING_DAYS: ClosingDays, MAIL: MailServer}
_EACH: Final[Mapping[str, type[OfficeSetting]]] = {
    FORMS: FormOffset, PLACES: FormPlaces, ROBOTS: Robot}
_THING: Final = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{0,62}[a-z0-9])?")
ACTS: Final[Mapping[str, str]] = {
    kind.act: "servers" for kind in (MailServer, Robot) if kind.act is not None}
"""What the table of permissions asks for settings that let the machine call others."""


def setting_of(name: str) -> type[OfficeSetting]:
    """What `name` sets: `mail`, `forms/letter`; raises NotFoundError where there is no such."""
    kind, slash, thing = name.partition("/")
    found = (_EACH.get(kind) if _THING.fullmatch(thing) else None) if slash else _ALONE.get(kind)
    if found is None:
        raise fail(NotFoundError, "register.settings.none", name=name)
    return found


def name_of(kind: str, thing: str) -> str:
    """The name of a thing of a kind."""
    return f"{kind}/{thing}"
