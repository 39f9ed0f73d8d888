"""What an office sets holds, is an event, and shows no secret; it can be erased and made anew."""

from __future__ import annotations

import os
import stat
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from zhuanjie.engine.api import UsageError
from zhuanjie.web.access import projection as access
from zhuanjie.web.access.guard import AccessGuard
from zhuanjie.web.access.units import set_unit
from zhuanjie.web.evidence.redaction import redact
from zhuanjie.web.reminders.settings import ReminderSettings
from zhuanjie.web.settings import projection
from zhuanjie.web.settings.models import ClosingDays, FormOffset
from zhuanjie.web.settings.names import ACTS
from zhuanjie.web.settings.office import OfficeSettings, SettingShown
from zhuanjie.web.settings.reading import closing_days, form_offset, form_offsets, form_places
from zhuanjie.web.settings.tables import OFFICE_SETTINGS
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.errors import ConflictError, ForbiddenError, NotFoundError
from zhuanjie.web.store.event import SYSTEM, Actor
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import EVENT_VALUES, EVENTS

ADMIN = Actor("root", "administrator", "office")
DEPARTMENT = Actor("zhao", "department", "office")
COLLEGE = Actor("li", "college", "maths")
MAIL = {"host": "smtp.example.edu.cn", "port": 465, "encryption": "tls", "user": "zzb",
        "sender": "zzb@example.edu.cn"}
PLACE = {"part": 1, "blank": "name", "right": 265, "down": 286, "width": 280}


class Set:
    """An office that sets things."""

    def __init__(self, database: RegisterDatabase, folder: Path) -> None:
        guard = AccessGuard(dict(ACTS))
        self.store = RegisterStore(
            database, {}, guard=guard, projectors=[access.PROJECTORS, projection.PROJECTORS],
            projections=(*access.PROJECTIONS, *projection.PROJECTIONS))
        self.store.begin()
        with self.store.change(SYSTEM) as work:
            set_unit(work, "office", title="组织部")
            set_unit(work, "maths", title="数学系", parent="office")
        self.folder, self.office = folder, OfficeSettings(self.store, guard, folder)

    def rows(self) -> list[Any]:
        with self.store.reading(SYSTEM) as conn:
            return list(conn.execute(select(OFFICE_SETTINGS).order_by(OFFICE_SETTINGS.c.name)))

    def put(self, name: str, value: Any, actor: Actor = ADMIN, **more: Any) -> SettingShown:
        return self.office.put(actor, name, value, **more)

    def texts(self) -> bytes:
        """All that the database has of events."""
        with self.store.reading(SYSTEM) as conn:
            return b"".join(conn.execute(select(EVENTS.c.body)).scalars()) \
                + b"".join(conn.execute(select(EVENT_VALUES.c.content)).scalars())

    def secret(self, name: str, part: str) -> str:
        """A secret as whoever sends finds it."""
        row = next(row for row in self.rows() if row.name == name)
        return self.office.secrets.path(orjson.loads(row.value)[part]).read_text().strip()


@pytest.fixture
def made(database: RegisterDatabase, tmp_path: Path) -> Set:
    return Set(database, tmp_path / "register.data")


def test_what_is_set_holds_and_is_an_event(made: Set) -> None:
    with made.store.reading(SYSTEM) as conn:
        assert closing_days(conn) == ClosingDays()
        assert form_offset(conn, "letter") == FormOffset()
    made.put("forms/letter", {"right": -15, "down": 32}, DEPARTMENT)
    shown = made.put("closing-days", {"days": ["2026-06-30", "2026-03-31", "2026-06-30"]})
    assert shown.value == {"monthly": None, "days": ["2026-03-31", "2026-06-30"]}
    with made.store.reading(SYSTEM) as conn:
        assert form_offset(conn, "letter") == FormOffset(right=-15, down=32)
        assert form_offset(conn, "other") == FormOffset()
        assert form_offsets(conn) == {"letter": FormOffset(right=-15, down=32)}
        assert closing_days(conn).days == (date(2026, 3, 31), date(2026, 6, 30))
    last, first = made.office.history(DEPARTMENT)
    assert (first.kind, first.actor, first.data) == ("settings.set", "zhao",
                                                     {"name": "forms/letter"})
    assert first.values["settings.value"] == (None, {"right": -15, "down": 32})
    assert last.seq == shown.version
    rows = made.rows()
    made.store.rebuild()
    assert made.rows() == rows


def test_what_holds_already_is_no_event(made: Set) -> None:
    first = made.put("forms/letter", {"right": 5})
    assert made.put("forms/letter", {"right": 5, "down": 0}).version == first.version
    assert len(made.office.history(ADMIN)) == 1
    assert made.office.clear(ADMIN, "forms/letter").value is None
    assert made.office.clear(ADMIN, "forms/letter").version == 0
    assert len(made.office.history(ADMIN)) == 2
    assert made.rows() == []


