"""What `make serve` fills: made-up members in their units, and a user of each role who gets in."""

from __future__ import annotations

from pathlib import Path

import pytest
import register as demonstration
from starlette.testclient import TestClient

from zhuanjie.web.api.app import make_app

OWN = "http://localhost:8740"


def test_everybody_who_is_shown_gets_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    register = demonstration.make(tmp_path, 40, 1)
    told = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert told.keys() == demonstration.PEOPLE.keys()
    seen = {}
    with TestClient(make_app(register), OWN, headers={"origin": OWN}) as browser:
        for user, password in told.items():
            answer = browser.post("/api/v1/session", json={"user": user, "password": password})
            assert answer.json()["must_change"] is False
            seen[user] = browser.get("/api/v1/summary").json()["members"]
    register.close()
    assert seen["department"] == seen["inspector"] == 40 > seen["college"] >= seen["branch"] > 0
    assert seen["administrator"] == 0
    demonstration.make(tmp_path, 40, 1).close()
    assert "filled before" in capsys.readouterr().out
