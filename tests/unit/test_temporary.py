"""Files of the moment: their owner's alone, swept when their maker was killed, said when full."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.child import limited
from support.cli_command import AS_OF, run, write_ledger

from zhuanjie.engine.core import temporary

MAKE = """
import sys, time
from pathlib import Path
from zhuanjie.engine.core import temporary
from zhuanjie.engine.core.whole_files import replacing
temporary.new_file(".csv").write_text("x")
(temporary.new_folder() / "a").write_text("x")
with replacing(Path(sys.argv[1])) as draft:
    draft.write_text("x")
    print("there", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr("tempfile.tempdir", None)
    return place


def held(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_what_a_killed_process_left_is_swept(place: Path) -> None:
    other = place / "zhuanjie-tmp-mine.csv"
    other.write_text("a user's own")
    with subprocess.Popen([sys.executable, "-c", MAKE, str(place / "o.json")],
                          stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        left = held(place)
        assert len(left) == 4
        temporary._swept.clear()
        temporary.sweep(place)
        assert held(place) == left  # its maker is alive
        os.kill(process.pid, signal.SIGKILL)
    temporary._swept.clear()
    temporary.sweep(place)
    assert held(place) == [other]


def test_what_another_machine_made_stays_a_week(place: Path) -> None:
    path = place / "zhuanjie-tmp-0123abcd-1-1-abcdefgh.csv"
    path.write_text("x")
    temporary._swept.clear()
    temporary.sweep(place)
    assert path.exists()
    old = time.time() - 8 * 24 * 3600
    os.utime(path, (old, old))
    temporary._swept.clear()
    temporary.sweep(place)
    assert not path.exists()


def test_no_link_is_followed(place: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    name = f"zhuanjie-tmp-{temporary._machine()}-4194300-1-abcdefgh"
    (place / name).symlink_to(precious)
    temporary._swept.clear()
    temporary.sweep(place)
    assert (precious / "file").exists()


def test_they_are_their_owners_alone(place: Path) -> None:
    assert temporary.new_file(".csv").stat().st_mode & 0o777 == 0o600
    assert temporary.new_folder().stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("how", ["stdin", "gb18030", "quotes"])
def test_no_room_for_them_is_said_of_them(how: str, tmp_path: Path) -> None:
    ledger = write_ledger(tmp_path / "l.csv")
    text = ledger.read_text(encoding="utf-8")
    if how == "gb18030":
        ledger.write_text(text, encoding="gb18030")
    if how == "quotes":
        ledger.write_text(text + '"06099,"x,y\n', encoding="utf-8")
    pytest.importorskip("resource")
    call = [sys.executable, "-m", "zhuanjie", "audit", "-" if how == "stdin" else str(ledger),
            *AS_OF, "--lang", "en"]
    done = subprocess.run(
        limited(call, "RLIMIT_FSIZE", 64, 1 << 30), input=text.encode(), capture_output=True,
        check=False, timeout=120, env={**os.environ, "TMPDIR": str(tmp_path)})
    said = done.stderr.decode()
    assert done.returncode == 2
    assert f"{tmp_path}: there is no room for temporary files" in said
    assert "TMPDIR" in said
    assert held(tmp_path) == [ledger]


def test_a_place_that_is_not_there_is_said(tmp_path: Path) -> None:
    ledger = write_ledger(tmp_path / "l.csv")
    ledger.write_text(ledger.read_text(encoding="utf-8"), encoding="gb18030")
    done = run("audit", ledger, *AS_OF, env={"TMPDIR": "/dev/null"})
    assert done.returncode in (1, 2)  # Python looks for another place
    assert "internal" not in done.stderr
