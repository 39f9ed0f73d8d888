"""A backup is made while others write, restored on another server, and compared to the letter."""

from __future__ import annotations

import os
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import insert, inspect, select
from support import engines

from zhuanjie.engine.api import InputError, UsageError, ZhuanjieError
from zhuanjie.web.operations.backup import PASSING, write_backup
from zhuanjie.web.operations.migrating import Revisions
from zhuanjie.web.operations.restore import restore_backup
from zhuanjie.web.operations.schema import differences, whole_schema
from zhuanjie.web.operations.tables import DUTIES
from zhuanjie.web.reminders.projection import PROJECTIONS, PROJECTORS, added
from zhuanjie.web.reminders.settings import ReminderSettings
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import Actor, EventDraft
from zhuanjie.web.store.history import events
from zhuanjie.web.store.store import RegisterStore

ACTOR = Actor("li", "department")
_numbers = count()
KINDS = ("sqlite", "postgresql")


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[str], RegisterDatabase]]:
    """Makes empty databases of a kind."""
    made: list[RegisterDatabase] = []

    def one(kind: str) -> RegisterDatabase:
        made.append(RegisterDatabase(f"sqlite:///{tmp_path / f'{next(_numbers)}.db'}"
                                     if kind == "sqlite" else engines.fresh_database()))
        return made[-1]

    yield one
    for database in made:
        database.close()


def filled(database: RegisterDatabase, members: int = 30) -> RegisterStore:
    Revisions().upgrade(database)
    store = RegisterStore(database, {"letter.serial": str}, projectors=[PROJECTORS],
                          projections=PROJECTIONS)
    store.begin()
    with store.change(ACTOR) as work:
        work.record_all([EventDraft(
            "member.imported", f"m{n}", "数学系",
            {"letter.serial": (None, f"A{n}"), "member.name": (None, "王\u3000一\n\t\"'\\𠮷")},
            reason="补") for n in range(members)])
        work.record(added("数学系", "mail", "a@example.edu.cn", "zh", ReminderSettings()))
    with database.writing() as conn:
        conn.execute(insert(DUTIES).values(name="x", due_at="", failures=0))
    return store


def contents(database: RegisterDatabase) -> dict[str, list[Any]]:
    with database.reading() as conn:
        return {t.name: sorted(map(repr, map(tuple, conn.execute(select(t)))))
                for t in whole_schema().sorted_tables if t.name not in PASSING}


def folder_of(place: Path) -> Path:
    """A register's folder, with what may be in it."""
    (place / "scans").mkdir(parents=True)
    (place / "scans" / "a.bin").write_bytes(bytes(range(256)) * 20)
    (place / "trail.pub").write_text("public")
    (place / "trail.key").write_text("secret")
    (place / "jobs" / "1").mkdir(parents=True)
    (place / "jobs" / "1" / "result.json").write_text("{}")
    (place / "way-out").symlink_to("/etc/passwd")
    return place


