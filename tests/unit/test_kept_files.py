"""What is kept between calls: nothing but what was kept comes back, whatever is done to the files."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from zhuanjie.engine.core import kept_files
from zhuanjie.engine.core.kept_files import KeptFiles, name_of, usual_folder
from zhuanjie.engine.core.kept_models import KeptModel, whole
from zhuanjie.engine.core.kept_trees import UNREADABLE, read_tree, write_tree
from zhuanjie.engine.core.models import Text
from zhuanjie.engine.expr.nodes import Call, Lit
from zhuanjie.engine.expr.types import BOOL, Kind, Type

NAME, OTHER = name_of("one"), name_of("another")
TEXT = '[["Lit"],["what", "was kept", "表"]]'


@pytest.fixture
def files(tmp_path: Path) -> KeptFiles:
    made = KeptFiles(tmp_path / "kept")
    made.write(NAME, TEXT)
    assert made.read(NAME) == TEXT
    return made


def test_folder_and_files_are_the_owners_alone(files: KeptFiles) -> None:
    assert files.folder.stat().st_mode & 0o777 == 0o700
    assert (files.folder / NAME).stat().st_mode & 0o777 == 0o600
    assert [p.name for p in files.folder.iterdir()] == [NAME]


def test_every_flipped_bit_is_seen(files: KeptFiles) -> None:
    file = files.folder / NAME
    whole_file = file.read_bytes()
    for at in range(len(whole_file)):
        file.write_bytes(whole_file[:at] + bytes([whole_file[at] ^ 1 << at % 8])
                         + whole_file[at + 1:])
        assert files.read(NAME) is None, at


def test_every_truncation_is_seen(files: KeptFiles) -> None:
    file = files.folder / NAME
    whole_file = file.read_bytes()
    for length in range(len(whole_file)):
        file.write_bytes(whole_file[:length])
        assert files.read(NAME) is None, length


def _another(file: Path) -> None:
    other = KeptFiles(file.parent)
    other.write(OTHER, "another pack")
    (file.parent / OTHER).replace(file)


def _link(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to(file.with_name("elsewhere"))


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o600)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir(0o700)


def _newer(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(kept_files.FORMAT.encode(), b"zhuanjie-kept-2"))


def _more(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\n")


TAMPERED: dict[str, Callable[[Path], None]] = {
    "another entry": _another, "a link": _link, "a pipe": _pipe, "a folder": _folder,
    "a newer form": _newer, "more": _more, "nothing": lambda f: f.write_bytes(b""),
    "no text": lambda f: f.write_bytes(bytes(range(256))), "gone": Path.unlink,
    "readable by the group": lambda f: f.chmod(0o640), "writable by all": lambda f: f.chmod(0o666),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_what_is_not_sound_is_not_there(files: KeptFiles, how: str) -> None:
    TAMPERED[how](files.folder / NAME)
    assert files.read(NAME) is None
    files.write(NAME, TEXT)  # made again
    assert files.read(NAME) == (None if how == "a folder" else TEXT)


def test_a_link_is_replaced_and_not_written_through(files: KeptFiles, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (files.folder / NAME).unlink()
    (files.folder / NAME).symlink_to(victim)
    files.write(NAME, TEXT)
    assert victim.read_text() == "mine"
    assert files.read(NAME) == TEXT


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o755, 0o701])
def test_a_folder_that_others_reach_is_not_used(files: KeptFiles, mode: int) -> None:
    files.folder.chmod(mode)
    assert files.read(NAME) is None
    files.write(OTHER, TEXT)
    assert not (files.folder / OTHER).exists()


def test_a_folder_that_is_a_link_is_not_used(files: KeptFiles, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(files.folder)
    assert KeptFiles(link).read(NAME) is None


def test_what_belongs_to_another_user_is_not_used(
        files: KeptFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    assert files.read(NAME) is None
    files.write(OTHER, TEXT)
    assert not (files.folder / OTHER).exists()


@pytest.mark.parametrize("broken", ["open", "replace", "mkdir", "scandir"])
def test_a_disk_that_refuses_does_no_harm(
        tmp_path: Path, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    files = KeptFiles(tmp_path / "a" / "kept")
    with monkeypatch.context() as patch:
        patch.setattr(os, broken, full)
        files.write(NAME, TEXT)
    assert broken == "scandir" or files.read(NAME) is None
    left = list(files.folder.iterdir()) if files.folder.exists() else []
    assert not [p for p in left if p.name.startswith("draft-")]


def test_where_a_file_stands_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    files = KeptFiles(tmp_path / "kept")
    files.write(NAME, TEXT)
    assert files.read(NAME) is None
    assert (tmp_path / "kept").read_text() == "a file"


def test_what_was_not_used_for_longest_goes_first(
        files: KeptFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_files, "MOST_FILES", 8)
    (files.folder / "mine.txt").write_text("left alone")
    (files.folder / f"draft-1-{'0' * 16}").write_text("of a process that died")
    os.utime(files.folder / f"draft-1-{'0' * 16}", (0, 0))
    names = [name_of(str(n)) for n in range(8)]
    for age, name in enumerate(names):
        files.write(name, TEXT)
        os.utime(files.folder / name, (time.time() - 1000 + age,) * 2)
    files.write(name_of("the last"), TEXT)
    left = {p.name for p in files.folder.iterdir()}
    assert "mine.txt" in left
    assert name_of("the last") in left
    assert len(left) <= 1 + 8
    assert names[0] not in left
    assert names[-1] in left


def test_bytes_are_bounded_too(files: KeptFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_files, "MOST_BYTES", 1000)
    for n in range(20):
        files.write(name_of(str(n)), "x" * 100)
    assert sum(p.stat().st_size for p in files.folder.iterdir()) <= 1000
    monkeypatch.setattr(kept_files, "LARGEST", 50)
    files.write(NAME, "x" * 100)
    assert files.read(NAME) is None


def test_where_it_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ZHUANJIE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert usual_folder() == tmp_path / "zhuanjie"
    assert usual_folder(str(tmp_path / "set")) == tmp_path / "set"
    assert usual_folder("off") is None
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert usual_folder() == tmp_path / ".cache" / "zhuanjie"
    monkeypatch.setenv("ZHUANJIE_CACHE", str(tmp_path / "said"))
    assert usual_folder(str(tmp_path / "set")) == tmp_path / "said"
    monkeypatch.setenv("ZHUANJIE_CACHE", "off")
    assert usual_folder(str(tmp_path / "set")) is None


CLASSES = {cls.__name__: cls for cls in (Lit, Call, Type, Kind)}


def test_a_tree_comes_back_to_its_types() -> None:
    same = Lit(True, BOOL)
    tree = (Lit(1), Lit(True), Lit("1"), Call("&&", (same, same), BOOL), None, {"a": [1, True]},
            frozenset({"x", "y"}), b"\x00\xff")
    back = read_tree(write_tree(tree, CLASSES), CLASSES, {})
    assert back == tree
    assert [type(n.value) for n in back[:3]] == [int, bool, str]
    assert back[3].args[0] is back[3].args[1]


@pytest.mark.parametrize("text", [
    "", "[]", "[[],[]]", "{}", '[["os.system"],[[6,0]]]', '[["Lit"],[[6]]]', '[["Lit"],[[6,9]]]',
    '[["Kind"],["no kind",[6,0]]]', "[[],[[99]]]", "[[],[[3]]]", "[[],[[4,1,2]]]", "null",
])
def test_a_text_that_is_no_tree_is_refused(text: str) -> None:
    with pytest.raises(UNREADABLE):
        read_tree(text, CLASSES, {})


def test_a_tree_of_unknown_things_is_not_written() -> None:
    with pytest.raises(UNREADABLE):
        write_tree((Lit(1), Path("x")), CLASSES)


def test_a_model_that_was_kept_is_the_model_when_asked() -> None:
    kept_class = type("Text", (KeptModel,), {"home": Text.__module__})
    text = Text(zh="甲", en="one")
    kept = read_tree(write_tree(text, {"Text": Text}), {}, {"Text": kept_class})
    assert (kept.zh, kept.en) == ("甲", "one")
    assert kept == text
    assert text == kept
    assert kept.model_dump() == text.model_dump()
    assert whole(kept) == text
    assert kept.model_copy(update={"en": "two"}) == Text(zh="甲", en="two")
    with pytest.raises(AttributeError):
        kept.zh = "乙"
    with pytest.raises(AttributeError):
        _ = kept.missing
