"""Keys beside a register: sealed codes, and what is said where a key is lost, as somebody meets it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import select

from zhuanjie.cli.main import main
from zhuanjie.web.access.code_keys import CodeBox, SealingKey
from zhuanjie.web.access.tables import ONE_TIME_CODES
from zhuanjie.web.service.register import Register, open_register
from zhuanjie.web.store.history import events
from zhuanjie.web.store.tables import EVENTS

OWN = "tulip-anchor-Velvet"
URL = "sqlite:///r.db"


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for variable in ("ZHUANJIE_TRAIL_KEY", "ZHUANJIE_CODES_KEY"):
        monkeypatch.delenv(variable, raising=False)

    def run(*args: str, code: int = 0, lang: str = "en", database: str = URL) -> str:
        capsys.readouterr()
        assert main(["register", *args, "--database", database, "--lang", lang]) == code, (
            capsys.readouterr())
        out, err = capsys.readouterr()
        assert "internal error" not in err
        return out + err

    return run


def enrolled(url: str = URL) -> pyotp.TOTP:
    """A register with an administrator who has an app for codes."""
    register = open_register(url)
    first = register.access.begin(title="组织部")
    assert first is not None
    logins = register.access.logins
    token = logins.log_in("admin", str(first.password)).token
    token = logins.change_password(token, str(first.password), OWN).token
    app = pyotp.parse_uri(logins.enrol(token, OWN))
    assert isinstance(app, pyotp.TOTP)
    logins.confirm(token, code(app, register, -1))
    register.close()
    return app


def code(app: pyotp.TOTP, register: Register, steps: int) -> str:
    """A code some steps from now: each counts once, and a clock may be a step early or late."""
    return app.at(int(register.store.now().timestamp()) + 30 * steps)


def kept(register: Register) -> str:
    with register.database.reading() as conn:
        return str(conn.execute(select(ONE_TIME_CODES.c.secret)).scalar_one())


def lets_in(app: pyotp.TOTP, offset: int, url: str = URL) -> bool:
    register = open_register(url)
    try:
        register.access.logins.log_in("admin", OWN, code=code(app, register, offset))
    finally:
        register.close()
    return True


def test_no_secret_stands_in_the_database_or_a_backup(call, tmp_path: Path) -> None:
    app = enrolled()
    call("backup", "b.zip", "--keys")
    shutil.unpack_archive("b.zip", "unpacked")
    secret = app.secret.encode()
    files = [f for f in tmp_path.rglob("*") if f.is_file()]
    assert len(files) > 8
    assert not [f for f in files if secret in f.read_bytes()]
    assert (tmp_path / "r.data" / "codes.key").stat().st_mode & 0o077 == 0
    call("restore", "b.zip", database="sqlite:///other/r.db")
    assert lets_in(app, 0, "sqlite:///other/r.db")


def test_what_stood_in_clear_is_sealed_when_the_register_is_opened(call) -> None:
    app = enrolled()
    register = open_register(URL)
    with register.database.writing() as conn:
        conn.execute(ONE_TIME_CODES.update().values(secret=app.secret))
    register.close()
    register = open_register(URL)
    assert kept(register).startswith("sealed:")
    register.close()
    assert lets_in(app, 0)


def test_a_secret_is_sealed_for_its_user() -> None:
    box = CodeBox([SealingKey.new()])
    sealed = box.seal("li", "JBSWY3DP")
    assert box.open("li", sealed) == "JBSWY3DP"
    assert sealed != box.seal("li", "JBSWY3DP")
    for user, text in (("wang", sealed), ("li", sealed[:-8] + "AAAAAAA="), ("li", "sealed:x:y"),
                       ("li", "JBSWY3DP")):
        with pytest.raises(Exception) as failed:
            box.open(user, text)
        assert failed.value.diagnostics[0].code == "register.access.code-sealed"  # type: ignore[attr-defined]


def test_a_new_key_for_codes_while_the_old_one_is_there(call) -> None:
    app = enrolled()
    running = open_register(URL)
    before = kept(running)
    assert "those of 1 users are sealed anew" in call("users", "new-codes-key")
    assert kept(running).split(":")[1] != before.split(":")[1]
    # A process that was there before reads the key that came since.
    running.access.logins.log_in("admin", OWN, code=code(app, running, 0))
    running.close()
    assert len(Path("r.data/codes.key").read_text().splitlines()) == 2
    assert lets_in(app, 1)


def test_a_lost_key_for_codes_is_said_and_asked_for(call) -> None:
    app = enrolled()
    key = Path("r.data/codes.key")
    text = key.read_text()
    key.unlink()
    said = call("users", "list", code=2)
    assert "codes.key` that seals one-time codes is not there: those of 1 users" in said
    assert "new-codes-key --forget" in said
    assert "密钥" in call("users", "list", code=2, lang="zh")
    assert not key.exists()
    assert "add --forget" in call("users", "new-codes-key", code=2)
    key.write_text(SealingKey.new().text)  # another one in its place
    key.chmod(0o600)
    assert "cannot be opened" in call("users", "list", code=2)
    key.write_text(text)
    assert lets_in(app, 0)
    key.unlink()
    assert "user admin are forgotten" in call("users", "new-codes-key", "--forget")
    register = open_register(URL)
    assert register.access.logins.log_in("admin", OWN).session.second_factor is False
    register.close()
    assert "whole" in call("trail", "verify", "--projections")


def test_a_lost_signing_key_is_said_and_asked_for(call) -> None:
    enrolled()
    key = Path("r.data/trail.key")
    before, old = call("trail", "key").strip(), key.read_text()
    call("trail", "checkpoint", "-o", "kept.txt")
    key.unlink()
    for args in (("users", "list"), ("trail", "checkpoint"), ("init",), ("export", "-o", "x.csv")):
        said = call(*args, code=2)
        assert "that signs this register is not there" in said, args
        assert "trail new-key" in said
    assert not key.exists()
    assert call("trail", "key").strip() == before
    assert "whole" in call("trail", "verify")
    assert "needs a reason" in call("trail", "new-key", code=2)
    said = call("trail", "new-key", "--reason", "硬盘坏了")
    assert key.read_text() != old
    keys = call("trail", "key").split()
    assert keys[0] != before
    assert before in keys
    assert keys[0] in said
    register = open_register(URL)
    with register.database.reading() as conn:
        event = list(events(conn, EVENTS.c.kind == "trail.key-begun"))
    assert [(e.data["key"], e.data["lost"], e.reason) for e in event] == [
        (keys[0], True, "硬盘坏了")]
    register.close()
    assert "whole" in call("trail", "verify", "--checkpoint", "kept.txt", "--projections")
    # Whoever has the old public key alone is told that another signed since.
    assert "signed by a key that is not known here" in call(
        "trail", "verify", "--key", before, code=1)
    key.write_text(old)  # the old one turns up, and does not sign any more
    assert "another than the one that signs this register" in call("users", "list", code=2)


def test_a_signing_key_is_changed_while_it_is_there(call) -> None:
    enrolled()
    old = Path("r.data/trail.key").read_text()
    call("trail", "new-key", "--reason", "管理员离职")
    assert Path("r.data/trail.key").read_text() != old
    call("users", "add", "li", "--role", "college", "--unit", "office")
    assert "whole" in call("trail", "verify")
    call("trail", "new-key", "--reason", "又一次")
    assert len(call("trail", "key").split()) == 3
    call("users", "list")


def test_a_backup_without_keys_says_what_to_do(call) -> None:
    enrolled()
    call("backup", "b.zip")
    call("restore", "b.zip", database="sqlite:///other/r.db")
    other = "sqlite:///other/r.db"
    assert "new-codes-key --forget" in call("users", "list", database=other, code=2)
    call("users", "new-codes-key", "--forget", database=other)
    assert "trail new-key" in call("users", "list", database=other, code=2)
    call("trail", "new-key", "--reason", "新机器", database=other)
    assert "admin" in call("users", "list", database=other)
    assert "whole" in call("trail", "verify", database=other)


def test_a_register_that_is_not_there_is_not_made(call, tmp_path: Path) -> None:
    for args in (("users", "new-codes-key"), ("trail", "new-key", "--reason", "x")):
        assert "there is no register" in call(*args, code=2)
    assert list(tmp_path.iterdir()) == []
