"""`zhuanjie serve` as a process: from nothing to an answer, and to a good end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.cli_command import COMMAND

from zhuanjie.cli.main import main

PERMITS = Path(__file__).resolve().parents[3] / "fixtures" / "permits"


@dataclass
class Served:
    """A process that serves, and what it said until it took requests."""

    process: subprocess.Popen[str]
    url: str
    said: list[str] = field(default_factory=list)

    def end(self) -> str:
        """Ask it to stop; what it said since."""
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=60)
        return said


def start(folder: Path, *args: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [COMMAND, "serve", "--port", "0", "--lang", "en", *args], cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": "", **env})


@contextmanager
def served(folder: Path, *args: str) -> Iterator[Served]:
    process = start(folder, *args)
    assert process.stderr is not None
    said: list[str] = []
    for line in process.stderr:
        said.append(line)
        if found := re.search(r"answers at (http://\S+)", line):
            try:
                yield Served(process, found[1], said)
            finally:
                process.kill()
                process.wait()
                process.stdout and process.stdout.close()
                process.stderr.close()
            return
    raise AssertionError("".join(said))


def sign_in(at: Served) -> httpx.Client:
    """The first administrator, signed in with what was shown once, and a password of their own."""
    told = re.search(r"administrator: (\S+), one-time password: (\S+)", "".join(at.said))
    assert told, at.said
    client = httpx.Client(base_url=at.url, headers={"origin": at.url}, timeout=60)
    begun = client.post("/api/v1/session", json={"user": told[1], "password": told[2]})
    assert begun.status_code == 200, begun.text
    client.headers["x-csrf-token"] = begun.json()["csrf"]
    changed = client.post("/api/v1/session/password", json={
        "password": told[2], "new": "correct horse battery staple 42"})
    assert changed.status_code == 200, changed.text
    client.headers["x-csrf-token"] = changed.json()["csrf"]
    return client


def key(client: httpx.Client) -> dict[str, str]:
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
    made = client.post("/api/v1/keys", json={
        "title": "t", "role": "department", "unit": "office", "expires": expires})
    assert made.status_code == 201, made.text
    return {"authorization": f"Bearer {made.json()['key']}"}


def test_from_nothing_to_an_act_and_to_a_good_end(tmp_path: Path) -> None:
    with served(tmp_path) as at:
        home = tmp_path / ".local" / "share" / "zhuanjie"
        assert (home / "register.db").is_file()
        client = sign_in(at)
        program = key(client)
        sent = client.post("/api/v1/imports", headers=program, files={
            "files": ("a.csv", "学号,姓名,性别\n06001,王一,男\n".encode())}).json()
        saved = client.post(f"/api/v1/imports/uploads/{sent['upload']}/save", headers=program,
                            json={"token": sent["token"]})
        assert saved.json()["counts"]["new"] == 1, saved.text
        done = client.post("/api/v1/members/06001/acts/notify", json={"inputs": {}},
                           headers=program)
        assert done.status_code == 200, done.text
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.get("/readyz").status_code == 200
        assert b"zhuanjie_changes_total" in client.get("/metrics").content
        # A stream is ended with the process, and nobody waits for it.
        with client.stream("GET", "/api/v1/events/stream?after=0", headers=program) as stream:
            lines = stream.iter_lines()
            assert any(line.startswith("event: member.notified") for line in lines)
            begun = time.monotonic()
            logged = at.end()
            assert time.monotonic() - begun < 15
        assert at.process.returncode == 0, logged
        assert "stopped" in logged
        for secret in ("王一", "06001", "battery"):
            assert secret not in logged
        rows = [json.loads(line) for line in logged.splitlines() if line.startswith("{")]
        assert any(row.get("route", "").endswith("/acts/{act}") for row in rows)
    # Started again it is what it was, and there is no other first administrator.
    with served(tmp_path) as at:
        assert "one-time" not in "".join(at.said)
        again = httpx.get(f"{at.url}/api/v1/members/06001", headers=program)
        assert again.json()["record"]["member.name"] == "王一"
        assert at.end() is not None and at.process.returncode == 0


def test_another_domain_is_served_as_well(tmp_path: Path) -> None:
    (tmp_path / "zhuanjie.toml").write_text(
        f'packs = [{json.dumps(str(PERMITS))}]\npolicy = "harbour-2024-6"\n', encoding="utf-8")
    with served(tmp_path) as at:
        assert (tmp_path / "register" / "register.db").is_file()
        client = sign_in(at)
        program = key(client)
        sent = client.post("/api/v1/imports", headers=program, files={
            "files": ("a.csv", (PERMITS / "permits.csv").read_bytes())}).json()
        saved = client.post(f"/api/v1/imports/uploads/{sent['upload']}/save", headers=program,
                            json={"token": sent["token"]})
        assert saved.json()["counts"]["new"] > 0, saved.text
        listed = client.get("/api/v1/members", headers=program).json()["items"]
        shown: Any = client.get(f"/api/v1/members/{listed[0]['id']}", headers=program)
        assert shown.json()["policy"]["id"] == "harbour-2024-6"
        acts = client.get(f"/api/v1/members/{listed[0]['id']}/acts", headers=program)
        for text in (shown.text, acts.text):
            assert not any(word in text for word in ("党", "介绍信", "letter"))
        clearance = client.get(f"/api/v1/members/{listed[0]['id']}/clearance", headers=program)
        assert clearance.status_code in {200, 422}


@pytest.mark.parametrize(("args", "code"), [
    (("--host", "no.such.host.example"), "no such address"),
    (("--host", "0.0.0.0"), "in the clear"), (("--host", "::"), "in the clear"),
    (("--database", "postgresql://127.0.0.1:1/none"), "cannot be used"),
    (("--database", "sqlite:////dev/null/x.db"), "cannot be"),
    (("--database", "mysql://h/d"), "mysql"), (("--database", "nonsense"), "nonsense"),
    (("--port", "99999999"), "port")])
def test_what_cannot_be_is_one_message(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
        args: tuple[str, ...], code: str) -> None:
    said = refused(tmp_path, monkeypatch, capfd, *args)
    assert code in said and "Traceback" not in said
    assert len(said.strip().splitlines()) <= 3


def refused(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
            *args: str) -> str:
    """What is said of a call that cannot be carried out."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert main(["serve", "--port", "0", "--lang", "en", *args]) == 2
    out, said = capfd.readouterr()
    assert out == ""
    return said


def test_a_port_that_is_in_use_is_one_message(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert "in use" in refused(tmp_path, monkeypatch, capfd, "--port", port)
    # Nothing is made where nothing can be served.
    assert not (tmp_path / ".local").exists()


def test_a_file_that_is_no_database_stays_as_it_is(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.db").write_text("this is a text of mine, no database" * 200)
    assert "cannot be used" in refused(
        tmp_path, monkeypatch, capfd, "--database", f"sqlite:///{tmp_path / 'a.db'}")
    assert (tmp_path / "a.db").read_text().startswith("this is a text of mine")