@pytest.mark.parametrize("to", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_register_is_restored_on_another_server(
        make: Callable[[str], RegisterDatabase], tmp_path: Path, kind: str, to: str) -> None:
    source, target = make(kind), make(to)
    filled(source, 1100)
    made = write_backup(source, tmp_path / "b.zip", folder=folder_of(tmp_path / "data"))
    assert stat.S_IMODE((tmp_path / "b.zip").stat().st_mode) == 0o600
    asked: list[int] = []
    restored = restore_backup(tmp_path / "b.zip", target, tmp_path / "new",
                              check=lambda conn, _reader: asked.append(len(list(events(conn)))))
    assert asked == [1101]
    assert contents(target) == contents(source)
    with target.reading() as conn:
        assert differences(conn) == []
        assert conn.execute(select(DUTIES)).all() == []
    assert restored.rows == sum(e.rows or 0 for e in made.manifest.entries)
    assert sorted(p.relative_to(tmp_path / "new").as_posix()
                  for p in (tmp_path / "new").rglob("*") if p.is_file()) == ["scans/a.bin",
                                                                             "trail.pub"]
    assert (tmp_path / "new" / "scans" / "a.bin").read_bytes() == bytes(range(256)) * 20
    store = RegisterStore(target, {"letter.serial": str}, projectors=[PROJECTORS],
                          projections=PROJECTIONS)
    before = contents(target)
    store.rebuild()
    assert contents(target) == before
    with store.change(ACTOR) as work:  # life goes on
        assert work.record(EventDraft("member.withdrawn", "m1")).seq == 1102


def test_keys_are_in_it_only_where_they_are_asked_for(
        make: Callable[[str], RegisterDatabase], tmp_path: Path) -> None:
    source = make("sqlite")
    filled(source)
    folder = folder_of(tmp_path / "data")
    (tmp_path / "zhuanjie.toml").write_text("[register]\n")
    without = write_backup(source, tmp_path / "a.zip", folder=folder)
    full = write_backup(source, tmp_path / "b.zip", folder=folder, keys=True,
                        settings=tmp_path / "zhuanjie.toml")
    assert "secret" not in str(without.manifest)
    assert without.manifest.names("keys/") == []
    assert full.manifest.names("keys/") == ["keys/trail.key"]
    assert full.manifest.names("settings/") == ["settings/zhuanjie.toml"]
    restore_backup(tmp_path / "b.zip", make("sqlite"), tmp_path / "new")
    key = tmp_path / "new" / "trail.key"
    assert (key.read_text(), stat.S_IMODE(key.stat().st_mode)) == ("secret", 0o600)


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_made_while_others_write_is_of_one_state(
        make: Callable[[str], RegisterDatabase], tmp_path: Path, kind: str) -> None:
    source, target = make(kind), make("sqlite")
    store, done = filled(source), threading.Event()

    def write() -> None:
        n = 0
        while not done.is_set():
            with store.change(ACTOR) as work:
                work.record(EventDraft("member.set", f"m{n % 30}",
                                       values={"letter.serial": (None, f"B{n}")}))
            n += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backups = [write_backup(source, tmp_path / f"{n}.zip") for n in range(2)]
    finally:
        done.set()
        writer.join()
    assert backups[0].manifest.events < backups[1].manifest.events
    restore_backup(tmp_path / "1.zip", target, tmp_path / "new")
    restored = RegisterStore(target, {"letter.serial": str}, projectors=[PROJECTORS],
                             projections=PROJECTIONS)
    before = contents(target)
    restored.rebuild()  # what is made of events is what was saved beside them
    assert contents(target) == before
    with target.reading() as conn:
        assert len(list(events(conn))) == backups[1].manifest.events


def refused(kind: type[ZhuanjieError], code: str, act: Callable[[], object]) -> None:
    with pytest.raises(kind) as caught:
        act()
    assert caught.value.diagnostics[0].code == code


def test_nothing_is_written_over(make: Callable[[str], RegisterDatabase], tmp_path: Path) -> None:
    source, other = make("sqlite"), make("sqlite")
    filled(source)
    folder = folder_of(tmp_path / "data")
    write_backup(source, tmp_path / "b.zip", folder=folder)
    before = (tmp_path / "b.zip").read_bytes()
    refused(UsageError, "register.backup.there", lambda: write_backup(source, tmp_path / "b.zip"))
    assert (tmp_path / "b.zip").read_bytes() == before
    filled(other)
    held = contents(other)
    refused(UsageError, "register.restore.there",
            lambda: restore_backup(tmp_path / "b.zip", other, tmp_path / "new"))
    assert contents(other) == held
    empty = make("sqlite")
    refused(UsageError, "register.restore.file",
            lambda: restore_backup(tmp_path / "b.zip", empty, folder))
    refused(UsageError, "register.backup.nothing",
            lambda: write_backup(empty, tmp_path / "c.zip"))
    assert sorted(p.name for p in tmp_path.glob("*.zip*")) == ["b.zip"]
    assert not list(tmp_path.glob(".*"))


def changed(source: Path, target: Path, name: str, change: Callable[[bytes], bytes | None]) -> None:
    """A copy of a backup with one of its files changed, or left out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            content: bytes | None = old.read(info)
            if info.filename == name:
                content = change(content or b"")
            if content is not None:
                new.writestr(info.filename, content)


def with_manifest(change: Callable[[dict[str, Any]], None]) -> Callable[[bytes], bytes]:
    def changed_manifest(text: bytes) -> bytes:
        said = orjson.loads(text)
        change(said)
        return orjson.dumps(said)
    return changed_manifest


def rename(to: str) -> Callable[[dict[str, Any]], None]:
    def change(said: dict[str, Any]) -> None:
        for entry in said["entries"]:
            if entry["name"] == "files/trail.pub":
                entry["name"] = to
    return change


@pytest.mark.parametrize(("name", "change", "code"), [
    ("tables/events.jsonl", lambda b: b[:-100] + b[-99:], "register.backup.entry"),
    ("tables/members.jsonl", lambda b: b.replace(b"m17", b"m77"), "register.backup.entry"),
    ("tables/members.jsonl", lambda _: None, "register.backup.entry"),
    ("files/scans/a.bin", lambda b: b + b"\0" * 10_000_000, "register.backup.entry"),
    ("manifest.json", lambda _: None, "register.backup.none"),
    ("manifest.json", lambda b: b[:-5], "register.backup.none"),
    ("manifest.json", lambda _: b"[]", "register.backup.none"),
    ("manifest.json", with_manifest(lambda m: m.update(format=2)), "register.backup.format"),
    ("manifest.json", with_manifest(lambda m: m.update(revision="9999")), "register.backup.newer"),
    ("manifest.json", with_manifest(lambda m: m.update(events=7)), "register.restore.other"),
    ("manifest.json", with_manifest(lambda m: m.update(last="00")), "register.restore.other"),
    ("manifest.json", with_manifest(rename("files/../../evil")), "register.backup.entry")])
def test_what_was_changed_is_not_restored(
        make: Callable[[str], RegisterDatabase], tmp_path: Path, name: str,
        change: Callable[[bytes], bytes | None], code: str) -> None:
    source, target = make("sqlite"), make("sqlite")
    filled(source)
    write_backup(source, tmp_path / "b.zip", folder=folder_of(tmp_path / "data"))
    changed(tmp_path / "b.zip", tmp_path / "c.zip", name, change)
    with pytest.raises(ZhuanjieError) as caught:
        restore_backup(tmp_path / "c.zip", target, tmp_path / "new")
    assert caught.value.diagnostics[0].code == code
    with target.reading() as conn:
        assert inspect(conn).get_table_names() == []
    assert not (tmp_path / "new").exists()


def test_paths_lead_nowhere_else(make: Callable[[str], RegisterDatabase], tmp_path: Path) -> None:
    source = make("sqlite")
    filled(source)
    write_backup(source, tmp_path / "b.zip", folder=folder_of(tmp_path / "data"))
    for number, evil in enumerate(("files/../../evil", "files//etc/evil", "files/a/../../evil")):
        with zipfile.ZipFile(tmp_path / "b.zip") as old, \
                zipfile.ZipFile(tmp_path / f"c{number}.zip", "w") as new:
            for info in old.infolist():
                name = info.filename.replace("files/trail.pub", evil)
                content = old.read(info)
                if name == "manifest.json":
                    content = with_manifest(rename(evil))(content)
                new.writestr(name, content)
        refused(InputError, "register.backup.entry", lambda n=number: restore_backup(
            tmp_path / f"c{n}.zip", make("sqlite"), tmp_path / "new" / "inner"))
    assert not list(tmp_path.rglob("evil"))


def test_a_check_that_fails_leaves_nothing(
        make: Callable[[str], RegisterDatabase], tmp_path: Path) -> None:
    source, target = make("sqlite"), make("sqlite")
    filled(source)
    write_backup(source, tmp_path / "b.zip", folder=folder_of(tmp_path / "data"))

    def check(_conn: object, _reader: object) -> None:
        raise InputError

    with pytest.raises(InputError):
        restore_backup(tmp_path / "b.zip", target, tmp_path / "new", check=check)
    with target.reading() as conn:
        assert inspect(conn).get_table_names() == []


@pytest.mark.parametrize("content", [None, b"", b"PK", b"x" * 1000])
def test_what_is_no_backup(make: Callable[[str], RegisterDatabase], tmp_path: Path,
                           content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "b.zip").write_bytes(content)
    refused(InputError, "register.backup.no-file" if content is None else "register.backup.none",
            lambda: restore_backup(tmp_path / "b.zip", make("sqlite"), tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_that_cannot_be_written(
        make: Callable[[str], RegisterDatabase], tmp_path: Path) -> None:
    source = make("sqlite")
    filled(source)
    (tmp_path / "locked").mkdir(mode=0o500)
    refused(ZhuanjieError, "register.backup.unwritable",
            lambda: write_backup(source, tmp_path / "locked" / "b.zip"))
