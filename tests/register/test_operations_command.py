"""The commands that keep a register: brought up, saved, restored, its readers named."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest
from support.cli_command import COMMAND

from zhuanjie.cli.main import main
from zhuanjie.web.operations.migrating import Revisions


def call(capfd: pytest.CaptureFixture[str], *args: object, code: int = 0) -> str:
    assert main([*map(str, args), "--lang", "en"]) == code
    said = capfd.readouterr()
    return said.out if code in {0, 1} else said.err


@pytest.fixture(autouse=True)
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_saved_and_restored(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "all" in call(capfd, "register", "reminders", "--database", "sqlite:///a.db",
                         "--unit", "all", "--mail", "office@example.edu.cn")
    said = call(capfd, "register", "backup", "b.zip", "--keys", "--database",
                "sqlite:///a.db")
    assert " 1 events" in said
    said = call(capfd, "register", "restore", "b.zip", "--database", "sqlite:///c.db")
    assert "1 events" in said
    assert "the trail holds" in said
    lists = json.loads(call(capfd, "register", "reminders", "--database", "sqlite:///c.db",
                            "--format", "json"))
    assert [(x["unit"], x["target"]) for x in lists["lists"]] == [("*", "office@example.edu.cn")]
    assert lists["outbox"] == {"waiting": 0, "sent": 0, "failed": 0}
    assert "was not written over" in call(
        capfd, "register", "backup", "b.zip", "--database", "sqlite:///a.db", code=2)
    assert "nothing was restored" in call(
        capfd, "register", "restore", "b.zip", "--database", "sqlite:///c.db", code=2)


def test_a_backup_passes_through_pipes_and_what_it_lacks_is_said(tmp_path: Path) -> None:
    """As through a program that encrypts it: no other copy on either machine."""
    def run(*args: str, stdin: bytes = b"", code: int = 0) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run([COMMAND, "--lang", "en", "register", *args], input=stdin,
                              capture_output=True, check=False)
        assert done.returncode == code, done.stderr.decode()
        return done

    Path("zhuanjie.toml").write_text("[register.http]\nthreads = 4\n")
    run("reminders", "--database", "sqlite:///a.db", "--unit", "all", "--mail", "a@example.edu.cn")
    piped = run("backup", "-", "--database", "sqlite:///a.db")
    assert piped.stdout[:2] == b"PK" and b"written to stdout: 1 events" in piped.stderr
    cut = run("restore", "-", "--database", "sqlite:///c.db", stdin=piped.stdout[:-100], code=2)
    assert b"no backup" in cut.stderr and not Path("c.db").exists()
    restored = run("restore", "-", "--database", "sqlite:///c.db", stdin=piped.stdout)
    said = restored.stderr.decode()
    assert "trail.key, codes.key" in said and "settings/zhuanjie.toml" in said
    assert f"zhuanjie serve --database sqlite:///{tmp_path / 'c.db'}" in said
    with_keys = run("backup", "-", "--keys", "--database", "sqlite:///a.db").stdout
    whole = run("restore", "-", "--database", "sqlite:///d.db", stdin=with_keys)
    assert b"trail.key" not in whole.stderr
    assert sorted(p.name for p in Path("d.data").iterdir()) == ["codes.key", "trail.key", "trail.pub"]


def test_a_trail_that_does_not_hold_is_not_restored(
        capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for unit in ("all", "all"):
        call(capfd, "register", "reminders", "--database", "sqlite:///a.db", "--unit", unit,
             "--mail", "office@example.edu.cn")
    with sqlite3.connect("a.db") as conn:  # whoever has the file can do that
        for name, in conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            conn.execute(f"DROP TRIGGER {name}")
        conn.execute("UPDATE events SET body = CAST(replace(body, 'system', 'sYstem') AS BLOB) WHERE seq = 1")
    conn.close()
    call(capfd, "register", "backup", "b.zip", "--database", "sqlite:///a.db")
    said = call(capfd, "register", "restore", "b.zip", "--database", "sqlite:///c.db", code=2)
    assert "the trail in the backup does not hold" in said
    assert not Path("c.db").exists()


def test_nothing_is_made_where_there_is_nothing(
        capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "no register" in call(capfd, "register", "backup", "b.zip", "--database",
                                 "sqlite:///none.db", code=2)
    assert "there is no backup" in call(capfd, "register", "restore", "b.zip", "--database",
                                        "sqlite:///none.db", code=2)
    assert not list(tmp_path.glob("*.db"))


def test_the_schema_goes_back_and_forward(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    head, first = Revisions().head, Revisions().known[0]
    assert head in call(capfd, "register", "upgrade", "--database", "sqlite:///a.db")
    assert "stays" in call(capfd, "register", "upgrade", "--database", "sqlite:///a.db")
    assert first in call(capfd, "register", "upgrade", "--to", first, "--database", "sqlite:///a.db")
    assert len(list(tmp_path.glob("a.data/backups/*.zip"))) == 1
    assert head in call(capfd, "register", "upgrade", "--database", "sqlite:///a.db")
    assert "no revision x" in call(capfd, "register", "upgrade", "--to", "x", "--database",
                                   "sqlite:///a.db", code=2)
    with sqlite3.connect("a.db") as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    conn.close()
    for command in (("upgrade",), ("reminders",)):
        assert "newer than" in call(capfd, "register", *command, "--database", "sqlite:///a.db",
                                    code=2)


@pytest.mark.parametrize("args", [
    ("--unit", "x"), ("--mail", "a@b.cn"), ("--unit", "x", "--mail", "a@b.cn", "--webhook", "y"),
    ("--unit", "all", "--mail", "a@b.cn", "--remove", "1"), ("--remove", "1"),
    ("--unit", "none", "--mail", "a@b.cn"), ("--unit", "all", "--mail", "no address"),
    ("--unit", "all", "--webhook", "none")])
def test_a_reader_that_cannot_be(capfd: pytest.CaptureFixture[str], args: tuple[str, ...]) -> None:
    said = call(capfd, "register", "reminders", "--database", "sqlite:///a.db", *args, code=2)
    assert said.startswith("error: ")
    assert "internal" not in said
