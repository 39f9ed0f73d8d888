"""Differences of packs: in text, in meaning, in what becomes of a ledger."""

from __future__ import annotations

import re
import subprocess
from datetime import date
from pathlib import Path

import pytest
from support.author_packs import MANIFEST, RULES, policy, write

from zhuanjie.cli.main import main
from zhuanjie.engine.api import load_policy
from zhuanjie.engine.authoring.diff.diff import diff
from zhuanjie.engine.authoring.diff.text_diff import changed_rules, text_diff
from zhuanjie.engine.authoring.diff.versions import policy_at, policy_before
from zhuanjie.engine.core.aspects import Aspect
from zhuanjie.engine.core.errors import UsageError
from zhuanjie.engine.core.results import Outcome

RULE_1, RULE_2 = RULES.split("  - id: where-to")


def pair(folder: Path, rules: str = RULES, manifest: str = MANIFEST):
    return policy(folder / "old"), policy(folder / "new", rules=rules, manifest=manifest)


def test_layout_is_no_difference(tmp_path: Path) -> None:
    head, rest = RULE_1.split("  - id: slip-back")
    turned = head + "  - id: where-to" + RULE_2 + "  - id: slip-back" + rest
    turned = turned.replace("[residence_township, parents_township]",
                            "[parents_township, residence_township]")
    turned = turned.replace("due: letter.issued_on + days(params.grace)",
                            "due: |-\n        (letter.issued_on\n         + days( params.grace ))")
    found = diff(*pair(tmp_path, turned))
    assert not found.differs
    assert {m.verdict for m in found.meaning.values()} == {"equal"}


@pytest.mark.parametrize(("old", "new", "clause", "verdict"), [
    ("days(params.grace)", "days(params.grace + 1)", "1", "laxer"),
    ("days(params.grace)", "days(params.grace - 1)", "1", "stricter"),
    ("done: receipt.returned_on", "done: receipt.followed_up_on", "1", "different"),
    ("when: has(letter.issued_on)", "when: has(letter.issued_on) && true", "1", "equal"),
    ("allow: [employer_org]", "allow: [employer_org, retained]", "2", "laxer"),
    ("allow: [employer_org]", "allow: [retained]", "2a", "different"),
    (", parents_township]", "]", "2b", "stricter"),
])
def test_meaning_has_a_direction_and_a_witness(tmp_path: Path, old: str, new: str, clause: str,
                                               verdict: str) -> None:
    assert old in RULES
    before, after = pair(tmp_path, RULES.replace(old, new, 1))
    found = diff(before, after)
    here = found.meaning[clause]
    assert here.verdict == verdict
    if verdict != "equal":
        assert here.witness is not None
        assert here.as_of is not None
        assert here.was != here.now
    assert all(found.meaning[c].verdict == "equal" for c in found.meaning if c[0] != clause[0])


def test_a_changed_parameter_is_told_where_it_matters(tmp_path: Path) -> None:
    before, after = pair(tmp_path, manifest=MANIFEST.replace("value: 30", "value: 20"))
    found = diff(before, after)
    (edit,) = found.text
    assert (edit.kind, edit.name, edit.change, edit.key, edit.was, edit.now) == (
        "parameter", "grace", "changed", "value", 30, 20)
    assert found.meaning["1"].verdict == "stricter"
    assert found.meaning["2"].verdict == "equal"
    assert changed_rules(before, after) == {"slip-back"}


def test_a_value_that_changes_on_a_day_is_told_by_a_day_after_it(tmp_path: Path) -> None:
    dated = "values: [{value: 30}, {from: 2010-01-01, value: 40}]"
    found = diff(*pair(tmp_path, manifest=MANIFEST.replace("value: 30", dated)))
    here = found.meaning["1"]
    assert here.verdict == "laxer"
    assert here.as_of is not None
    assert here.as_of >= date(2010, 1, 1)


def test_rules_added_and_removed(tmp_path: Path) -> None:
    before, after = pair(tmp_path, RULE_1)
    assert diff(before, after).meaning["2"].verdict == "laxer"
    found = diff(after, before)
    assert found.meaning["2"].verdict == "stricter"
    assert [(e.kind, e.name, e.change) for e in found.text] == [("rule", "where-to", "added")]


