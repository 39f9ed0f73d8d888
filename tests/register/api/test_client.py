"""A client made from the interface's description plays a small season, and an audit agrees."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.testclient import TestClient
from support.register_office import Office, office

NAME = "register_client_made"
FILE = "application/octet-stream"
FILES = ("application/pdf", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
"""What is a file to a client; the generator has to be told."""
KNOWN = ["1.1a", "1.1b", "1.2", "1.3a", "1.3b", "1.3c", "1.3d", "1.6a", "A25"]
MEMBERS = [f"s{number}" for number in range(6)]


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office")) as made:
        for number, id in enumerate(MEMBERS):
            made.add(id, "maths" if number % 2 else "physics")
        yield made


@pytest.fixture(scope="module")
def client(at: Office, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package that a generator makes of the description, without a warning."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "openapi.json").write_text(at.client.get("/api/v1/openapi.json").text, "utf-8")
    (folder / "config.yaml").write_text(json.dumps({
        "post_hooks": [], "content_type_overrides": dict.fromkeys(FILES, FILE)}), "utf-8")
    made = subprocess.run(
        [str(Path(sys.executable).parent / "openapi-python-client"), "generate", "--path",
         str(folder / "openapi.json"), "--output-path", str(folder / NAME), "--meta", "none",
         "--config", str(folder / "config.yaml"), "--fail-on-warning"],
        capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"})
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield importlib.import_module(NAME)
    sys.path.remove(str(folder))


class Clerk:
    """Somebody with a key, by the generated client."""

    def __init__(self, at: Office, made: ModuleType, role: str, unit: str) -> None:
        self.made = made
        key = at.key(role, unit)
        self.client = made.AuthenticatedClient("http://localhost:8740", key)
        self.client.set_httpx_client(TestClient(at.app, "http://localhost:8740", headers={
            "authorization": f"Bearer {key}"}))

    def call(self, name: str, *args: Any, **more: Any) -> Any:
        """The answer of an operation, with its status."""
        module = importlib.import_module(f"{NAME}.api.{name}")
        return module.sync_detailed(*args, client=self.client, **more)

    def act(self, member: str, act: str, inputs: dict[str, Any] | None = None,
            **more: Any) -> Any:
        """Do an act, at the version that is there now."""
        seen = self.call("members.get_members_key", member)
        models = importlib.import_module(f"{NAME}.models")
        body = models.ActAsked.from_dict({"inputs": inputs or {}, **more})
        return self.call("acts.post_members_key_acts_act", member, act, body=body,
                         if_match=seen.headers["etag"])


def test_a_small_season_comes_out_as_an_audit_has_it(at: Office, client: ModuleType) -> None:
    office_ = Clerk(at, client, "department", "office")
    colleges = {"maths": Clerk(at, client, "college", "maths"),
                "physics": Clerk(at, client, "college", "physics")}
    units = {m.id: m.unit for m in office_.call("members.get_members").parsed.items}

    def season(member: str) -> None:
        college = colleges[units[member]]
        done = college.act(member, "correct", {"member.phone": "13900000000"}, reason="号码")
        assert done.status_code == 200, done.content
        issued = office_.act(member, "issue", {"letter.origin_address": "泉州"},
                             acknowledged=KNOWN)
        assert issued.status_code == 200, issued.content
        if member != "s3":
            back = college.act(member, "receive")
            assert back.status_code == 200, back.content
        # What another college has is not there for this one.
        other = colleges["maths" if units[member] == "physics" else "physics"]
        assert other.call("members.get_members_key", member).status_code == 404

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(season, MEMBERS))
    page = office_.call("acts.get_series_series_numbers", "letter").parsed
    assert len({n.text for n in page.items}) == len(MEMBERS) == len(page.items)
    refused = office_.act("s0", "issue", {"letter.origin_address": "泉州"})
    assert refused.status_code == 422
    assert refused.parsed.code == "register.acts.said"
    kept = office_.call("members.get_summary").parsed
    models = importlib.import_module(f"{NAME}.models")
    job = office_.call("jobs.post_audits", body=models.AuditAsked.from_dict({})).parsed
    until = time.monotonic() + 120
    while job.state in {"waiting", "running"} and time.monotonic() < until:
        time.sleep(0.1)
        job = office_.call("jobs.get_jobs_id", job.id).parsed
    assert job.state == "done", job
    assert job.result.to_dict()["outcomes"] == kept.outcomes.to_dict()
    assert job.result.to_dict()["policy"]["sha256"] == kept.policy.sha256
