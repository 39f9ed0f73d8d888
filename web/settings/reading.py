"""What is set. In: a connection. Out: closing days, forms, servers, each as it holds now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import orjson
from sqlalchemy import Connection, func, select

from zhuanjie.web.settings.models import (
    ClosingDays,
    FormOffset,
    FormPlaces,
    MailServer,
    OfficeSetting,
    Robot,
)
from zhuanjie.web.settings.names import (
    CLOSING_DAYS,
    FORMS,
    MAIL,
    PLACES,
    ROBOTS,
    name_of,
    setting_of,
)
from zhuanjie.web.settings.tables import OFFICE_SETTINGS

_S = TypeVar("_S", bound=OfficeSetting)


@dataclass(frozen=True, slots=True)
class Held:
    """What holds under a name, and the number of the event that set it."""

    name: str
    value: OfficeSetting
    version: int


def closing_days(conn: Connection) -> ClosingDays:
    """The days as of which the office closes its figures; none where nothing is set."""
    return _one(conn, CLOSING_DAYS, ClosingDays) or ClosingDays()


def form_offset(conn: Connection, form: str) -> FormOffset:
    """By how much a form is moved; not at all where nothing is set."""
    return _one(conn, name_of(FORMS, form), FormOffset) or FormOffset()


def form_places(conn: Connection, form: str) -> FormPlaces | None:
    """Where the blanks of a form that was printed elsewhere are; None where nothing is set."""
    return _one(conn, name_of(PLACES, form), FormPlaces)


def form_offsets(conn: Connection) -> dict[str, FormOffset]:
    """The offsets that are set, by form."""
    return _each(conn, FORMS, FormOffset)


def mail_server(conn: Connection) -> MailServer | None:
    """The server that takes mail; None where nothing is set."""
    return _one(conn, MAIL, MailServer)


def robots(conn: Connection) -> dict[str, Robot]:
    """The robots of groups, by name."""
    return _each(conn, ROBOTS, Robot)


def value_of(conn: Connection, name: str, kind: type[_S]) -> tuple[_S | None, int]:
    """What holds under a name, and since which event; 0 where nothing does."""
    row = conn.execute(select(OFFICE_SETTINGS.c.value, OFFICE_SETTINGS.c.version).where(
        OFFICE_SETTINGS.c.name == name)).first()
    return (None, 0) if row is None else (kind.read(orjson.loads(row.value)), row.version)


def held_secrets(conn: Connection) -> set[str]:
    """The names of the secrets that settings mean."""
    rows = conn.execute(select(OFFICE_SETTINGS.c.name, OFFICE_SETTINGS.c.value))
    return {named for row in rows for value in (orjson.loads(row.value),)
            for part in setting_of(row.name).secrets if (named := value.get(part)) is not None}


def settings_version(conn: Connection) -> tuple[int, int]:
    """What is another as soon as any setting is."""
    last, count = conn.execute(select(
        func.coalesce(func.max(OFFICE_SETTINGS.c.version), 0), func.count())
        .select_from(OFFICE_SETTINGS)).one()
    return last, count


def _one(conn: Connection, name: str, kind: type[_S]) -> _S | None:
    return value_of(conn, name, kind)[0]


def _each(conn: Connection, of: str, kind: type[_S]) -> dict[str, _S]:
    start = f"{of}/"
    rows = conn.execute(select(OFFICE_SETTINGS.c.name, OFFICE_SETTINGS.c.value).where(
        OFFICE_SETTINGS.c.name.startswith(start, autoescape=True))
        .order_by(OFFICE_SETTINGS.c.name))
    return {row.name.removeprefix(start): kind.read(orjson.loads(row.value)) for row in rows}
