"""What an office is handed to run a register with is well formed, and asks for no more than it needs."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from zhuanjie.web.operations.settings import operation_settings
from zhuanjie.web.reminders.settings import reminder_settings

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "docs/deploy/zhuanjie.service"
KNOWN = {"FROM", "RUN", "COPY", "ENV", "USER", "WORKDIR", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK",
         "ENTRYPOINT", "CMD"}


def instructions() -> list[tuple[str, str]]:
    """The Containerfile's instructions, with lines that go on put together."""
    text = (ROOT / "Containerfile").read_text()
    joined = re.sub(r"\\\n", " ", "\n".join(x for x in text.splitlines() if not x.startswith("#")))
    return [(line.split(None, 1)[0], line.split(None, 1)[1].strip())
            for line in joined.splitlines() if line.strip()]


def of(kind: str) -> list[str]:
    return [rest for name, rest in instructions() if name == kind]


def test_the_containerfile_is_well_formed() -> None:
    assert {name for name, _ in instructions()} <= KNOWN
    assert instructions()[0][0] == "FROM"
    stages = [words[words.index("AS") + 1] for f in of("FROM") if "AS" in (words := f.split())]
    for copy in of("COPY"):
        found = re.search(r"--from=(\S+)", copy)
        assert found is None or found[1] in stages
    for image in of("FROM"):
        assert re.fullmatch(r"\S+/python:\d+\.\d+-slim-\w+( AS \w+)?", image)
    for kind in ("ENTRYPOINT", "CMD", "VOLUME"):
        assert all(isinstance(word, str) for word in json.loads(of(kind)[0]))
    for run in of("RUN"):
        assert subprocess.run(["sh", "-n", "-c", run], check=False).returncode == 0


def test_the_image_runs_as_nobody_and_tells_its_health() -> None:
    (user,) = of("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    names = [name for name, _ in instructions()]
    last = len(names) - names[::-1].index("RUN")
    assert names.index("USER") >= last  # nothing is made after it, and all that runs is its
    (health,) = of("HEALTHCHECK")
    command = json.loads(health[health.index("CMD") + 3:])
    compile(command[2], "health", "exec")
    assert "/healthz" in command[2]
    assert of("STOPSIGNAL") == ["SIGTERM"]


def test_what_is_left_out_of_the_image_is_not_needed_to_build_it() -> None:
    left_out = {line.rstrip("/") for line in (ROOT / ".containerignore").read_text().split()}
    needed = {"pyproject.toml", "setup.py", "package", "engine", "rules", "report", "synthetic", "web", "cli",
              "README.md", "LICENSE"}
    assert not left_out & needed
    assert ".git" in left_out


def calls() -> list[list[str]]:
    """How the image and the unit call the command, without its own name."""
    start = re.search(r"^ExecStart=\S+ (.*)$", UNIT.read_text(), re.MULTILINE)
    assert start
    return [json.loads(of("ENTRYPOINT")[0])[1:] + json.loads(of("CMD")[0]), shlex.split(start[1])]


@pytest.mark.parametrize("args", calls(), ids=["image", "unit"])
def test_the_command_takes_what_they_call_it_with(args: list[str]) -> None:
    from zhuanjie.cli.commands.serve import command

    options = args[args.index("serve") + 1:]
    known = {name for param in command.params for name in param.opts}
    assert {word for word in options if word.startswith("--")} <= known


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_the_unit_is_well_formed_and_has_few_rights(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", UNIT.read_text(), flags=re.MULTILINE))
    said = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (0, "")
    said = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(copy)],
                          capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout[-300:]


def test_the_settings_that_the_page_shows_are_read() -> None:
    from zhuanjie.web.api.settings import http_settings

    page = (ROOT / "docs/register.md").read_text(encoding="utf-8")
    shown = [tomllib.loads(text)["register"] for text in re.findall(r"^```toml\n(\[register\.(?:reminders|operations|http).*?)^```",
                                                                   page, re.MULTILINE | re.DOTALL)]
    assert {name for table in shown for name in table} >= {"reminders", "operations", "http"}
    for table in shown:
        if "reminders" in table:
            assert reminder_settings(table["reminders"]).webhooks["group"].kind == "dingtalk"
        if "operations" in table:
            assert operation_settings(table["operations"]).backups_kept == 14
        if "http" in table:
            assert http_settings(table).secure
