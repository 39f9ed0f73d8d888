"""Settings for people and programs. In: who asks, what is to hold. Out: what holds, no secret.

Everything asks the guard: settings are the office's, those that let the machine call others need
the permission for servers besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select

from zhuanjie.engine.api import Lang
from zhuanjie.web.access.guard import AccessGuard
from zhuanjie.web.reminders.settings import ReminderSettings, reminder_settings
from zhuanjie.web.settings.changing import clear_setting, put_setting
from zhuanjie.web.settings.models import OfficeSetting
from zhuanjie.web.settings.names import ACTS, MAIL, ROBOTS, setting_of
from zhuanjie.web.settings.projection import KIND
from zhuanjie.web.settings.reading import held_secrets, value_of
from zhuanjie.web.settings.reminders import reminders_now
from zhuanjie.web.settings.secrets import SecretFolder
from zhuanjie.web.settings.tables import OFFICE_SETTINGS
from zhuanjie.web.settings.trying import tried, try_server
from zhuanjie.web.store.event import Actor, Event
from zhuanjie.web.store.history import events
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import EVENTS

PERMISSION: Final = "settings"


@dataclass(frozen=True, slots=True)
class SettingShown:
    """What holds under a name. Of each secret `secrets` says whether it is there.

    `by_file` says that the settings file has something of this name, which holds instead.
    """

    name: str
    value: Mapping[str, Any] | None
    secrets: Mapping[str, bool]
    version: int
    by_file: bool = False


class OfficeSettings:
    """What an office sets while the register runs; safe to share among threads."""

    def __init__(self, store: RegisterStore, guard: AccessGuard, folder: Path) -> None:
        """`guard` is the one that `store` asks, `folder` the register's."""
        self._store, self._guard = store, guard
        self.secrets: Final = SecretFolder(folder)

    def put(self, actor: Actor, name: str, said: Mapping[str, Any], *,
            secrets: Mapping[str, str | None] | None = None, version: int | None = None,
            reason: str | None = None) -> SettingShown:
        """Have something hold, as `put_setting` has it."""
        with self._store.change(actor) as work:
            self._require(work.conn, actor, setting_of(name))
            put_setting(work, self.secrets, name, said, secrets=secrets, version=version,
                        reason=reason)
            return self._shown(work.conn, name)

    def clear(self, actor: Actor, name: str, *, version: int | None = None,
              reason: str | None = None) -> SettingShown:
        """Have nothing hold, as `clear_setting` has it."""
        with self._store.change(actor) as work:
            self._require(work.conn, actor, setting_of(name))
            clear_setting(work, name, version=version, reason=reason)
            return self._shown(work.conn, name)

    def try_out(self, actor: Actor, name: str, *, to: str, lang: Lang) -> str:
        """Send a test message, as `try_server` has it; what came of it is an event."""
        with self._store.reading(actor) as conn:
            self._require(conn, actor, setting_of(name))
            said = self.reminders(conn)
        # Outside of any transaction: the other side may take as long as it likes.
        outcome = try_server(said, name, to, lang)
        with self._store.change(actor) as work:
            work.record(tried(name, to, outcome))
        return outcome

    def shown(self, actor: Actor) -> list[SettingShown]:
        """Everything that is set, by name, of what `actor` may set."""
        with self._store.reading(actor) as conn:
            self._guard.require(conn, actor, PERMISSION)
            names = conn.execute(select(OFFICE_SETTINGS.c.name)
                                 .order_by(OFFICE_SETTINGS.c.name)).scalars()
            return [self._shown(conn, name) for name in names
                    if self._may(conn, actor, setting_of(name))]

    def one(self, actor: Actor, name: str) -> SettingShown:
        """What holds under a name; raises NotFoundError where there is no such name."""
        with self._store.reading(actor) as conn:
            self._require(conn, actor, setting_of(name))
            return self._shown(conn, name)

    def history(self, actor: Actor, *, limit: int = 100) -> list[Event]:
        """The last changes of settings, the latest first."""
        # What is of no unit is hidden from who sees but units; this is for whoever may set it.
        with self._store.database.reading() as conn:
            self._guard.require(conn, actor, PERMISSION)
            return [event for event in events(conn, EVENTS.c.kind == KIND, limit=limit,
                                              latest_first=True)
                    if event.data.get("name") is not None
                    and self._may(conn, actor, setting_of(event.data["name"]))]

    def reminders(self, conn: Connection, said: ReminderSettings | None = None
                  ) -> ReminderSettings:
        """How reminders are sent now; `said` stands for what the settings file says of them."""
        return reminders_now(conn, self.secrets, said)

    def tidy(self) -> None:
        """Take away secrets that no setting has any more."""
        with self._store.database.reading() as conn:
            held = held_secrets(conn)
        self.secrets.tidy(held)

    def _shown(self, conn: Connection, name: str) -> SettingShown:
        kind = setting_of(name)
        value, version = value_of(conn, name, kind)
        return SettingShown(
            name, None if value is None
            else value.model_dump(mode="json", exclude=set(kind.secrets)),
            {part: self.secrets.has(getattr(value, part, None)) for part in kind.secrets},
            version, _is_of_file(name))

    def _may(self, conn: Connection, actor: Actor, kind: type[OfficeSetting]) -> bool:
        return all(self._guard.may(conn, actor, each, None) for each in _permissions(kind))

    def _require(self, conn: Connection, actor: Actor, kind: type[OfficeSetting]) -> None:
        for each in _permissions(kind):
            self._guard.require(conn, actor, each)


def _permissions(kind: type[OfficeSetting]) -> tuple[str, ...]:
    return (PERMISSION, *((ACTS[kind.act],) if kind.act is not None else ()))


def _is_of_file(name: str) -> bool:
    said = reminder_settings()
    kind, _, thing = name.partition("/")
    return (name == MAIL and said.mail is not None) or (kind == ROBOTS and thing in said.webhooks)
