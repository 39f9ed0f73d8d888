"""`register trail` as somebody uses it: exit codes, proofs without a register, wrong calls."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from support import register_history

from zhuanjie.cli.main import main
from zhuanjie.web.evidence.keys import make_signer
from zhuanjie.web.service.place import place_of
from zhuanjie.web.service.register import open_register
from zhuanjie.web.store.database import RegisterDatabase


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A register of 40 events in a file, with its key beside it."""
    place = place_of(f"sqlite:///{tmp_path / 'register.db'}")
    place.make()
    signer = make_signer(place.folder, "office.example")
    monkeypatch.setattr(register_history.Signer, "new", staticmethod(lambda _: signer))
    open_register(place.url).close()
    database = RegisterDatabase(place.url)
    register_history.history(database, 40, every=10)
    database.close()
    return place.url


def call(capsys: pytest.CaptureFixture[str], *args: object, code: int = 0) -> str:
    assert main(["register", "trail", *map(str, args), "--lang", "en"]) == code
    out, err = capsys.readouterr()
    assert "internal error" not in err
    return out or err


def test_a_register_and_its_tampering(url: str, tmp_path: Path,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    assert "the history is whole" in call(capsys, "verify", "--database", url)
    with sqlite3.connect(tmp_path / "register.db") as conn:
        with pytest.raises(sqlite3.IntegrityError):
            conn.execute("UPDATE events SET kind = 'x'")
        conn.execute("DROP TRIGGER events_updated")
        conn.execute("UPDATE events SET actor = 'wang' WHERE seq = 7")
    conn.close()
    said = json.loads(call(capsys, "verify", "--database", url, "-f", "json", code=1))
    assert [(f["kind"], f["event"]) for f in said["named"]] == [
        ("column", 7), ("unprotected", None)]


def test_proofs_and_checkpoints(url: str, tmp_path: Path,
                                capsys: pytest.CaptureFixture[str]) -> None:
    key = call(capsys, "key", "--database", url).strip()
    note, proof, since = (tmp_path / name for name in ("note", "proof.json", "since.json"))
    call(capsys, "checkpoint", "--database", url, "-o", note)
    call(capsys, "redact", "--database", url, "--event", 40, "--reason", "x", code=2)
    shown = call(capsys, "redact", "--database", url, "--event", 2, "--reason", "x")
    assert "nothing is erased yet" in shown
    assert "erased for good" in call(capsys, "redact", "--database", url, "--event", 2, "--reason",
                                     "x", "--yes")
    call(capsys, "prove", 3, "--field", "member.name", "--database", url, "-o", proof)
    call(capsys, "prove", "--since", note, "--database", url, "-o", since)
    assert "whole" in call(capsys, "verify", "--database", url, "--checkpoint", note)
    for name in ("register.db", "register.data/trail.key"):
        (tmp_path / name).unlink()
    assert "event 3 is among" in call(capsys, "verify", "--proof", proof, "--key", key)
    assert "goes on from that of 40" in call(capsys, "verify", "--proof", since, "--key", key)
    proof.write_text(proof.read_text().replace("maths", "mathS"))
    assert "shows nothing" in call(capsys, "verify", "--proof", proof, "--key", key, code=2)


@pytest.mark.parametrize("args", [
    ("verify", "--database", "sqlite:///nowhere.db"), ("verify", "--proof", "nowhere"),
    ("verify", "--proof", "nowhere", "--key", "x"), ("verify", "--checkpoint", "nowhere"),
    ("prove",), ("prove", "1", "--since", "x"), ("prove", "0"), ("redact",),
    ("redact", "--event", "1", "--case", "m"), ("redact", "--event", "1")], ids=" ".join)
def test_wrong_calls(args: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                     capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(capsys, *args, code=2).startswith("error: ")
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_others_can_read(url: str, tmp_path: Path,
                                    capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "register.data" / "trail.key").chmod(0o644)
    assert "can be read by others" in call(capsys, "checkpoint", "--database", url, code=2)