def test_who_was_second_is_told(made: Set) -> None:
    seen = made.put("forms/letter", {"right": 5}, version=0)
    made.put("forms/letter", {"right": 6}, version=seen.version)
    with pytest.raises(ConflictError):
        made.put("forms/letter", {"right": 7}, version=seen.version)
    with pytest.raises(ConflictError):
        made.office.clear(ADMIN, "forms/letter", version=seen.version)
    assert made.office.one(ADMIN, "forms/letter").value == {"right": 6, "down": 0}


@pytest.mark.parametrize(("name", "value", "part"), [
    ("forms/letter", {"right": 501}, "right"),
    ("forms/letter", {"right": 1.5}, "right"),
    ("forms/letter", {"left": 1}, "left"),
    ("places/letter", {"places": [{**PLACE, "width": 0}]}, "places.0.width"),
    ("places/letter", {"places": [{**PLACE, "blank": "Name"}]}, "places.0.blank"),
    ("places/letter", {"places": [PLACE] * 301}, "places"),
    ("closing-days", {"monthly": 32}, "monthly"),
    ("closing-days", {"days": ["2026-02-30"]}, "days.0"),
    ("mail", {**MAIL, "port": 0}, "port"),
    ("mail", {**MAIL, "host": "a b"}, "host"),
    ("mail", {**MAIL, "password": "0" * 32}, "password"),
    ("mail", {}, "host"),
    ("robots/group", {"kind": "sms"}, "kind"),
])
def test_what_cannot_be_is_refused(made: Set, name: str, value: Any, part: str) -> None:
    with pytest.raises(UsageError) as refused:
        made.put(name, value)
    assert refused.value.diagnostics[0].args["part"] == part
    assert made.rows() == []


def test_a_place_is_on_its_sheet(made: Set) -> None:
    for off in ({**PLACE, "right": 1821}, {**PLACE, "down": 2971}):
        with pytest.raises(UsageError) as refused:
            made.put("places/letter", {"places": [PLACE, off]})
        assert refused.value.diagnostics[0].args["where"] == "1.name"
    made.put("places/letter", {"places": [PLACE], "width": 545, "height": 286})
    with made.store.reading(SYSTEM) as conn:
        held = form_places(conn, "letter")
    assert held is not None and (held.places[0].down, held.places[0].size) == (286, 120)


@pytest.mark.parametrize("name", ["", "mails", "forms", "forms/", "forms/../x", "mail/x",
                                  "forms/A", "robots/a b", "closing-days/x", f"forms/{'a' * 65}"])
def test_a_name_that_there_is_not_is_not_found(made: Set, name: str) -> None:
    with pytest.raises(NotFoundError):
        made.put(name, {})


def test_settings_are_the_offices_and_servers_the_administrators(made: Set) -> None:
    for actor in (COLLEGE, Actor("i", "inspector", "office"), Actor("a", "administrator", "maths"),
                  Actor("d", "department", "maths")):
        for act in (lambda who: made.put("forms/letter", {"right": 1}, who),
                    made.office.shown, made.office.history,
                    lambda who: made.office.one(who, "forms/letter")):
            with pytest.raises(ForbiddenError):
                act(actor)
    made.put("mail", MAIL, secrets={"password": "hunter2 hunter2"})
    made.put("forms/letter", {"right": 1}, DEPARTMENT)
    with pytest.raises(ForbiddenError):
        made.put("mail", {**MAIL, "host": "evil.example"}, DEPARTMENT)
    with pytest.raises(ForbiddenError):
        made.put("robots/group", {"kind": "wecom"}, DEPARTMENT, secrets={"url": "https://x"})
    with pytest.raises(ForbiddenError):
        made.office.one(DEPARTMENT, "mail")
    assert [each.name for each in made.office.shown(DEPARTMENT)] == ["forms/letter"]
    assert [each.data["name"] for each in made.office.history(DEPARTMENT)] == ["forms/letter"]
    assert [each.name for each in made.office.shown(ADMIN)] == ["forms/letter", "mail"]
    # None of the refused left a secret behind.
    assert len(list((made.folder / "secrets").iterdir())) == 1


def test_a_secret_is_kept_apart_and_never_shown(made: Set) -> None:
    secret = "hunter2 geheim"
    shown = made.put("mail", MAIL, secrets={"password": secret})
    assert shown.value == {**MAIL} and shown.secrets == {"password": True}
    assert made.secret("mail", "password") == secret
    file, = (made.folder / "secrets").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and file.suffix == ".key"
    assert secret.encode() not in made.texts()
    assert secret not in repr(made.office.shown(ADMIN)) + repr(made.office.history(ADMIN))
    # Another sender keeps it; another server does not get it.
    made.put("mail", {**MAIL, "sender": "office@example.edu.cn"})
    assert made.secret("mail", "password") == secret
    for other in ({"host": "evil.example"}, {"port": 2525}, {"encryption": "starttls"}):
        with pytest.raises(UsageError, match="password"):
            made.put("mail", {**MAIL, **other})
    made.put("mail", {**MAIL, "host": "other.example"}, secrets={"password": "another"})
    assert made.secret("mail", "password") == "another"
    assert made.put("mail", MAIL, secrets={"password": None}).secrets == {"password": False}


