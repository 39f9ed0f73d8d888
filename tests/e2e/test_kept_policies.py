"""What commands keep between calls changes nothing that they say, wherever it is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.cli_command import COMMAND, write_ledger

ROOT = Path(__file__).resolve().parents[2]
LEDGER = str(ROOT / "fixtures" / "ledgers" / "school-b.csv")
PERMITS = ROOT / "fixtures" / "permits"
RECORD = {"member.id": "1", "letter.issued_on": "2007-06-30", "destination.kind": "retained"}


@pytest.fixture
def record(tmp_path: Path) -> str:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(RECORD), encoding="utf-8")
    return str(path)


def run(cache: Path | str, *args: str, **more: str) -> tuple[int, bytes, bytes]:
    done = subprocess.run([COMMAND, *args], capture_output=True, check=False,
                          env={**os.environ, "ZHUANJIE_CACHE": str(cache), **more})
    return done.returncode, done.stdout, done.stderr


CALLS = {
    "check": ("check", "RECORD", "--as-of", "2026-05-01", "--format", "json"),
    "check, a pack of another domain": (
        "check", "PERMIT", "--policy", str(PERMITS / "harbour-2024-6"), "--as-of", "2024-09-01"),
    "audit": ("audit", LEDGER, "--as-of", "2007-12-31", "--format", "json"),
    "explain": ("explain", "RECORD", "1", "--as-of", "2007-12-31", "--policy", "fujian-2007-80"),
    "destinations": ("destinations", "RECORD", "--as-of", "2007-12-31"),
    "deadlines": ("deadlines", LEDGER, "--as-of", "2007-12-31"),
    "check with another number": (
        "check", "RECORD", "--as-of", "2007-12-31", "--set", "receipt_return_days=5"),
}


@pytest.mark.parametrize("call", CALLS)
def test_every_time_says_the_same(call: str, record: str, tmp_path: Path) -> None:
    permit = tmp_path / "permit.json"
    permit.write_text(json.dumps({"permit.number": "1"}), encoding="utf-8")
    args = [{"RECORD": record, "PERMIT": str(permit)}.get(a, a) for a in CALLS[call]]
    plain = run("off", *args)
    assert plain[0] in (0, 1), plain[2]
    # Not what it says of how far it is.
    assert [run(tmp_path / "kept", *args)[:2] for _ in range(2)] == [plain[:2]] * 2
    assert list((tmp_path / "kept").iterdir())


@pytest.mark.parametrize(("command", "second"), [("check", ""), ("audit", "polars")])
def test_a_second_call_waits_for_nothing_that_reads_packs(command: str, second: str, record: str,
                                                          tmp_path: Path) -> None:
    code = ("import sys; from zhuanjie.cli.main import main; main(); "
            "print(*(n for n in ('pydantic', 'yaml', 'cel_expr_python', 'polars') "
            "if n in sys.modules), file=sys.stderr)")
    first = f"pydantic yaml cel_expr_python {second}".strip()
    for wanted in (first, second):
        done = subprocess.run(
            [sys.executable, "-c", code, command, record, "--as-of", "2007-12-31"],
            capture_output=True, text=True, check=False,
            env={**os.environ, "ZHUANJIE_CACHE": str(tmp_path / "kept")})
        assert done.stderr.splitlines()[-1:] == [wanted], done.stderr


@pytest.mark.parametrize("place", ["a file", "open to all", "a link", "not there to make"])
def test_a_place_that_is_not_fit_does_no_harm(place: str, record: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    if place == "a file":
        kept.write_text("mine")
    elif place == "a link":
        (tmp_path / "other").mkdir(0o700)
        kept.symlink_to(tmp_path / "other")
    elif place == "not there to make":
        kept = Path("/proc/kept")
    else:
        kept.mkdir()
        kept.chmod(0o777)
    args = ("check", record, "--as-of", "2007-12-31")
    assert [run(kept, *args) for _ in range(2)] == [run("off", *args)] * 2
    assert not kept.is_dir() or not list(kept.iterdir())


def test_many_at_once(record: str, tmp_path: Path) -> None:
    args = [COMMAND, "check", record, "--as-of", "2007-12-31", "--format", "json"]
    env = {**os.environ, "ZHUANJIE_CACHE": str(tmp_path / "kept")}
    started = [subprocess.Popen(args, stdout=subprocess.PIPE, env=env) for _ in range(5)]
    said = [each.communicate()[0] for each in started]
    assert said == [run("off", *args[1:])[1]] * 5
    assert not [p for p in (tmp_path / "kept").iterdir() if p.name.startswith("draft-")]


def test_the_setting_says_where(record: str, tmp_path: Path) -> None:
    for said, folder in (('"kept-here"', tmp_path / "kept-here"), ('"off"', None), ("false", None)):
        file = tmp_path / "zhuanjie.toml"
        file.write_text(f"cache = {said}\n", encoding="utf-8")
        code, _, stderr = run("", "check", record, "--as-of", "2007-12-31", "--config", str(file),
                              XDG_CACHE_HOME=str(tmp_path / "usual"))
        assert code == 1, stderr
        assert not (tmp_path / "usual").exists()
        assert folder is None or list(folder.iterdir())
    file.write_text("cache = 3\n", encoding="utf-8")
    code, _, stderr = run("", "check", record, "--config", str(file), LC_ALL="C")
    assert code == 2
    assert b"off" in stderr


def test_what_authors_ask_is_asked_of_the_files(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    for args in (("policy", "lint", "fujian-2007-80"), ("policy", "show", "fujian-2007-80"),
                 ("policy", "list"), ("eval", "1 + 1")):
        assert run(kept, *args)[0] == 0
    assert not kept.exists()


def test_a_changed_pack_judges_at_once(tmp_path: Path) -> None:
    """However soon after the last call, and though no file is older or longer than it was."""
    kept, pack = tmp_path / "kept", tmp_path / "pack"
    pack.mkdir()
    shown = (ROOT / "rules/quanzhou-normal-2007-23/pack.yaml").read_text("utf-8")
    file = pack / "pack.yaml"
    file.write_text(shown.replace("id: quanzhou-normal-2007-23", "id: ours"), encoding="utf-8")
    ledger = write_ledger(tmp_path / "ledger.csv")
    args = ("audit", str(ledger), "--policy", str(pack), "--as-of", "2007-12-31", "-f", "json")
    first = json.loads(run(kept, *args)[1])
    assert json.loads(run(kept, *args)[1]) == first
    state = file.stat()
    file.write_text(file.read_text("utf-8").replace('version: "1.0.0"', 'version: "1.0.9"')
                    .replace("version: 1.0.0", "version: 1.0.9"), encoding="utf-8")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert json.loads(run(kept, *args)[1])["policy"]["version"] == "1.0.9"
