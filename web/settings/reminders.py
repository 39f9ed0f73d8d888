"""Reminders by what is set. In: the settings file, the register. Out: the settings of reminders.

Whoever owns the machine has the last word: a mail server or a robot of the settings file holds, and
none of the register by the same name. Which hosts may be called at all the file alone says.
"""

from __future__ import annotations

from sqlalchemy import Connection

from zhuanjie.web.reminders.settings import (
    MailSettings,
    ReminderSettings,
    Secret,
    WebhookSettings,
    reminder_settings,
)
from zhuanjie.web.settings.reading import mail_server, robots
from zhuanjie.web.settings.secrets import SecretFolder


def reminders_now(conn: Connection, folder: SecretFolder,
                  said: ReminderSettings | None = None) -> ReminderSettings:
    """The settings of reminders, `said` or those of the file, and what the register has besides."""
    of_file = said or reminder_settings()
    mail, set_here = of_file.mail, mail_server(conn)
    if mail is None and set_here is not None:
        mail = MailSettings(**set_here.model_dump(exclude={"password"}),
                            password=_secret(folder, set_here.password))
    hooks = {name: WebhookSettings(kind=robot.kind, url=Secret(file=folder.path(robot.url)),
                                   secret=_secret(folder, robot.secret))
             for name, robot in robots(conn).items() if robot.url is not None}
    return of_file.model_copy(update={"mail": mail, "webhooks": hooks | dict(of_file.webhooks)})


def _secret(folder: SecretFolder, name: str | None) -> Secret | None:
    return None if name is None else Secret(file=folder.path(name))
