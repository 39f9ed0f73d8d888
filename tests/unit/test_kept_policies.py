"""A policy that was kept is the one that the packs make: to the letter, and never an old one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextvars import copy_context
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import asdict
from support.values import replace

from zhuanjie.engine.api import kept_policy, load_policy, pack_ids
from zhuanjie.engine.api.policies import plan_for
from zhuanjie.engine.api.records import check_one
from zhuanjie.engine.backends.durable import kept as durable
from zhuanjie.engine.core import kept_files
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.kept_files import KeptFiles, keep_in
from zhuanjie.engine.core.kept_models import whole
from zhuanjie.engine.policy import fingerprint, kept
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.policy.timeline import applicable_edition
from zhuanjie.engine.vocabulary import load as vocabularies

ROOT = Path(__file__).resolve().parents[2]
DAY = date(2026, 6, 1)
RECORD = {"member.id": "1", "letter.issued_on": date(2025, 3, 1), "member.category": "full"}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Keeps there for the test, whatever is kept elsewhere."""
    held = kept_files.kept_files()
    keep_in(tmp_path / "kept")
    yield tmp_path / "kept"
    keep_in(None if held is None else held.folder)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack of its own that builds on another, beside its vocabulary."""
    for name in ("fujian-2007-80", "quanzhou-normal-2007-23", "_vocabularies"):
        shutil.copytree(ROOT / "rules" / name, tmp_path / "packs" / name)
    manifest = tmp_path / "packs" / "fujian-2007-80" / "pack.yaml"
    manifest.write_text(manifest.read_text("utf-8") + "\nvocabulary: party-transfer\n", "utf-8")
    return tmp_path / "packs" / "quanzhou-normal-2007-23"


def is_kept(policy: Policy) -> bool:
    return isinstance(policy.chain[0], kept.KeptPack)


@pytest.mark.parametrize("name", [*pack_ids(), None, str(ROOT / "fixtures/permits/harbour-2024-6")])
def test_a_kept_policy_is_the_policy(folder: Path, name: str | None) -> None:
    fresh = load_policy(name, as_of=DAY)
    kept_policy(name, as_of=DAY)
    again = kept_policy(name, as_of=DAY)
    assert is_kept(again)
    assert not is_kept(fresh)
    for part in ("manifest", "rules", "parameters", "clauses", "moments", "scope_rule", "scope",
                 "sha256", "notices", "overrides", "changes", "spans", "id", "version", "ref",
                 "required_columns", "fields"):
        assert getattr(again, part) == getattr(fresh, part), part
    assert whole(again.waiver_limits) == fresh.waiver_limits
    assert [*map(asdict, again.vocabulary.fields)] == [*map(asdict, fresh.vocabulary.fields)]
    assert again.vocabulary.digest == fresh.vocabulary.digest
    assert again.manifest.model_dump() == fresh.manifest.model_dump()
    assert [p.source.data for p in again.chain] == [p.source.data for p in fresh.chain]
    assert [p.topics for p in again.chain] == [p.topics for p in fresh.chain] or [
        t.topic for p in again.chain for t in p.topics] == [
        t.topic for p in fresh.chain for t in p.topics]


def test_what_is_made_of_it_is_kept_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = check_one(RECORD, load_policy(as_of=DAY), as_of=DAY, backend="durable")
    for _ in range(3):
        assert check_one(RECORD, kept_policy(as_of=DAY), as_of=DAY, backend="durable") == fresh

    def never(*_: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(durable, "build", never)
    monkeypatch.setattr("zhuanjie.engine.lowering.plan.lower", never)
    monkeypatch.setattr("zhuanjie.engine.policy.loading.policies_in_time", never)
    assert check_one(RECORD, kept_policy(as_of=DAY), as_of=DAY, backend="durable") == fresh


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4])
def test_a_damaged_file_is_made_again(folder: Path, number: int) -> None:
    fresh = check_one(RECORD, load_policy(as_of=DAY), as_of=DAY, backend="durable")
    check_one(RECORD, kept_policy(as_of=DAY), as_of=DAY, backend="durable")
    files = sorted(folder.iterdir(), key=lambda p: p.stat().st_size)
    assert len(files) >= 4
    bad = files[number % len(files)]
    sound = bad.read_bytes()
    bad.write_bytes(sound.replace(b"1", b"7", 1))
    assert check_one(RECORD, kept_policy(as_of=DAY), as_of=DAY, backend="durable") == fresh
    assert bad.read_bytes() == sound


def test_what_is_whole_and_says_nonsense_is_made_again(folder: Path) -> None:
    fresh = check_one(RECORD, load_policy(as_of=DAY), as_of=DAY, backend="durable")
    check_one(RECORD, kept_policy(as_of=DAY), as_of=DAY, backend="durable")
    for nonsense in ("", "[]", "[[],[null]]", "[[],[[0]]]", '[["Policy"],[[6]]]', "x"):
        for file in list(folder.iterdir()):
            KeptFiles(folder).write(file.name, nonsense)
            assert check_one(RECORD, kept_policy(as_of=DAY), as_of=DAY, backend="durable") == fresh


def _edited(file: Path, old: str, new: str) -> None:
    """An edit that leaves size and time as they were."""
    assert len(old) == len(new)
    text, state = file.read_text("utf-8"), file.stat()
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))


def _kept(pack: Path) -> Policy:
    for _ in range(2):
        made = kept_policy(pack, as_of=DAY)
    assert is_kept(made)
    return made


def test_a_changed_rule_is_a_changed_policy(folder: Path, pack: Path) -> None:
    before = _kept(pack)
    _edited(pack.parent / "fujian-2007-80" / "30-letter.yaml", "1.3c", "1.3d")
    after = kept_policy(pack, as_of=DAY)
    assert after.sha256 != before.sha256
    assert after.sha256 == load_policy(pack, as_of=DAY).sha256


def test_a_changed_vocabulary_is_a_changed_policy(folder: Path, pack: Path) -> None:
    before = _kept(pack)
    _edited(pack.parent / "_vocabularies" / "party-transfer" / "fields.yaml", "介绍信", "介绍函")
    vocabularies._read.cache_clear()  # another process
    after = kept_policy(pack, as_of=DAY)
    assert after.sha256 != before.sha256
    assert any("介绍函" in f.heading for f in after.vocabulary.fields)
    assert any("介绍信" in f.heading for f in before.vocabulary.fields)


def test_an_old_vocabulary_in_memory_is_not_kept_as_the_new_one(folder: Path, pack: Path) -> None:
    """A process that goes on for long has read files that say something else by now."""
    load_policy(pack, as_of=DAY)
    for name in ("fields.yaml", "vocabulary.yaml"):
        file = pack.parent / "_vocabularies" / "party-transfer" / name
        file.write_text(file.read_text("utf-8") + "\n# more\n", "utf-8")
    for _ in range(2):
        assert not is_kept(kept_policy(pack, as_of=DAY))
    vocabularies._read.cache_clear()


@pytest.mark.parametrize("change", ["a file more", "a file less", "a base beside"])
def test_files_that_come_and_go(folder: Path, pack: Path, change: str) -> None:
    _kept(pack)
    base = pack.parent / "fujian-2007-80"
    if change == "a file more":
        shutil.copy(base / "95-absence.yaml", base / "96-more.yaml")
        with pytest.raises(PolicyError):  # every rule twice
            kept_policy(pack, as_of=DAY)
        return
    if change == "a file less":
        (base / "95-absence.yaml").unlink()
    else:
        base.rename(base.with_name("gone"))  # the one of that id that comes with the program
    after = kept_policy(pack, as_of=DAY)
    assert after.sha256 == load_policy(pack, as_of=DAY).sha256
    assert not is_kept(after) or after.chain[0].folder != base or base.exists()


def test_another_program_has_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_policy(as_of=DAY)
    monkeypatch.setattr(kept, "program_hash", lambda: "another")
    before = set(folder.iterdir())
    kept_policy(as_of=DAY)
    assert set(folder.iterdir()) > before


def test_the_program_is_known_by_its_files(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in fingerprint._MAKERS:
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    (tmp_path / "core" / "a.py").write_text("1")
    monkeypatch.setattr(fingerprint, "_ENGINE", tmp_path)
    one = fingerprint.program_hash.__wrapped__()
    assert one == fingerprint.program_hash.__wrapped__()
    os.utime(tmp_path / "core" / "a.py", ns=(1, 1))
    assert one != fingerprint.program_hash.__wrapped__()


def test_a_pack_that_changes_while_it_is_used_is_said(folder: Path, pack: Path) -> None:
    policy = _kept(pack)
    _edited(pack.parent / "fujian-2007-80" / "30-letter.yaml", "1.3c", "1.3d")
    with pytest.raises(PolicyError) as refused:
        _ = policy.chain[0].topics
    assert refused.value.diagnostics[0].code == "policy.changed-meanwhile"


def test_rules_in_the_place_of_kept_ones_are_lowered(folder: Path) -> None:
    policy = kept_policy("fujian-2007-80", as_of=DAY)
    policy = kept_policy("fujian-2007-80", as_of=DAY)
    assert plan_for(policy, DAY).kept_as
    first = policy.rules[0]
    other = replace(policy, rules=(replace(first, when=policy.rules[5].when), *policy.rules[1:]))
    plan = plan_for(other, DAY)
    assert plan.kept_as is None
    assert plan.lowered != plan_for(policy, DAY).lowered
    fewer = plan_for(policy, DAY, only=["1.3"])
    assert fewer.kept_as
    assert [r.id for r in fewer.lowered] == [r.id for r in fewer.rules]


def test_editions_have_their_own(folder: Path) -> None:
    kept_policy(as_of=DAY)
    policy = kept_policy(as_of=DAY)
    assert policy.spans
    old = {**RECORD, "member.left_on": date(2008, 1, 1), "letter.issued_on": date(2008, 1, 1)}
    plans = [plan_for(applicable_edition(policy, record, DAY), DAY) for record in (RECORD, old)]
    assert len({plan.kept_as for plan in plans}) == 2
    fresh = load_policy(as_of=DAY)
    for record, plan in zip((RECORD, old), plans, strict=True):
        wanted = plan_for(applicable_edition(fresh, record, DAY), DAY)
        assert plan.lowered == wanted.lowered or [
            vars_of(a) for a in plan.lowered] == [vars_of(b) for b in wanted.lowered]


def vars_of(rule: object) -> list[object]:
    return [getattr(rule, name) for name in rule.__slots__]  # type: ignore[attr-defined]


def test_numbers_set_for_a_run(folder: Path) -> None:
    for _ in range(2):
        made = kept_policy("fujian-2007-80", as_of=DAY, params={"receipt_return_days": 5})
    assert made.values(DAY)["receipt_return_days"] == 5
    assert kept_policy("fujian-2007-80", as_of=DAY).values(DAY)["receipt_return_days"] == 30


def test_a_program_that_does_not_ask_keeps_nothing(tmp_path: Path) -> None:
    def alone() -> Policy:
        keep_in(None)
        return kept_policy("fujian-2007-80", as_of=DAY)

    assert not is_kept(copy_context().run(alone))
