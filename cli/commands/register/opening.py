"""What commands on a register share. In: where it is kept. Out: it, open; who acts."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Final

from zhuanjie.cli.help import option
from zhuanjie.engine.api import InputError, fail, lacking, missing, shown_name

if TYPE_CHECKING:
    from zhuanjie.web.service.place import RegisterPlace
    from zhuanjie.web.service.register import Register
    from zhuanjie.web.store.database import RegisterDatabase
    from zhuanjie.web.store.event import Actor

database = option("--database", help_key="database", metavar="URL")
_ROLE: Final = "system"


def where(url: str | None) -> str | None:
    """The address that the call names, else the one that the settings name, if any."""
    from zhuanjie.engine import api

    said = api.settings().register.get("database")
    return url or (str(said) if said else None)


@contextmanager
def opened(url: str | None, *, renewing: bool = False) -> Iterator[Register]:
    """The register at `url`, or the usual one; closed in the end. `renewing` is to begin keys."""
    if lacking("web"):
        raise missing("web")
    from zhuanjie.web.service.register import open_register

    register = open_register(where(url), renewing=renewing)
    try:
        yield register
    finally:
        register.close()


def address(url: str | None, day: date | None) -> str:
    """The register at `url` as a ledger to audit, or as it was at the end of a day."""
    if lacking("web"):
        raise missing("web")
    from zhuanjie.web.service.ledger import AS_OF
    from zhuanjie.web.service.place import place_of

    at = place_of(where(url)).url
    if day is None:
        return f"register:{at}"
    return f"register:{at}{'&' if '?' in at else '?'}{AS_OF}={day.isoformat()}"


@contextmanager
def existing(url: str | None) -> Iterator[tuple[RegisterPlace, RegisterDatabase]]:
    """The database of a register that is there, to be read as it is; nothing is made."""
    if lacking("web"):
        raise missing("web")
    from zhuanjie.web.evidence.verify import is_there
    from zhuanjie.web.service.place import place_of
    from zhuanjie.web.store.database import RegisterDatabase

    place = place_of(where(url))
    database = RegisterDatabase(place.url)
    try:
        if not is_there(database):
            raise fail(InputError, "register.trail.nowhere", at=shown_name(place.url),
                       hint="register.trail.nowhere.hint")
        yield place, database
    finally:
        database.close()


def actor() -> Actor:
    """Who calls: whoever can reach the database itself needs no other leave."""
    from zhuanjie.web.store.event import Actor

    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container without names
        name = "unknown"
    return Actor(name, _ROLE)
