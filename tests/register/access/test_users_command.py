"""`register users`: who is let in, from the command line; a password is never an argument."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from zhuanjie.cli.main import main
from zhuanjie.web.service.register import open_register

OWN = "tulip-anchor-Velvet"


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def run(*args: str, stdin: str = "", code: int = 0, lang: str = "en") -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        assert main(["register", "users", *args, "--database", "sqlite:///r.db",
                     "--lang", lang]) == code, capsys.readouterr()
        out = capsys.readouterr()
        return out.err if code else out.out

    return run


def logs_in(user: str, password: str) -> bool:
    register = open_register("sqlite:///r.db")
    try:
        return register.access.logins.log_in(user, password) is not None
    finally:
        register.close()


def test_users_from_the_first_to_the_last(call) -> None:
    first = call("add", "root", "--role", "administrator").strip()
    assert logs_in("root", first)
    assert call("add", "li", "--role", "department", "--name", "李四", "--password-stdin",
                stdin=f"{OWN}\n") == ""
    assert logs_in("li", OWN)
    listed = json.loads(call("list", "--format", "json"))["users"]
    assert [(u["id"], u["name"], u["role"], u["unit"], u["disabled"]) for u in listed] == [
        ("li", "李四", "department", "office", False),
        ("root", None, "administrator", "office", False)]
    call("role", "li", "inspector")
    assert "督查" in call("list", lang="zh")
    told = call("password", "li").strip()
    assert logs_in("li", told)
    call("totp-reset", "li")
    key = call("keys", "--make", "leaving", "--role", "inspector", "--days", "30").strip()
    known = json.loads(call("keys", "--format", "json"))["keys"]
    assert key.startswith(f"zhuanjie_{known[0]['id']}_")
    call("keys", "--revoke", known[0]["id"])
    assert "revoked" in call("keys")
    call("disable", "li")
    assert "disabled" in call("list")


@pytest.mark.parametrize(("args", "stdin", "said"), [
    (("add", "Not An Id", "--role", "college"), "", "user id"),
    (("add", "wu", "--role", "king"), "", "no role"),
    (("add", "wu", "--role", "college", "--unit", "nowhere"), "", "no unit"),
    (("add", "wu", "--role", "college", "--provider", "nowhere"), "", "nowhere"),
    (("add", "wu", "--role", "college", "--email", "x"), "", "mail"),
    (("add", "root", "--role", "college"), "", "already"),
    (("add", "wu", "--role", "college", "--password-stdin"), "short\n", "12 to 128"),
    (("add", "wu", "--role", "college", "--password-stdin"), "", "no password"),
    (("disable", "root"), "", "last administrator"),
    (("role", "root", "college"), "", "last administrator"),
    (("disable", "nobody"), "", "no user"), (("password", "nobody"), "", "no user"),
    (("totp-reset", "nobody"), "", "no user"), (("keys", "--revoke", "nothing"), "", "no key"),
    (("keys", "--make", "x"), "", "--role"),
    (("keys", "--make", "x", "--role", "college", "--days", "1000"), "", "366"),
    (("list", "nobody"), "", "unexpected"), (("password", "root", OWN), "", "unexpected")])
def test_calls_that_cannot_be_carried_out(call, args: tuple[str, ...], stdin: str,
                                          said: str) -> None:
    call("add", "root", "--role", "administrator")
    error = call(*args, stdin=stdin, code=2)
    assert said in error
    assert "Traceback" not in error
    assert len(json.loads(call("list", "--format", "json"))["users"]) == 1  # nothing by half


def test_at_a_terminal_a_password_is_asked_for_and_not_shown(call, tmp_path: Path) -> None:
    call("add", "root", "--role", "administrator")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
            [sys.executable, "-m", "zhuanjie", "register", "users", "password", "root",
             "--password-stdin", "--database", "sqlite:///r.db", "--lang", "en"],
            cwd=tmp_path, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs,
            start_new_session=True, text=True) as process:
        os.close(theirs)
        shown = b""
        for prompt in (b"new password of root", b"once more"):
            while prompt not in shown:
                shown += os.read(ours, 1000)
            os.write(ours, f"{OWN}\n".encode())
        out, _ = process.communicate(timeout=60)
    os.close(ours)
    assert (process.returncode, out) == (0, "")
    assert OWN.encode() not in shown
    assert logs_in("root", OWN)