@pytest.mark.parametrize("secret", ["", " ", "a\nb", "a\x00", "x" * 2001])
def test_what_is_no_secret_is_refused(made: Set, secret: str) -> None:
    with pytest.raises(UsageError):
        made.put("mail", MAIL, secrets={"password": secret})
    assert made.rows() == []


def test_a_robots_address_is_a_secret_and_its_signature_follows_it(made: Set) -> None:
    with pytest.raises(UsageError):
        made.put("robots/group", {"kind": "dingtalk"})
    shown = made.put("robots/group", {"kind": "dingtalk"},
                     secrets={"url": "https://oapi.dingtalk.com/robot/send?access_token=t",
                              "secret": "SEC1"})
    assert shown.value == {"kind": "dingtalk"}
    assert shown.secrets == {"url": True, "secret": True}
    with pytest.raises(UsageError, match="secret"):
        made.put("robots/group", {"kind": "dingtalk"}, secrets={"url": "https://evil.example"})
    with pytest.raises(UsageError):
        made.put("robots/group", {"kind": "wecom"})
    made.put("robots/group", {"kind": "dingtalk"}, secrets={"secret": "SEC2"})
    assert made.secret("robots/group", "secret") == "SEC2"


def test_mail_goes_by_what_is_set_unless_the_file_says(made: Set) -> None:
    made.put("mail", MAIL, secrets={"password": "hunter2"})
    made.put("robots/group", {"kind": "wecom"}, secrets={"url": "https://qyapi.weixin.qq.com/x"})
    with made.store.reading(SYSTEM) as conn:
        said = made.office.reminders(conn, ReminderSettings())
        of_file = made.office.reminders(conn, ReminderSettings.model_validate({
            "mail": {"host": "file.example", "sender": "a@file.example"},
            "webhooks": {"group": {"kind": "dingtalk", "url": {"variable": "URL"}}}}))
    assert said.mail is not None and said.mail.password is not None
    assert (said.mail.host, said.mail.password.read()) == (MAIL["host"], "hunter2")
    assert said.webhooks["group"].url.read() == "https://qyapi.weixin.qq.com/x"
    assert of_file.mail is not None and of_file.mail.host == "file.example"
    assert of_file.webhooks["group"].kind == "dingtalk"


def test_what_was_erased_holds_no_longer(made: Set) -> None:
    made.put("mail", MAIL)
    past = made.put("mail", {**MAIL, "sender": "li@example.edu.cn"}).version
    last = made.put("mail", {**MAIL, "sender": "zzb2@example.edu.cn"}).version
    redact(made.store, SYSTEM, event=past)
    assert made.office.one(ADMIN, "mail").version == last
    redact(made.store, SYSTEM, event=last)
    assert made.rows() == []
    made.store.rebuild()
    assert made.rows() == []
    made.put("mail", MAIL)
    rows = made.rows()
    made.store.rebuild()
    assert made.rows() == rows and len(rows) == 1


def test_secrets_of_no_setting_are_taken_away(made: Set) -> None:
    made.put("mail", MAIL, secrets={"password": "first"})
    made.put("mail", MAIL, secrets={"password": "second"})
    files = sorted((made.folder / "secrets").iterdir())
    made.office.tidy()
    assert len(list((made.folder / "secrets").iterdir())) == 2  # may be of a change to come

    for file in files:
        os.utime(file, (0, 0))
    made.office.tidy()
    assert [f.read_text() for f in (made.folder / "secrets").iterdir()] == ["second\n"]


@pytest.mark.parametrize(("said", "day", "count", "expected"), [
    ({"monthly": 31}, "2026-03-30", 3, ["2025-12-31", "2026-01-31", "2026-02-28"]),
    ({"monthly": 25}, "2026-03-25", 2, ["2026-02-25", "2026-03-25"]),
    ({"monthly": 25, "days": ["2026-03-10", "2026-04-01"]}, "2026-03-25", 3,
     ["2026-02-25", "2026-03-10", "2026-03-25"]),
    ({"days": ["2026-06-30"]}, "2026-06-29", 5, []),
    ({"monthly": 1}, "0001-02-01", 5, ["0001-01-01", "0001-02-01"]),
    ({"monthly": 1}, "2026-03-10", 0, []),
])
def test_closing_days_up_to_a_day(said: Any, day: str, count: int, expected: list[str]) -> None:
    found = ClosingDays.read(said).upto(date.fromisoformat(day), count)
    assert [each.isoformat() for each in found] == expected
