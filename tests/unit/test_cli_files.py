"""A file is whole or not there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from zhuanjie.cli.files import opened
from zhuanjie.engine.core.errors import OutputError
from zhuanjie.report.files import replacing


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    with opened(tmp_path / "a.json", machine=True) as out:
        out.write("党\n")
        assert not (tmp_path / "a.json").exists()
    assert (tmp_path / "a.json").read_bytes() == "党\n".encode()
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError])
def test_a_failure_leaves_what_stood_there(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "a.json"
    target.write_text("before")
    with pytest.raises((error, OutputError)), opened(target, machine=True) as out:
        out.write("half")
        out.flush()
        raise error
    assert target.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_failure_leaves_nothing_where_nothing_was(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), replacing(tmp_path / "a.xlsx") as draft:
        assert draft.suffix == ".xlsx"
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_kept_and_its_target_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with opened(tmp_path / "link", machine=True) as out:
        out.write("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_the_mode_of_a_file_is_kept_and_a_new_one_follows_the_umask(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_text("")
    old.chmod(0o640)
    mask = os.umask(0o027)
    try:
        for name in ("old", "new"):
            with opened(tmp_path / name, machine=True) as out:
                out.write("x")
    finally:
        os.umask(mask)
    assert old.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    with opened(Path("/dev/null"), machine=True) as out:
        out.write("x")
    assert Path("/dev/null").is_char_device()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with opened(pipe, machine=True) as out:
        out.write("through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)


@pytest.mark.parametrize(("path", "code"), [
    ("missing/a.json", "report.no-folder"), (".", "report.is-folder"),
    ("file/a.json", "report.no-folder"),
])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, path: str, code: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError) as caught, opened(tmp_path / path, machine=True):
        pass
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert diagnostic.args["path"] == str(tmp_path / path)


def test_a_spreadsheet_file_is_marked_as_utf8(tmp_path: Path) -> None:
    with opened(tmp_path / "a.csv", machine=True, bom=True) as out:
        out.write("学号\n")
    assert (tmp_path / "a.csv").read_bytes() == b"\xef\xbb\xbf" + "学号\n".encode()


def test_a_closed_stdout_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(OutputError), opened(None, machine=True):
        pass
