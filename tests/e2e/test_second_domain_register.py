"""A register of another domain is kept by the same commands, which say nothing of the first one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zhuanjie.cli.main import main

PERMITS = Path(__file__).resolve().parents[2] / "fixtures" / "permits"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_register_is_kept(lang: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                            capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "zhuanjie.toml").write_text(
        f"packs = [{json.dumps(str(PERMITS))}]\npolicy = \"harbour-2024-6\"\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def call(*args: str, code: int = 0) -> str:
        came = main(["register", *args, "--lang", lang])
        said = capfd.readouterr()
        assert came == code, said
        assert not any(word in said.out + said.err for word in ("党", "介绍信", "学号", "member"))
        return said.out

    call("upgrade")
    assert str(tmp_path) in call("init", "--office", "harbour")
    call("import", str(PERMITS / "permits.csv"), "--save")
    call("import", str(PERMITS / "permits.csv"))
    assert "S-001" in call("export")
    assert json.loads(call("audit", "--as-of", "2099-06-30", "--format", "json", code=1))["findings"]
    assert call("trail", "verify", "--projections")
    call("trail", "checkpoint", "--output", "note")
    call("trail", "prove", "2", "--output", "proof.json")
    call("trail", "verify", "--proof", "proof.json", "--key", call("trail", "key").strip())
    call("trail", "redact", "--event", "5", "--reason", "x")
    assert call("trail", "verify", "--checkpoint", "note")
    call("export", "--lists", "--output", "lists.xlsx")
    assert json.loads(call("report"))["tables"]
    call("report", "--output", "month.pdf")
    assert (tmp_path / "month.pdf").read_bytes().startswith(b"%PDF-")
    call("users", "add", "wang", "--role", "inspector")
    assert "wang" in call("users", "list")
    calendar = call("calendars", "--owner", "wang").strip()
    assert calendar.startswith("/calendar/")
    assert "wang" in call("calendars")
    call("calendars", "--revoke", calendar.split("/")[-1].split(".")[0])
    call("reminders", "--unit", "all", "--mail", "harbour@example.org")
    call("trail", "new-key", "--reason", "x")
    call("users", "new-codes-key")
    call("backup", "saved.zip", "--keys")
    call("restore", "saved.zip", "--database", "sqlite:///copy.db")
    found = json.loads(call("reminders", "--database", "sqlite:///copy.db", "--format", "json"))
    assert [(one["target"], one["lang"]) for one in found["lists"]] == [("harbour@example.org", lang)]
    assert (tmp_path / "register" / "register.db").is_file()
    call("reminders", "--remove", found["lists"][0]["id"], "--database", "sqlite:///copy.db")