def test_a_scope_changes_every_clause(tmp_path: Path) -> None:
    scope = "scope: {when: member.cohort == 2007, title: {zh: 试, en: tried}}\n"
    found = diff(*pair(tmp_path, manifest=MANIFEST + scope))
    assert {m.verdict for m in found.meaning.values()} == {"laxer"}
    for here in found.meaning.values():
        assert here.witness is not None
        assert here.witness["member.cohort"] != 2007


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_yes_and_no_are_shown_as_they_stand_in_the_pack(tmp_path: Path, lang: str,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    pair(tmp_path, manifest=MANIFEST + "by_default: true\n")
    assert main(["policy", "diff", str(tmp_path / "old"), str(tmp_path / "new"),
                 "--lang", lang]) == 1
    assert re.search(r"by_default +false +true +new/pack.yaml:", capsys.readouterr().out)


def test_words_alone_mean_the_same(tmp_path: Path) -> None:
    other = RULES.replace("{zh: 错, en: wrong}", "{zh: 误, en: mistaken}", 1)
    before, after = pair(tmp_path, other)
    found = diff(before, after)
    assert [(e.name, e.key) for e in found.text] == [
        ("slip-back", "message.zh"), ("slip-back", "message.en")]
    assert {m.verdict for m in found.meaning.values()} == {"equal"}
    assert not changed_rules(before, after)


def test_impact_counts_each_outcome_that_changes(tmp_path: Path) -> None:
    before, after = pair(tmp_path, manifest=MANIFEST.replace("value: 30", "value: 20"))
    ledger = tmp_path / "ledger.csv"
    days = range(1, 31)
    ledger.write_text("member.id,letter.issued_on,receipt.returned_on\n" + "".join(
        f"r{d},2007-06-{d:02},{'2007-06-30' if d < 5 else ''}\n" for d in days), encoding="utf-8")
    found = diff(before, after, [ledger], date(2007, 7, 5)).impact
    assert found is not None
    # Returned 30 June: late under 20 days if issued before the 10th, never late under 30.
    # Not returned by 5 July: overdue under 20 days if issued before 15 June, under 30 before 5.
    told = [(c.record, c.clause, c.was, c.now) for c in found.of(Aspect.OUTCOME)]
    assert told == [
        *((f"r{d}", "1", Outcome.SATISFIED, Outcome.VIOLATION) for d in range(1, 5)),
        *((f"r{d}", "1", Outcome.PENDING, Outcome.VIOLATION) for d in range(5, 15))]
    # Whoever is late or waits under both is so from another day.
    moved = [(c.record, c.days) for c in found.of(Aspect.DUE)]
    assert moved == [(f"r{d}", -10) for d in range(5, 31)]
    assert [(c.record, c.days) for c in found.of(Aspect.LATE) if c.days] == []
    assert found.records_changed == 30
    assert sum(found.counts.values()) == len(found.changes)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch) -> Path:
    """A repository whose pack changed in its last commit; the pack builds on one beside it."""
    def git(*args: str) -> None:
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *args],
                       cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    write(tmp_path / "packs" / "tried")
    top = MANIFEST.split("parameters:")[0].replace("id: tried", "id: over") + "builds_on: tried\n"
    over = tmp_path / "packs" / "over"
    over.mkdir()
    (over / "pack.yaml").write_text(top, encoding="utf-8")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    write(tmp_path / "packs" / "tried", manifest=MANIFEST.replace("value: 30", "value: 20"))
    git("commit", "-q", "-a", "-m", "two")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["tried", "over"])
def test_revisions_are_read_with_what_they_build_on(repository: Path, name: str) -> None:
    before, after = policy_at(f"HEAD~1:packs/{name}"), policy_at(f"HEAD:packs/{name}")
    assert [p.parameters["grace"].value for p in (before, after)] == [30, 20]
    assert [p.manifest.id for p in before.chain] == (["tried", "over"] if name == "over"
                                                     else ["tried"])
    now = load_policy(repository / "packs" / name)
    assert not text_diff(after, now)
    assert policy_before("HEAD~1", now).parameters["grace"].value == 30


def test_a_path_may_be_said_from_here(repository: Path, monkeypatch) -> None:
    monkeypatch.chdir(repository / "packs")
    assert policy_at("HEAD:./tried").id == "tried"
    assert policy_at("HEAD:packs/tried").id == "tried"


@pytest.mark.parametrize(("spec", "code"), [
    ("HEAD~9:packs/tried", "author.no-revision"), ("HEAD:packs/none", "author.no-path"),
    ("--help:packs/tried", "author.no-revision"), ("nowhere", "policy.not-found"),
])
def test_what_is_not_there_is_said(repository: Path, spec: str, code: str) -> None:
    with pytest.raises(UsageError) as error:
        policy_at(spec)
    assert error.value.diagnostics[0].code == code


def test_no_repository_is_said(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UsageError) as error:
        policy_at("HEAD:packs/tried")
    assert error.value.diagnostics[0].code == "author.no-repository"


@pytest.mark.parametrize("overlay", ["quanzhou-normal-2007-23", "central-2015-33"])
def test_what_an_overlay_inherits_is_no_difference(overlay: str) -> None:
    edits = text_diff(load_policy("fujian-2007-80"), load_policy(overlay))
    keys = {str(e.key).split(".")[0] for e in edits if e.kind == "pack"}
    assert "version" in keys or "id" in keys
    assert not keys & {"waivers", "working_days", "fields", "parties", "required_columns"}
