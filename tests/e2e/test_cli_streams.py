"""Closed pipes, full disks, Ctrl-C: a code and a line, never a traceback or half a file."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.child import limited, on_own_terminal
from support.cli_command import AS_OF, COMMAND, record, run, write_ledger
from support.marks import few, slow


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ledger(tmp_path_factory.mktemp("ledger") / "l.csv")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Large enough to be interrupted at work."""
    rows = [record(n, 回执收到日期="") for n in range(30_000)]
    return write_ledger(tmp_path_factory.mktemp("large") / "l.csv", rows)


def unharmed(err: str) -> bool:
    return "Traceback" not in err and "Exception ignored" not in err


@pytest.mark.parametrize("form", few(["table", "json", "jsonl", "csv"], "jsonl"))
def test_a_reader_that_leaves_ends_it_quietly(large: Path, form: str) -> None:
    with subprocess.Popen([COMMAND, "audit", str(large), *AS_OF, "--format", form, "-q"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        err = process.stderr.read().decode()
        assert process.wait(timeout=60) == 141
    assert unharmed(err)


@pytest.mark.parametrize("unbuffered", few(["", "1"], "1"))
@pytest.mark.parametrize("args", few([
    ["audit", "{ledger}", *AS_OF, "--format", "json"], ["audit", "{ledger}", *AS_OF],
    ["audit", "{ledger}", *AS_OF, "--format", "csv"], ["policy", "schema", "pack"],
    ["--help"], ["completion", "bash"], ["watch", "{events}", *AS_OF],
], ["audit", "{ledger}", *AS_OF, "--format", "csv"], ["--help"], ["watch", "{events}", *AS_OF]))
def test_every_byte_is_written_or_the_code_says_so(
        ledger: Path, tmp_path: Path, args: list[str], unbuffered: str) -> None:
    """A disk that fills a byte, a block, or at once before the end."""
    resource = pytest.importorskip("resource")
    events = tmp_path / "events"
    events.write_text('{"member.id": "1", "letter.issued_on": "2007-06-30"}\n')
    call = [COMMAND, *(a.format(ledger=ledger, events=events) for a in args)]
    env = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": unbuffered}

    def written(room: int) -> tuple[int, str, bytes]:
        with (tmp_path / "out").open("wb") as out:
            done = subprocess.run(
                limited(call, "RLIMIT_FSIZE", room, resource.RLIM_INFINITY), stdout=out,
                stderr=subprocess.PIPE, check=False, env=env, text=True, timeout=120)
        return done.returncode, done.stderr, (tmp_path / "out").read_bytes()

    code, _, whole = written(1 << 20)
    assert code in (0, 1)
    for room in {len(whole) - 1, len(whole) // 2, 0}:
        code, err, part = written(room)
        assert code == 2, room
        assert "cannot write" in err
        assert unharmed(err)
        assert whole.startswith(part)
    assert written(len(whole))[0] in (0, 1)


@pytest.mark.parametrize("encoding", few(["ascii", "latin-1", "cp437", "gbk"], "ascii", "gbk"))
def test_no_name_becomes_question_marks(tmp_path: Path, encoding: str) -> None:
    path = write_ledger(tmp_path / "l.csv", [record(1, 姓名="王䶮", 回执收到日期="")])
    done = subprocess.run(
        [COMMAND, "audit", str(path), *AS_OF, "--lang", "zh"], capture_output=True, check=False,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0",
             "PYTHONIOENCODING": encoding})
    assert done.returncode == 1
    for out in (done.stdout, done.stderr):
        text = out.decode("gbk" if encoding == "gbk" else "utf-8")
        assert "?" not in text
    shown = done.stdout.decode("gbk" if encoding == "gbk" else "utf-8")
    assert ("王\\u4dae" if encoding == "gbk" else "王䶮") in shown


@pytest.mark.parametrize("args", few([
    ["audit", "{ledger}", *AS_OF, "-o", "r.json"], ["audit", "{ledger}", *AS_OF, "-o", "r.csv"],
    ["audit", "{ledger}", *AS_OF, "-o", "r.parquet"], ["template", "-o", "t.xlsx"],
    ["generate", "--records", "2000", "--seed", "1", "-o", "g.xlsx"],
], ["template", "-o", "t.xlsx"], ["audit", "{ledger}", *AS_OF, "-o", "r.json"]))
def test_a_file_that_finds_no_room_is_not_there(
        ledger: Path, tmp_path: Path, args: list[str]) -> None:
    pytest.importorskip("resource")
    call = [COMMAND, *(a.format(ledger=ledger) for a in args)]
    done = subprocess.run(
        limited(call, "RLIMIT_FSIZE", 1000, 1 << 30), cwd=tmp_path, capture_output=True,
        text=True, check=False, timeout=120, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    assert "stdout" not in done.stderr
    assert unharmed(done.stderr)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["policy", "list"],
                                  ["watch", "{events}", "--journal", "{journal}", *AS_OF]])
def test_what_is_opened_never_stands_in_for_a_closed_stream(
        tmp_path: Path, args: list[str]) -> None:
    events, journal = tmp_path / "events", tmp_path / "journal"
    events.write_text('{"member.id": "1", "letter.issued_on": "2007-06-30"}\n')
    call = [a.format(events=events, journal=journal) for a in args]
    done = subprocess.run(["sh", "-c", '"$0" "$@" >&-', COMMAND, *call], capture_output=True,
                          check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert done.returncode == 2
    assert b"cannot write `stdout`: it is closed" in done.stderr
    if journal.exists():
        # Lines stand in the journal's own entries, and nowhere else.
        assert all(re.match(rb"[0-9a-f]{8} \[", line)
                   for line in journal.read_bytes().splitlines())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("args", [["audit", "{ledger}", *AS_OF], ["--help"], ["policy", "list"],
                                  ["audit", "{ledger}", *AS_OF, "--format", "jsonl"]])
def test_a_full_disk_is_said(ledger: Path, args: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [COMMAND, *(a.format(ledger=ledger) for a in args)], stdout=full,
            stderr=subprocess.PIPE, text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert done.returncode == 2
    assert "no space is left" in done.stderr
    assert unharmed(done.stderr)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_closed_stream_is_no_reason_to_crash(ledger: Path, stream: str) -> None:
    close = {"stdout": ">&-", "stderr": "2>&-"}[stream]
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {close}', COMMAND, "audit", str(ledger), *AS_OF],
        capture_output=True, text=True, check=False)
    assert done.returncode == (2 if stream == "stdout" else 1)
    assert unharmed(done.stderr)


@pytest.mark.parametrize(("where", "what"), [
    ("nowhere/o.json", "folder does not exist"), (".", "it is a folder"),
])
def test_a_place_that_cannot_be_written_is_named(
    ledger: Path, tmp_path: Path, where: str, what: str,
) -> None:
    done = run("audit", ledger, *AS_OF, "-o", tmp_path / where)
    assert done.returncode == 2
    assert what in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("args", few([
    ["audit", "{ledger}"], ["audit", "{ledger}", "-f", "jsonl"], ["audit", "{folder}"],
    ["audit", "{folder}/*.csv"], ["audit", "{other}", "--roster", "{ledger}"],
    ["audit", "{other}", "{ledger}"], ["deadlines", "{folder}"], ["explain", "{ledger}", "06001"],
], ["audit", "{folder}/*.csv"], ["audit", "{other}", "--roster", "{ledger}"]))
def test_a_ledger_that_is_read_is_never_overwritten(
    ledger: Path, tmp_path: Path, args: list[str],
) -> None:
    other = write_ledger(tmp_path / "other.csv")
    before = ledger.read_bytes()
    link = tmp_path / "link.csv"
    link.symlink_to(ledger)
    names = {"ledger": ledger, "folder": ledger.parent, "other": other}
    for target in (ledger, link):
        done = run(*(a.format(**names) for a in args), *AS_OF, "-o", target)
        assert done.returncode == 2
        # An ending that is not the format's own is refused before the file is looked at.
        assert "being read" in done.stderr or "ending" in done.stderr
        assert ledger.read_bytes() == before


@pytest.mark.parametrize("command", ["check", "destinations"])
def test_a_record_that_is_read_is_never_overwritten(tmp_path: Path, command: str) -> None:
    path = tmp_path / "r.json"
    path.write_text('{"member.id": "1"}')
    done = run(command, path, *AS_OF, "-o", path)
    assert done.returncode == 2
    assert path.read_text() == '{"member.id": "1"}'


@pytest.mark.parametrize("args", [["audit", "-"], ["check", "-"], ["watch", "-"]])
def test_a_closed_stdin_is_said(args: list[str]) -> None:
    done = subprocess.run(["sh", "-c", 'exec "$0" "$@" <&-', COMMAND, *args, *AS_OF],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "standard input" in done.stderr or "标准输入" in done.stderr
    assert unharmed(done.stderr)


def test_no_name_is_not_the_folder_one_is_in(tmp_path: Path) -> None:
    write_ledger(tmp_path / "l.csv")
    done = run("audit", "", *AS_OF, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""


@pytest.mark.parametrize("name", ["l.csv", "l.xlsx", "l.jsonl"])
def test_a_ledger_given_for_a_record_is_sent_to_audit(tmp_path: Path, name: str) -> None:
    done = run("check", write_ledger(tmp_path / name), *AS_OF)
    assert done.returncode == 2
    assert "zhuanjie audit" in done.stderr


def test_a_far_horizon_has_no_end(ledger: Path) -> None:
    near, far = (run("deadlines", ledger, *AS_OF, "-f", "csv", "--within", days)
                 for days in ("100000", "9" * 30))
    assert near.returncode == far.returncode == 1
    assert near.stdout == far.stdout


@pytest.mark.parametrize(("form", "ending", "code"), [
    ("json", signal.SIGINT, 130), slow("jsonl", signal.SIGINT, 130), ("csv", signal.SIGTERM, 143),
    slow("json", signal.SIGHUP, 143),
])
def test_an_end_before_its_time_leaves_no_half_a_file(
    large: Path, tmp_path: Path, form: str, ending: signal.Signals, code: int,
) -> None:
    target = tmp_path / "o"
    target.write_text("before")
    if signal.getsignal(ending) is signal.SIG_IGN:  # as under nohup, which a child would inherit
        signal.signal(ending, signal.SIG_DFL)
    with subprocess.Popen(
        [COMMAND, "audit", str(large), *AS_OF, "--format", form, "--all", "-o", str(target),
         "--force"],
        stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C.UTF-8"},
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()  # progress: it is at work
        process.send_signal(ending)
        err = process.stderr.read().decode()
        assert process.wait(timeout=60) == code
    assert "interrupted" in err
    assert unharmed(err)
    assert target.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["o"]


@pytest.mark.parametrize(("name", "text", "what"), [
    ("none.csv", None, "no such file"), slow("empty.csv", "", ""),
    slow("headings.csv", "学号,姓名\n", ""), ("strange.csv", "a,b\n1,2\n", ""),
])
def test_a_ledger_that_cannot_be_used_is_exit_2(
    tmp_path: Path, name: str, text: str | None, what: str,
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, "utf-8")
    done = run("audit", tmp_path / name, *AS_OF, "-q")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert name in done.stderr
    assert what in done.stderr


def on_terminal(*args: str, env: dict[str, str]) -> str:
    """What the command writes to a terminal of 80 columns."""
    terminal, theirs = pty.openpty()
    own = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    child = subprocess.Popen(
        on_own_terminal([COMMAND, *args]), stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
        env={**own, "TERM": "xterm", "LC_ALL": "C.UTF-8", "COLUMNS": "80", **env})
    os.close(theirs)
    out, until = b"", time.monotonic() + 60
    with contextlib.suppress(OSError):  # the terminal's end reads as an error
        while time.monotonic() < until:
            if select.select([terminal], [], [], 1)[0]:
                part = os.read(terminal, 1 << 16)
                if not part:
                    break
                out += part
    child.wait(60)
    os.close(terminal)
    return out.decode()


def test_colours_are_for_terminals_that_want_them(ledger: Path) -> None:
    assert "\x1b[31m" in on_terminal("audit", str(ledger), *AS_OF, env={})
    assert "\x1b[3" not in on_terminal("audit", str(ledger), *AS_OF, env={"NO_COLOR": "1"})
    assert "\x1b[3" not in on_terminal("audit", str(ledger), *AS_OF, env={"TERM": "dumb"})


def test_a_fault_of_the_program_leaks_nothing(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import zhuanjie.engine.core.results as r\n"
        "def broken(value): raise RuntimeError(f'secret {value}')\n"
        "r.plain = broken\n")
    done = run("audit", ledger, *AS_OF, "--format", "json", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 3
    assert "internal error at engine/core/finding_columns.py:" in done.stderr
    assert "secret" not in done.stderr
    assert unharmed(done.stderr)
