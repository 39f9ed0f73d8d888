"""The options a Java process is started with, and what is kept of its classes; no Java is run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pyspark")

from zhuanjie.engine.backends.spark import java
from zhuanjie.engine.core.kept_files import keep_in

_NAME = "SPARK_SUBMIT_OPTS"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in ("PYSPARK_SUBMIT_ARGS", _NAME, "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(java, "_java", lambda: "java of some day")
    keep_in(tmp_path / "kept")
    yield tmp_path / "kept"
    keep_in(None)


def options() -> list[str]:
    with java.started_fast():
        return os.environ[_NAME].split()


def archive(given: list[str]) -> Path:
    (path,) = [o.removeprefix(java._NOTED) for o in given if o.startswith(java._NOTED)]
    return Path(path)


def test_the_second_process_of_spark_notes_its_classes_and_the_third_takes_them(
        folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert options() == [java._PLAINLY] and _NAME not in os.environ
    path = archive(options())
    assert path.parent == folder
    path.write_bytes(b"\x00\x00\x00\x00 not finished")
    again = archive(options())
    assert again == path and not path.exists()
    path.write_bytes(b"\xa8\xab\x0b\xf0 finished")
    monkeypatch.setenv(_NAME, "-Dmine=1")
    assert options() == [java._PLAINLY, f"{java._USED}{path}", java._SILENT, "-Dmine=1"]
    assert os.environ[_NAME] == "-Dmine=1"
    path.chmod(0o666)
    assert options() == [java._PLAINLY, "-Dmine=1"]


def test_classes_of_spark_are_noted_twice_at_most(folder: Path) -> None:
    noted = [any(java._NOTED in o for o in options()) for _ in range(5)]
    assert noted == [False, True, True, False, False]


@pytest.mark.parametrize(("name", "said"), [
    ("PYSPARK_SUBMIT_ARGS", "--driver-class-path /x pyspark-shell"),
    (_NAME, "-Xshare:off"), ("JAVA_TOOL_OPTIONS", "-XX:SharedArchiveFile=/mine"),
])
def test_who_says_which_classes_there_are_is_left_alone(
        name: str, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, said)
    for _ in range(3):
        assert [o for o in options() if "Archive" in o and "mine" not in o] == []


def test_nothing_of_spark_is_kept_where_calls_keep_nothing(folder: Path) -> None:
    keep_in(None)
    for _ in range(3):
        assert options() == [java._PLAINLY]
    assert not folder.exists()
