"""Packs in an office's own folders: how they are found, what they change, what is refused."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from support.author_packs import CASES, MANIFEST, RULES

from zhuanjie.cli import complete
from zhuanjie.cli.main import main
from zhuanjie.engine.api import lint, list_policies, load_policy, pack_ids, settings, use_settings
from zhuanjie.engine.core.errors import PolicyError, UsageError, ZhuanjieError
from zhuanjie.engine.policy.found import RULES as SHIPPED
from zhuanjie.engine.policy.locate import by_default, manifests

DAY = date(2020, 1, 1)
OVERLAY = """\
id: {id}
version: 1.0.0
title: {{zh: 试}}
authority: {{zh: 试}}
document: {{number: "1", issued_on: 2008-01-01, title: {{zh: 试}}}}
in_force: {{from: 2008-01-01}}
builds_on: {base}
"""
PERMITS = Path(__file__).resolve().parents[2] / "fixtures" / "permits"
"""Another domain: its vocabulary and a pack."""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An office's folder with settings that name its packs, and a working folder deep in it."""
    (tmp_path / "packs").mkdir()
    (tmp_path / "zhuanjie.toml").write_text('packs = ["packs"]\n', encoding="utf-8")
    (tmp_path / "2007" / "june").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "2007" / "june")
    monkeypatch.delenv("ZHUANJIE_PACKS", raising=False)
    yield tmp_path
    use_settings(None)


def put(root: Path, manifest: str = MANIFEST, name: str = "", **files: str) -> Path:
    """A pack below `root`, in a folder of its id unless another is said."""
    folder = root / (name or manifest.split()[1])
    folder.mkdir(parents=True)
    (folder / "pack.yaml").write_text(manifest, encoding="utf-8")
    for file, text in ({"10-rules": RULES} | files).items():
        if text:
            (folder / f"{file}.yaml").write_text(text, encoding="utf-8")
    return folder


def set_to(office: Path, text: str) -> None:
    (office / "zhuanjie.toml").write_text(text, encoding="utf-8")


def said(error: pytest.ExceptionInfo[ZhuanjieError]) -> list[tuple[str, str | None, int | None]]:
    return [(d.code, d.place.file, d.place.line) for d in error.value.diagnostics]


# --- found ------------------------------------------------------------------------------------


def test_a_pack_of_the_settings_has_an_id(office: Path) -> None:
    folder = put(office / "packs")
    assert load_policy("tried").chain[-1].folder == folder
    assert "tried" in pack_ids()
    (entry,) = [e for e in list_policies() if e.manifest.id == "tried"]
    assert entry.path == folder and not entry.manifest.by_default
    offered = [c.value for c in complete.packs(None, None, "tr")]  # type: ignore[arg-type]
    assert offered == ["tried"]


def test_the_id_is_what_the_manifest_says_whatever_the_folder_is_called(office: Path) -> None:
    put(office / "packs", name="some-folder")
    assert load_policy("tried").id == "tried"
    assert "some-folder" not in pack_ids()


def test_it_can_be_built_on_from_another_folder(office: Path) -> None:
    put(office / "packs")
    top = put(office / "more", OVERLAY.format(id="top", base="tried"), **{"10-rules": ""})
    assert [p.manifest.id for p in load_policy(top).chain] == ["tried", "top"]
    set_to(office, 'packs = ["packs", "more"]\n')
    assert load_policy("top").rules == load_policy("tried").rules


def test_it_finds_the_vocabulary_beside_itself(office: Path) -> None:
    permits(office)
    assert load_policy("harbour-2024-6").vocabulary.id == "permits"


def test_a_vocabulary_beside_the_office_s_packs_is_known_elsewhere(office: Path) -> None:
    permits(office)
    assert main(["policy", "new", "new-permits", "--vocabulary", "permits"]) == 0
    assert load_policy("./new-permits").vocabulary.id == "permits"


