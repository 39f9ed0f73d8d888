"""Which versions of a base a pack takes, and what its lock says of the base that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.author_packs import MANIFEST, write
from support.cli_command import run

from zhuanjie.engine.api import (
    kept_policy,
    load_policy,
    lock_changes,
    lock_path,
    lock_text,
)
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.kept_files import keep_in, kept_files
from zhuanjie.engine.policy.base_ref import BaseRef, base_id, base_ref
from zhuanjie.engine.policy.lint import lint

HEAD = """\
id: over
version: 1.0.0
title: {zh: 改, en: over}
authority: {zh: 试, en: tried}
document: {number: "2", issued_on: 2009-01-01, title: {zh: 试, en: tried}}
in_force: {from: 2009-01-01}
"""


def packs(tmp_path: Path, builds_on: str = "tried", version: str = "1.0.0") -> Path:
    write(tmp_path / "tried", manifest=MANIFEST.replace("version: 1.0.0", f"version: {version}"))
    folder = tmp_path / "over"
    folder.mkdir(exist_ok=True)
    (folder / "pack.yaml").write_text(f"{HEAD}builds_on: '{builds_on}'\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(("written", "inside", "outside"), [
    ("tried", ["0.0.0", "9.9.9"], []),
    ("tried >=1.0,<2", ["1.0.0", "1.99.3"], ["0.9.9", "2.0.0", "10.0.0"]),
    ("tried>=1.0 , <2", ["1.0.0"], ["2.0.0"]),
    ("tried ==1.2", ["1.2.0"], ["1.2.1", "1.1.9"]),
    ("tried != 1.2.3", ["1.2.4"], ["1.2.3"]),
    ("tried ~=1.2", ["1.2.0", "1.10.0"], ["1.1.9", "2.0.0"]),
    ("tried ~=1.2.3", ["1.2.3", "1.2.10"], ["1.2.2", "1.3.0"]),
    ("tried >1,<=1.5.2", ["1.0.1", "1.5.2"], ["1.0.0", "1.5.3"]),
    ("a-2-b >=1.9", ["1.10.0"], ["1.8.99"]),
])
def test_a_range_holds_versions(written: str, inside: list[str], outside: list[str]) -> None:
    ref = base_ref(written)
    assert ref.id == base_id(written) == re.split("[ >]", written)[0]
    assert [v for v in (*inside, *outside) if ref.holds(v)] == inside


@pytest.mark.parametrize("written", [
    "", "Tried", "tried 1.0", "tried ^1.0", "tried >=1.0 <2", "tried >=", "tried >=1.x", "tried,",
    "tried >=1.2.3.4", "tried ~=1", "tried ===1.0", "tried >=1.0,", "tried >= 1.0-beta", "tried @1"])
def test_what_is_no_range_is_refused_with_its_place(tmp_path: Path, written: str) -> None:
    with pytest.raises(ValueError):
        base_ref(written)
    with pytest.raises(PolicyError) as told:
        load_policy(packs(tmp_path, written))
    (found,) = told.value.diagnostics
    assert (found.code, found.place.line, found.place.path) == ("pack.base.form", 7, "builds_on")


def test_an_id_alone_has_no_bounds() -> None:
    assert base_ref("tried") == BaseRef("tried")


def test_a_base_that_does_not_fit_is_told_by_the_version_there_is(tmp_path: Path) -> None:
    load_policy(packs(tmp_path, "tried >=1.0,<2"))
    with pytest.raises(PolicyError) as told:
        load_policy(packs(tmp_path, "tried >=1.0,<2", "2.1.0"))
    (found,) = told.value.diagnostics
    assert (found.code, found.place.path) == ("pack.base-version", "builds_on")
    assert (found.args["there"], found.args["written"]) == ("2.1.0", "tried >=1.0,<2")
    assert "tried/pack.yaml" in str(told.value)


def locked(tmp_path: Path) -> Path:
    folder = packs(tmp_path)
    policy = load_policy(folder)
    assert [d.code for d in lock_changes(policy, needed=True)] == ["lint.base-changed-no-lock"]
    assert lock_changes(policy) == []
    lock_path(policy).write_text(lock_text(policy), encoding="utf-8")
    assert lock_changes(load_policy(folder), needed=True) == []
    return folder


def codes(folder: Path) -> list[str]:
    policy = load_policy(folder)
    said = [d.code for d in policy.notices]
    assert said == [d.code for d in lock_changes(policy, needed=True)]
    assert set(said) <= {d.code for d in lint(policy)}
    return said


def test_a_base_that_says_something_else_is_told(tmp_path: Path) -> None:
    folder = locked(tmp_path)
    base = tmp_path / "tried" / "pack.yaml"
    text = base.read_text(encoding="utf-8")
    base.write_text("# a comment\n" + text, encoding="utf-8")
    assert codes(folder) == []
    base.write_text(text.replace("value: 30", "value: 31"), encoding="utf-8")
    assert codes(folder) == ["lint.base-changed"]
    base.write_text(text.replace("version: 1.0.0", "version: 1.0.1"), encoding="utf-8")
    assert codes(folder) == ["lint.base-changed-version"]
    base.write_text(text, encoding="utf-8")
    assert codes(folder) == []


@pytest.mark.parametrize("command", ["test", "coverage", "show", "docs"])
def test_every_command_that_loads_a_pack_says_so(tmp_path: Path, command: str) -> None:
    folder = locked(tmp_path)
    assert "last checked against" not in run("policy", command, folder).stderr
    base = tmp_path / "tried" / "pack.yaml"
    base.write_text(base.read_text(encoding="utf-8").replace("value: 30", "value: 31"),
                    encoding="utf-8")
    told = run("policy", command, folder)
    assert "pack.lock" in told.stderr and "last checked against" in told.stderr
    assert "pack.lock" not in told.stdout


def test_a_rule_file_of_the_base_counts_too(tmp_path: Path) -> None:
    folder = locked(tmp_path)
    rules = tmp_path / "tried" / "10-rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("en: slip}", "en: the slip}"),
                     encoding="utf-8")
    assert codes(folder) == ["lint.base-changed"]


def test_another_base_is_told(tmp_path: Path) -> None:
    folder = locked(tmp_path)
    write(tmp_path / "other", manifest=MANIFEST.replace("id: tried", "id: other"))
    (folder / "pack.yaml").write_text(f"{HEAD}builds_on: other\n", encoding="utf-8")
    assert codes(folder) == ["lint.base-changed-new", "lint.base-changed-gone"]


@pytest.mark.parametrize("text", ["hi", "lock: 2\nbases: []\n", "lock: 1\n", "[]", "lock: [",
                                  "lock: 1\nbases: [{id: tried, version: 1.0.0, sha256: abc}]\n"])
def test_what_is_no_lock_is_refused(tmp_path: Path, text: str) -> None:
    folder = locked(tmp_path)
    (folder / "pack.lock").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as told:
        load_policy(folder)
    assert str(told.value.diagnostics[0].place.file).endswith("pack.lock")


def test_a_policy_that_was_kept_hangs_on_its_lock(
        tmp_path: Path) -> None:
    held = kept_files()
    folder = locked(tmp_path / "packs")
    keep_in(tmp_path / "kept")
    try:
        for _ in range(2):
            assert kept_policy(folder).notices == ()
            assert kept_policy(folder).manifest.base == "tried"
        lock = folder / "pack.lock"
        lock.write_text(lock.read_text(encoding="utf-8").replace("1.0.0", "0.9.0"),
                        encoding="utf-8")
        for _ in range(2):
            assert [d.code for d in kept_policy(folder).notices] == ["lint.base-changed-version"]
    finally:
        keep_in(None if held is None else held.folder)
