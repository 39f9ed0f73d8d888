"""Servers that die, or are told to stop, while an audit reads or judges."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from support.cli_command import AS_OF, COMMAND
from support.cluster import Cluster, cluster
from support.party_transfer import fields
from support.tables import execute

IN_PLACE = ["--backend", "postgresql"]
BLANK = ("--absent", "blank")


def _wait_for_a_query(kind: str) -> None:
    """Wait until the server is at work on a cursor or a copy of ours."""
    with psycopg.connect("", autocommit=True) as connection:
        for _ in range(3000):
            found = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'zhuanjie' "
                "AND (query LIKE %s OR query LIKE 'DECLARE%%')", (f"{kind}%",)).fetchone()
            if found and found[0]:
                return
            time.sleep(0.02)
    pytest.fail("no query of ours came")


@pytest.mark.engine("postgresql")
@pytest.mark.parametrize("backend", [IN_PLACE, []], ids=["there", "here"])
@pytest.mark.parametrize("form", ["jsonl", "json"])
def test_a_server_that_dies(form: str, backend: list[str], tmp_path: Path,
                            monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while findings come: one message, exit code 3, and nothing passes for a result."""
    with cluster() as mortal:
        for name, value in mortal.environ.items():
            monkeypatch.setenv(name, value)
        names = [f'"{f.name}"' for f in fields() if f.type == "string" and f.name != "member.id"]
        execute(f'CREATE TABLE big AS SELECT n::text AS "member.id", date \'2007-06-30\' AS '
                f'"member.left_on", {", ".join("NULL::text AS " + n for n in names)} '
                "FROM generate_series(1, 150000) AS n")
        (out := tmp_path / "out").write_text("before")
        target = [] if form == "jsonl" else ["--output", str(out), "--force"]
        with subprocess.Popen([COMMAND, "audit", mortal.url("big"), *AS_OF, *BLANK, "--format",
                               form, *target, *backend, "--fail-on", "never"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, encoding="utf-8") as process:
            assert process.stdout and process.stderr
            if form == "jsonl" and backend:
                head = [process.stdout.readline() for _ in range(3)]  # the rest waits in the pipe
                assert all(json.loads(line)["record"] for line in head)
            else:
                _wait_for_a_query("FETCH" if backend else "COPY")
                assert process.poll() is None, "the audit was over before the server could die"
            mortal.stop("immediate")
            _, said = process.communicate(timeout=60)
        assert process.returncode in (2, 3), said
        errors = [line for line in said.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1 and "Traceback" not in said
        assert out.read_text() == "before"


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A server of its own with a table that takes seconds to read."""
    with cluster() as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        execute("CREATE TABLE base AS SELECT n::text AS \"学号\", date '2007-06-30' AS \"离校时间\" "
                "FROM generate_series(1, 20000) AS n")
        execute('CREATE VIEW slow AS SELECT *, pg_sleep(0.001)::text AS "姓名" FROM base')
        yield server


@pytest.mark.engine("postgresql")
@pytest.mark.parametrize("how", ["pg_terminate_backend", "pg_cancel_backend", "SIGINT"])
def test_a_fetch_that_is_stopped(busy: Cluster, how: str, tmp_path: Path) -> None:
    """One message, the exit code of its kind, no half output and nothing left in the folder."""
    (out := tmp_path / "out.csv").write_text("before")
    (room := tmp_path / "room").mkdir()
    with subprocess.Popen([COMMAND, "audit", busy.url("slow"), *AS_OF, *BLANK, "--output", str(out),
                           "--force", "--fail-on", "never"], stderr=subprocess.PIPE,
                          stdout=subprocess.PIPE, encoding="utf-8",
                          env={**busy.environ, "PATH": "/usr/bin:/bin", "TMPDIR": str(room)}) as process:
        _wait_for_a_query("COPY")
        time.sleep(0.3)
        assert process.poll() is None
        if how == "SIGINT":
            process.send_signal(signal.SIGINT)
        else:
            execute(f"SELECT {how}(pid) FROM pg_stat_activity WHERE application_name = 'zhuanjie'")
        printed, said = process.communicate(timeout=60)
    assert process.returncode == {"pg_terminate_backend": 3, "pg_cancel_backend": 2, "SIGINT": 130}[how]
    assert printed == "" and "Traceback" not in said
    assert len([line for line in said.splitlines() if line.startswith("error: ")]) <= 1
    assert said.strip()
    assert out.read_text() == "before"
    assert not [*room.iterdir()]
