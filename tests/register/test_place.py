"""Where a register is stays where it was, whatever settings come to be beside somebody's work."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhuanjie.engine.api import remember_columns, remember_register
from zhuanjie.web.service.place import place_of

SERVER = "postgresql://office@db/register"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without settings, of somebody who never ran the program."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    return folder


def test_keys_of_a_server_are_found_once_the_settings_name_it(work: Path) -> None:
    made = place_of(SERVER)
    made.make()
    remember_register(SERVER)
    assert (work / "zhuanjie.toml").is_file()
    assert place_of() == place_of(SERVER) == made


def test_a_register_is_found_once_headings_are_remembered(work: Path) -> None:
    made = place_of()
    made.make()
    Path(made.url.removeprefix("sqlite:///")).touch()
    remember_columns({"编号": "member.id"})
    assert place_of() == made


def test_a_register_beside_the_settings_comes_first(work: Path) -> None:
    usual, server = place_of(), place_of(SERVER)
    for place in (usual, server):
        place.make()
    Path(usual.url.removeprefix("sqlite:///")).touch()
    (work / "zhuanjie.toml").touch()
    (work / "register" / server.folder.name).mkdir(parents=True)
    (work / "register" / "register.db").touch()
    assert place_of().url == f"sqlite:///{work / 'register' / 'register.db'}"
    assert place_of(SERVER).folder == work / "register" / server.folder.name


def test_what_is_new_goes_beside_the_settings(work: Path) -> None:
    (work / "zhuanjie.toml").touch()
    assert place_of().url == f"sqlite:///{work / 'register' / 'register.db'}"
    assert place_of(SERVER).folder.parent == work / "register"
