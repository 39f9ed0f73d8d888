"""No secret in a name that a user gave is shown: in messages, reports, files, lists of processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.cli_command import COMMAND, run, write_ledger
from support.marks import slow

from zhuanjie.engine.core.secrets import shown_name, shown_text

SECRET = "s3cr3t"
ADDRESSES = [
    f"postgresql://bob:{SECRET}@127.0.0.1:1/db?table=t",
    f"postgresql:/bob:{SECRET}@127.0.0.1:1/db?table=t",
    f"postgresql://bob:1/{SECRET}@127.0.0.1:1/db?table=t",
    f"postgresql://bob:{SECRET}/x@127.0.0.1:1/db?table=t",
    f"postgresql://bob:x?{SECRET}@127.0.0.1:1/db?table=t",
    f"postgresql://127.0.0.1:1/db?user=bob&password={SECRET}&table=t",
    f"postgresql://127.0.0.1:1/db?user=bob&p%61ssword={SECRET}&table=t",
    f"host=127.0.0.1 port=1 password={SECRET}",
    f"POSTGRES://bob:{SECRET}@127.0.0.1:1/db",
    f"bob:{SECRET}@127.0.0.1:1/db",
]
CALLS = [
    ["check", "{}"], ["audit", "{}"], ["audit", "l.csv", "{}"], ["destinations", "{}"],
    ["watch", "{}"], ["watch", "e.jsonl", "--journal", "{}"], ["columns", "{}"],
    ["explain", "{}", "--record", "1"], ["deadlines", "{}"], ["eval", "1", "--data", "{}"],
    ["audit", "l.csv", "--columns", "{}"], ["audit", "l.csv", "--policy", "{}"],
    ["audit", "l.csv", "--roster", "{}"], ["audit", "l.csv", "--output", "{}"],
    ["audit", "l.csv", "-o", "{}.csv"], ["audit", "l.csv", "--only", "{}"],
    ["audit", "l.csv", "--set", "{}"], ["audit", "l.csv", "--as-of", "{}"],
    ["audit", "l.csv", "--backend", "{}"], ["audit", "l.csv", "--format", "{}"],
    ["audit", "l.csv", "--column", "{}"], ["audit", "l.csv", "--by", "{}"],
    ["audit", "{}", "--partition-by", "clause", "-o", "out"],
    ["audit", "{}", "--format", "json"], ["audit", "{}", "--format", "csv"],
    ["audit", "l.csv", "{}", "--format", "json"], ["audit", "{}", "--backend", "duckdb"],
    ["policy", "show", "{}"], ["policy", "lint", "{}"], ["policy", "diff", "{}", "{}"],
    ["policy", "new", "{}"], ["--config", "{}", "fields"], ["{}"], ["audit", "--{}"],
    ["generate", "--records", "1", "--seed", "1", "-o", "{}"], ["template", "-o", "{}.xlsx"],
]


@pytest.mark.parametrize(("name", "shown"), [
    (ADDRESSES[0], "postgresql://***@127.0.0.1:1/db?table=t"),
    (f"host=h password='{SECRET} and more' dbname=d", "host=h password=*** dbname=d"),
    (f"postgresql://u:{SECRET} x@h/d", "postgresql://***@h/d"),
    (f"postgresql://u:{SECRET}", "postgresql://***"),
    (f"postgresql//u:{SECRET}@h", "postgresql//***@h"),
    (f"jdbc:postgresql://h/d?user=a&password={SECRET}",
     "jdbc:postgresql://h/d?user=a&password=***"),
    (f"postgresql://h/db?options=-c%20password%3d{SECRET}&table=t",
     "postgresql://h/db?options=-c%20password%3d***&table=t"),
    (f"bob:{SECRET}@h:1/db", "***@h:1/db"), (f"bob:a:{SECRET}@h/db", "***@h/db"),
    (f"no `bob:{SECRET}@[::1]:1`", "no `***@[::1]:1`"),
    *((same, same) for same in (
        "postgresql://h:5432,g:5433/db?table=t", "postgresql://[::1]:5432/db", "ledger.csv",
        "/home/a@b/l.csv", "C:/a@b/l.csv", "spark:db.table", "张三=学号", "10:30@room", "a:b@c.example", "邮箱:a@c.example",
        "C:\\a@b/c",
        "postgresql:///db?host=/tmp&table=x", "")),
])
def test_a_name_is_shown_without_its_secret(name: str, shown: str) -> None:
    assert shown_name(name) == shown
    assert SECRET not in shown_text(f"cannot read `{name.replace(' ', '')}` here")


@pytest.mark.parametrize("address", [
    ADDRESSES[6], *(slow(address) for address in ADDRESSES if address != ADDRESSES[6])])
def test_no_command_shows_a_secret(
        address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str]) -> None:
    from zhuanjie.cli.main import main

    write_ledger(tmp_path / "l.csv")
    (tmp_path / "e.jsonl").write_text("{}\n")
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.rglob("*"))
    for call in CALLS:
        main([*(part.replace("{}", address) for part in call), "--lang", "en"])
        said = capfd.readouterr()
        assert SECRET not in said.out + said.err, call
        for path in set(tmp_path.rglob("*")) - before:
            if path.is_file() and SECRET not in str(path):  # what was asked for may be called so
                assert SECRET.encode() not in path.read_bytes(), call


def test_an_audits_journal_holds_no_secret(tmp_path: Path) -> None:
    from datetime import date

    from zhuanjie.engine.api import audit_to_folder, load_policy, stream

    path = write_ledger(tmp_path / "l.csv")
    going = stream(path, load_policy("fujian-2007-80"), as_of=date(2007, 12, 31), bulk=True)
    audit_to_folder(tmp_path / "out", going, ("clause",), [ADDRESSES[0]])
    held = (tmp_path / "out" / "_audit.jsonl").read_bytes()
    assert b"127.0.0.1" in held
    assert SECRET.encode() not in held


@pytest.mark.skipif(sys.platform != "linux", reason="the arguments are hidden on Linux alone")
def test_the_list_of_processes_holds_no_secret(tmp_path: Path) -> None:
    with subprocess.Popen([COMMAND, "watch", "-", "--as-of", "2007-12-31", "--policy",
                           "fujian-2007-80", "--set", f"x={ADDRESSES[0]}"],
                          stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.readline()  # it has begun
        listed = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        process.kill()
    if listed:  # it may have ended by now
        assert SECRET.encode() not in listed
        assert b"watch" in listed


def test_an_error_of_the_library_holds_no_secret() -> None:
    from zhuanjie.engine.api import ZhuanjieError, audit

    for address in ADDRESSES:
        with pytest.raises(ZhuanjieError) as error:
            audit(address, "fujian-2007-80")
        assert SECRET not in str(error.value)
        assert SECRET not in repr(error.value)


def test_the_command_itself_says_no_secret(tmp_path: Path) -> None:
    done = run("audit", ADDRESSES[0], "--format", "json", cwd=tmp_path)
    assert done.returncode == 2
    assert SECRET not in done.stdout + done.stderr
    assert "127.0.0.1" in done.stderr
