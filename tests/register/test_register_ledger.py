"""A register audited by its address: as it is, as it was on a day, with what it has waived."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from support.cli_command import run

from zhuanjie.engine.api import InputError, audit
from zhuanjie.web.acts.waiver_rows import project_waivers
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import SYSTEM, Actor, EventDraft
from zhuanjie.web.store.members import column_set
from zhuanjie.web.store.store import RegisterStore

PACK = "fujian-2007-80"


class _Clock:
    moment = datetime(2007, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def register(database: RegisterDatabase, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a register that was filled on 1 November and changed on 1 December."""
    monkeypatch.setenv("TZ", "UTC")
    clock = _Clock()
    store = RegisterStore(database, {}, now=lambda: clock.moment, projectors=[{
        f"waiver.{what}": project_waivers for what in ("requested", "approved")}])
    store.begin()
    with store.change(SYSTEM) as work:
        letters = column_set(work.conn, ["member.id", "letter.issued_on", "letter.serial",
                                         "letter.phone", "letter.origin_address"])
        leaving = column_set(work.conn, ["member.id", "member.left_on", "education.briefed_on"])
        work.record(EventDraft("member.imported", "a", "maths", {
            "member.id": (None, "06001"), "letter.issued_on": (None, "2007-10-01"),
            "letter.serial": (None, "无"), "letter.phone": (None, "1")}, columns=letters))
        work.record(EventDraft("member.imported", "b", "maths", {
            "member.id": (None, "06002"), "member.left_on": (None, "2007-10-01")}, columns=leaving))
    clock.moment = datetime(2007, 12, 1, 12, tzinfo=UTC)
    with store.change(SYSTEM) as work:
        work.record(EventDraft("member.set", "a", None, {"letter.phone": ("1", "13000000000")}))
        work.record(EventDraft("member.withdrawn", "b"))
        work.record(EventDraft("waiver.requested", "a", "maths", data={
            "waiver": "W1", "clause": "1.3c", "rule": None, "at_most": None,
            "granted_on": "2007-12-01", "expires": "2007-12-31"}, reason="r"))
    with store.change(Actor("zhao", "department")) as work:
        work.record(EventDraft("waiver.approved", "a", "maths", data={
            "waiver": "W1", "granted_on": "2007-12-01"}))
    return "register:" + database.url.render_as_string(hide_password=False)


def as_it_was(address: str, day: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}as_of={day}"


def found(address: str, day: date) -> dict[tuple[str | None, str], str]:
    report = audit(address, PACK, as_of=day)
    return {(f.location.entry, f.clause): str(f.outcome) for f in report.findings}


def test_as_it_is(register: str) -> None:
    said = found(register, date(2007, 12, 15))
    assert said == {("a", "1.3c"): "waived"}


def test_as_it_was(register: str) -> None:
    said = found(as_it_was(register, "2007-11-30"), date(2007, 11, 30))
    assert said == {("a", "1.3b"): "violation", ("a", "1.3c"): "violation", ("b", "1.1a"): "violation"}
    assert found(as_it_was(register, "2007-12-01"), date(2007, 12, 1)) == {("a", "1.3c"): "waived"}


def test_a_day_before_everything_is_no_broken_file(register: str) -> None:
    with pytest.raises(InputError) as raised:
        audit(as_it_was(register, "2007-10-01"), PACK)
    assert raised.value.diagnostics[0].code == "register.ledger.empty-then"


def test_no_password_is_shown(register: str, tmp_path: Path) -> None:
    for address in (register,
                    "register:postgresql://somebody:geheim@127.0.0.1:1/db", "register:odd://somebody:geheim@h/db",
                    "register:postgresql://somebody:geheim@127.0.0.1:1/db?as_of=x"):
        ran = run("audit", address, "--policy", PACK, "--as-of", "2007-12-15", "--format", "json")
        assert "geheim" not in ran.stdout + ran.stderr
        assert "Traceback" not in ran.stderr


def test_what_is_no_register_is_said(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no database", encoding="utf-8")
    for place, code in ((tmp_path / "none.db", "register.ledger.no-file"), (text, "register.ledger.unreadable")):
        with pytest.raises(InputError) as raised:
            audit(f"register:sqlite:///{place}", PACK)
        assert [d.code for d in raised.value.diagnostics] == [code]
    with pytest.raises(InputError) as raised:
        audit(f"register:sqlite:///{text}?as_of=yesterday", PACK)
    assert [d.code for d in raised.value.diagnostics] == ["register.ledger.as-of"]