def test_every_policy_command_takes_its_id(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = put(office / "packs")
    (folder / "cases").mkdir()
    (folder / "cases" / "10-rules.yaml").write_text(CASES, encoding="utf-8")
    for command in ("show", "docs", "fmt", "lint", "test", "coverage"):
        assert main(["policy", command, "tried"]) in (0, 1), command
        shown = capsys.readouterr()
        assert "error" not in shown.err, command
    assert main(["policy", "diff", "tried", "fujian-2007-80"]) in (0, 1)


def test_the_variable_and_the_file_add_up_and_one_folder_counts_once(
        office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(office / "packs")
    put(office / "others", MANIFEST.replace("id: tried", "id: other"))
    monkeypatch.setenv("ZHUANJIE_PACKS", os.pathsep.join(["../../others", "", "../../packs"]))
    assert {"tried", "other"} <= set(pack_ids())
    roots = settings().packs
    assert [r.folder.resolve().name for r in roots] == ["others", "packs"]
    assert {r.origin.file for r in roots} == {"ZHUANJIE_PACKS"}


def test_the_nearest_file_upward_holds_and_a_named_one_before_it(
        office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(office / "packs")
    near = office / "2007" / "zhuanjie.toml"
    near.write_text("", encoding="utf-8")
    assert settings().file == near and "tried" not in pack_ids()
    assert main(["policy", "show", "tried", "--config", "../../zhuanjie.toml"]) == 0
    assert main(["--config", "../../zhuanjie.toml", "policy", "show", "tried"]) == 0
    assert main(["policy", "show", "tried"]) == 2  # what one call names holds for that call alone
    assert "no policy `tried`" in capsys.readouterr().err


def test_what_holds_and_who_said_so_is_shown(office: Path, monkeypatch: pytest.MonkeyPatch,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    set_to(office, '# ours\npacks = [\n  "packs",\n]\n')
    assert main(["audit", "--show-settings", "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    assert f"{office / 'packs'}" in shown and "zhuanjie.toml:3" in shown
    (office / "zhuanjie.toml").unlink()
    assert main(["--show-settings", "--lang", "zh"]) == 0
    assert "没有任何设置" in capsys.readouterr().out


# --- refused ----------------------------------------------------------------------------------


def test_two_packs_of_one_id_are_refused_with_both_places(office: Path) -> None:
    first, second = put(office / "packs"), put(office / "packs", name="again")
    with pytest.raises(UsageError) as caught:
        load_policy("fujian-2007-80")
    (problem,) = caught.value.diagnostics
    assert problem.place.file == str(first / "pack.yaml")
    assert problem.args == {"id": "tried", "first": str(second)}


def test_an_id_of_a_shipped_pack_is_taken(office: Path) -> None:
    put(office / "packs", MANIFEST.replace("id: tried", "id: fujian-2007-80"))
    with pytest.raises(UsageError) as caught:
        pack_ids()
    assert caught.value.diagnostics[0].args["first"] == str(SHIPPED / "fujian-2007-80")


def test_the_folder_of_the_shipped_packs_itself_may_be_named(
        office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHUANJIE_PACKS", str(SHIPPED))
    assert load_policy("fujian-2007-80").rules


def test_every_mistake_of_the_settings_is_said_with_its_line(office: Path) -> None:
    put(office / "packs")
    set_to(office, 'package = 1\npacks = ["nowhere",\n  "packs/tried"]\n[audit]\nall = true\n')
    with pytest.raises(UsageError) as caught:
        settings()
    file = str(office / "zhuanjie.toml")
    assert sorted(said(caught), key=str) == [
        ("settings.is-pack", file, 3), ("settings.no-folder", file, 2),
        ("settings.unknown-key", file, 1), ("settings.unknown-key", file, 4)]


@pytest.mark.parametrize(("text", "code", "line"), [
    ('packs = "packs"', "settings.packs", 1), ("packs = [1]", "settings.packs", 1),
    ('packs = [""]', "settings.packs", 1), ('\npacks = ["packs', "settings.toml", 2),
    ("[packs]", "settings.packs", 1), ("packs = [", "settings.toml", 1),
    ('packs = [\n"packs",', "settings.toml", 2),
])
def test_no_list_of_folders_is_refused(office: Path, text: str, code: str, line: int) -> None:
    set_to(office, text + "\n")
    with pytest.raises(UsageError) as caught:
        settings()
    assert said(caught) == [(code, str(office / "zhuanjie.toml"), line)]


def test_a_slip_of_typing_is_suggested(office: Path) -> None:
    set_to(office, 'pakcs = ["packs"]\n')
    with pytest.raises(UsageError) as caught:
        settings()
    assert caught.value.diagnostics[0].args["near"] == "packs"


def test_a_file_that_is_named_must_be_there(office: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "list", "--config", "none.toml"]) == 2
    assert "none.toml: the settings cannot be read" in capsys.readouterr().err


def test_completion_offers_nothing_where_the_settings_are_wrong(office: Path) -> None:
    set_to(office, "x = 1\n")
    assert [c.type for c in complete.packs(None, None, "f")] == ["dir"]  # type: ignore[arg-type]


# --- by default -------------------------------------------------------------------------------


def test_a_pack_put_beside_the_national_ones_changes_nothing_by_itself(office: Path) -> None:
    before = load_policy(as_of=DAY)
    put(office / "packs")
    after = load_policy(as_of=DAY)
    assert after.sha256 == before.sha256 and after.spans == before.spans


def test_a_new_pack_judges_only_where_it_is_named(office: Path) -> None:
    before = load_policy(as_of=date.today())
    assert main(["policy", "new", "fresh", "--output", str(office / "packs" / "fresh")]) == 0
    assert load_policy("fresh").manifest.by_default is False
    assert load_policy(as_of=date.today()).sha256 == before.sha256


def test_a_new_pack_takes_no_id_that_another_has(office: Path,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    put(office / "packs")
    for taken in ("tried", "fujian-2007-80"):
        new = office / "packs" / "fresh"
        assert main(["policy", "new", taken, "--output", str(new), "--lang", "en"]) == 2
        assert f"there is a pack `{taken}` already, in " in capsys.readouterr().err
        assert not new.exists()


def test_it_judges_where_it_says_so(office: Path) -> None:
    put(office / "packs", MANIFEST.replace("2007-01-01}\np", "2019-06-01}\nby_default: true\np"))
    assert [s.ref.id for s in load_policy(as_of=DAY).spans][-1] == "tried"


def test_a_draft_that_is_wrong_stops_nobody_unless_it_judges(office: Path) -> None:
    broken = MANIFEST.replace("version: 1.0.0", "version: one")
    folder = put(office / "packs", broken)
    assert load_policy(as_of=DAY).id == "central-2019-regulations"
    (folder / "pack.yaml").write_text(broken + "by_default: true\n", encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_policy(as_of=DAY)
    assert [c for c, *_ in said(caught)] == ["pack.pattern"]
    (folder / "pack.yaml").write_text("{", encoding="utf-8")  # nobody can tell
    with pytest.raises(PolicyError):
        load_policy(as_of=DAY)


def test_the_shipped_packs_say_which_of_them_judge(monkeypatch: pytest.MonkeyPatch,
                                                   tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZHUANJIE_PACKS", raising=False)
    assert [p.manifest.id for p in by_default()] == [
        "fujian-2007-80", "central-2015-33", "central-2019-regulations"]
    assert [m.id for m, _ in manifests(by_default=False) if not m.by_default] == [
        "quanzhou-normal-2007-23"]


@pytest.mark.parametrize(("period", "found"), [
    ("{from: 2007-01-01}", [("since", "2007-11-01"), ("since", "2015-07-01"),
                            ("since", "2019-05-06")]),
    ("{from: 2008-01-01, to: 2008-12-31}", [("both", "2008-01-01")]),
    ("{to: 2007-12-31}", [("both", "2007-11-01")]),
    ("{to: 2007-10-31}", []),
])
def test_lint_says_when_two_default_packs_overlap(office: Path, period: str,
                                                  found: list[tuple[str, str]]) -> None:
    put(office / "packs",
        MANIFEST.replace("{from: 2007-01-01}\np", f"{period}\nby_default: true\np"))
    lints = [d for d in lint(load_policy("tried")) if d.code.startswith("lint.overlap")]
    days = sorted(((d.code.removeprefix("lint.overlap-"), d.args["start"]) for d in lints),
                  key=lambda pair: pair[1])
    assert days == found
    assert all(d.args["id"] == "tried" and d.place.path == "in_force" for d in lints)
    assert all(Path(d.args["file"]).is_file() for d in lints)
    theirs = [d.args["other"] for d in lint(load_policy("fujian-2007-80"))
              if d.code.startswith("lint.overlap")]
    assert theirs == ["tried"] * bool(found)


def test_a_pack_that_takes_the_place_of_its_base_does_not_overlap(office: Path) -> None:
    put(office / "packs", OVERLAY.format(id="mine", base="central-2019-regulations")
        + "by_default: true\n", **{"10-rules": ""})
    assert not [d for d in lint(load_policy("mine")) if d.code.startswith("lint.overlap")]


# --- one vocabulary ---------------------------------------------------------------------------


def permits(office: Path) -> Path:
    """A pack of another domain among the office's; returns its manifest."""
    for name in ("_vocabularies", "harbour-2024-6"):
        shutil.copytree(PERMITS / name, office / "packs" / name)
    return office / "packs" / "harbour-2024-6" / "pack.yaml"


def test_packs_of_two_vocabularies_do_not_judge_one_ledger(office: Path) -> None:
    manifest = permits(office)
    text = manifest.read_text(encoding="utf-8")
    assert "by_default: false" in text
    manifest.write_text(text.replace("by_default: false", "by_default: true"), encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_policy(as_of=date(2030, 1, 1))
    (differ,) = caught.value.diagnostics
    assert (differ.code, differ.args["vocabulary"], differ.args["other"]) == (
        "policy.vocabularies-differ", "permits", "party-transfer")
    assert "harbour-2024-6" in str(caught.value)


@pytest.mark.parametrize(("later", "code"), [
    ("key: member.id_number\n", "policy.keys-differ"),
    ("fields:\n  visit.kind: {type: date, heading: {zh: 走访}}\n", "policy.field-differs"),
])
def test_packs_that_read_a_record_otherwise_do_not_judge_it_together(
        office: Path, later: str, code: str) -> None:
    put(office / "packs", MANIFEST.replace("2007-01-01}\np", "2030-01-01}\nby_default: true\np")
        + "fields:\n  visit.kind: {type: string, heading: {zh: 走访}}\n")
    second = MANIFEST.replace("id: tried", "id: second")
    put(office / "packs",
        second.replace("2007-01-01}\np", "2031-01-01}\nby_default: true\np") + later)
    with pytest.raises(PolicyError) as caught:
        load_policy(as_of=date(2032, 1, 1))
    assert code in [c for c, *_ in said(caught)]


def test_fields_of_each_pack_are_known_where_several_judge(office: Path) -> None:
    own = "fields:\n  visit.on: {type: date, heading: {zh: 走访日期}}\n"
    put(office / "packs",
        MANIFEST.replace("2007-01-01}\np", "2030-01-01}\nby_default: true\np") + own)
    policy = load_policy(as_of=date(2032, 1, 1))
    assert "visit.on" in policy.vocabulary.fields
    put(office / "packs", MANIFEST.replace("id: tried", "id: second").replace(
        "2007-01-01}\np", "2031-01-01}\nby_default: true\np"))
    assert "visit.on" in load_policy(as_of=date(2032, 1, 1)).vocabulary.fields
