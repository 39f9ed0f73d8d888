"""Regions that a pack withdraws, and withdrawals of what is still used."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.author_packs import RULES, WORDS, write

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.messages import say_diagnostic
from zhuanjie.engine.policy.lint import lint
from zhuanjie.engine.policy.policy import Policy

HEAD = """\
id: {id}
version: 1.0.0
title: {{zh: 改, en: over}}
authority: {{zh: 试, en: tried}}
document: {{number: "2", issued_on: 2009-01-01, title: {{zh: 试, en: tried}}}}
in_force: {{from: 2009-01-01}}
builds_on: {base}
"""
WHY = "reason: {zh: 因此, en: because}"


def over(tmp_path: Path, manifest: str, rules: str = "", name: str = "over",
         base: str = "tried") -> Policy:
    if base == "tried":
        write(tmp_path / "tried")
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    (folder / "pack.yaml").write_text(HEAD.format(id=name, base=base) + manifest,
                                      encoding="utf-8")
    if rules:
        (folder / "10-over.yaml").write_text("topic: {zh: 改, en: over}\n" + rules,
                                             encoding="utf-8")
    return load_policy(folder)


def refused(tmp_path: Path, *args: str, **named: str) -> list[Diagnostic]:
    with pytest.raises(PolicyError) as told:
        over(tmp_path, *args, **named)
    return list(told.value.diagnostics)


def gone(policy: Policy) -> list[tuple[str, str]]:
    assert all(c.change == "withdrawn" and c.reason and c.reason.en == "because"
               for c in policy.changes)
    return [(c.kind, c.name) for c in policy.changes]


def test_a_topic_goes_with_what_only_its_rules_needed(tmp_path: Path) -> None:
    (tmp_path / "tried").mkdir()
    (tmp_path / "tried" / "20-more.yaml").write_text(
        "topic: {zh: 又, en: more}\nrules:\n" + RULES.split("rules:\n")[1].split("  - id: where")[0]
        .replace("slip-back", "slip-again").replace('clause: "1"', 'clause: "2"'), encoding="utf-8")
    policy = over(tmp_path, f"withdraws: [{{topic: 10-rules, {WHY}}}]\n")
    # The number and one clause are needed by the other topic.
    assert gone(policy) == [("rule", "slip-back"), ("rule", "where-to"), ("clause", "1"),
                            ("clause", "2a"), ("clause", "2b")]
    assert [r.id for r in policy.rules] == ["slip-again"]
    assert list(policy.clauses) == ["2"] and list(policy.parameters) == ["grace"]


def test_of_two_topics_that_share_a_number_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "tried").mkdir()
    (tmp_path / "tried" / "20-more.yaml").write_text(
        "topic: {zh: 又, en: more}\nrules:\n" + RULES.split("rules:\n")[1].split("  - id: where")[0]
        .replace("slip-back", "slip-again"), encoding="utf-8")
    policy = over(tmp_path, f"withdraws: [{{topic: 10-rules, {WHY}}}, {{topic: 20-more, {WHY}}}]\n")
    assert not policy.rules and not policy.clauses and not policy.parameters


def test_what_the_pack_itself_needs_of_a_topic_stays(tmp_path: Path) -> None:
    rule = f"""\
rules:
  - id: slip-new
    clause: "1"
    title: {{zh: 回执, en: slip}}
    deadline: {{due: letter.issued_on + days(params.grace), done: receipt.returned_on}}
    {WORDS}
"""
    policy = over(tmp_path, f"withdraws: [{{topic: 10-rules, {WHY}}}]\n", rule)
    assert [r.id for r in policy.rules] == ["slip-new"]
    assert list(policy.clauses) == ["1"] and list(policy.parameters) == ["grace"]


def test_lists_go_for_one_reason(tmp_path: Path) -> None:
    policy = over(tmp_path, "withdraws:\n  - rules: [slip-back, where-to]\n"
                  f"    clauses: ['1', '2', 2a, 2b]\n    parameters: [grace]\n    {WHY}\n")
    assert gone(policy) == [
        ("rule", "slip-back"), ("rule", "where-to"), ("clause", "1"), ("clause", "2"),
        ("clause", "2a"), ("clause", "2b"), ("parameter", "grace")]
    assert lint(policy) == []


@pytest.mark.parametrize(("entry", "code", "path"), [
    ("{topic: 10-rulse, WHY}", "pack.no-base-topic", "withdraws[0].topic"),
    ("{rules: [slip-back, slip-bak], WHY}", "pack.no-base-rule", "withdraws[0].rules[1]"),
    ("{rules: [slip-back, slip-back], WHY}", "pack.no-base-rule", "withdraws[0].rules[1]"),
    ("{rules: [], WHY}", "pack.empty-list", "withdraws[0].rules"),
    ("{rule: slip-back, rules: [where-to], WHY}", "pack.withdrawal.one-thing", "withdraws[0]"),
    ("{topic: 10-rules, clause: '1', WHY}", "pack.withdrawal.one-thing", "withdraws[0]"),
    ("{WHY}", "pack.withdrawal.one-thing", "withdraws[0]"),
    ("{rules: [slip-back], row: 2a, WHY}", "pack.withdrawal.row", "withdraws[0]"),
])
def test_what_cannot_be_withdrawn(tmp_path: Path, entry: str, code: str, path: str) -> None:
    found = refused(tmp_path, f"withdraws: [{entry.replace('WHY', WHY)}]\n")
    assert [(d.code, d.place.path) for d in found] == [(code, path)]
    twice = "slip-back, slip-back" in entry
    assert [d.code for d in found[0].related] == ["pack.withdrawn-here.rule"] * twice


@pytest.mark.parametrize(("entry", "kind", "path", "users"), [
    ("{parameter: grace, WHY}", "parameter", "parameter", [("slip-back", 8, 36)]),
    ("{parameters: [grace], WHY}", "parameter", "parameters[0]", [("slip-back", 8, 36)]),
    ("{clause: '1', WHY}", "clause", "clause", [("slip-back", 4, 13)]),
    ("{clauses: [2a, 2b], WHY}", "clause", "clauses[0]", [("where-to", 19, 19)]),
])
def test_a_withdrawal_of_what_is_used_is_refused_where_it_stands(
        tmp_path: Path, entry: str, kind: str, path: str,
        users: list[tuple[str, int, int]]) -> None:
    found = refused(tmp_path, f"withdraws: [{entry.replace('WHY', WHY)}]\n")[0]
    assert (found.code, found.place.path) == (
        f"pack.withdrawn-used.{kind}", f"withdraws[0].{path}")
    assert str(found.place.file).endswith("over/pack.yaml")
    assert [(u.args["name"], u.place.line, u.place.column) for u in found.related] == users
    for use in found.related:
        assert use.code == "pack.used-here.rules"
        assert str(use.place.file).endswith("tried/10-rules.yaml")
        assert f"{use.place.file}:{use.place.line}:" in say_diagnostic(found, "zh")


def test_a_number_that_only_a_text_quotes_is_used_too(tmp_path: Path) -> None:
    rule = f"""\
rules:
  - id: slip-back
    clause: "1"
    replaces: {{{WHY}}}
    title: {{zh: 回执, en: slip}}
    require: {{ask: has(receipt.returned_on)}}
    message: {{zh: '{{params.grace}}天', en: wrong}}
    remedy: {{zh: 改, en: mend}}
"""
    (found,) = refused(tmp_path, f"withdraws: [{{parameter: grace, {WHY}}}]\n", rule)
    assert found.code == "pack.withdrawn-used.parameter"
    assert [u.place.path for u in found.related] == ["rules[0].message.zh"]


def test_who_uses_what_a_base_withdrew_is_told_where(tmp_path: Path) -> None:
    over(tmp_path, f"withdraws: [{{topic: 10-rules, {WHY}}}]\n")
    rows = f"""\
rows:
  - table: where-to
    clause: "2b"
    title: {{zh: 未就业, en: not employed}}
    allow: [talent_service]
    {WHY}
"""
    found = refused(tmp_path, "", rows, name="top", base="over")
    assert [d.code for d in found] == ["pack.no-base-rule"]
    assert str(found[0].place.file).endswith("top/10-over.yaml")
    (where,) = found[0].related
    assert (where.code, where.args["pack"]) == ("pack.withdrawn-here.rule", "over")
    assert str(where.place.file).endswith("over/pack.yaml")


def test_a_fault_that_shows_in_the_base_names_the_overlay(tmp_path: Path) -> None:
    number = ("parameters:\n  grace: {unit: days, value: 99999999, "
              "source: {zh: 试, en: tried}, note: {zh: 试, en: tried}}\n")
    (found,) = refused(tmp_path, number)
    assert str(found.place.file).endswith("tried/10-rules.yaml")
    (cause,) = found.related
    assert cause.code == "pack.because-of-overlay" and cause.args == {"pack": "over"}
    assert (str(cause.place.file).endswith("over/pack.yaml"), cause.place.line) == (True, 9)


def test_a_fault_of_the_base_itself_names_no_overlay(tmp_path: Path) -> None:
    write(tmp_path / "tried", rules=RULES.replace("days(params.grace)", "days(params.gracious)"))
    (tmp_path / "over").mkdir()
    (tmp_path / "over" / "pack.yaml").write_text(HEAD.format(id="over", base="tried"),
                                                 encoding="utf-8")
    with pytest.raises(PolicyError) as told:
        load_policy(tmp_path / "over")
    assert [d.related for d in told.value.diagnostics] == [()]


def test_lint_says_how_to_withdraw_what_is_left_of_the_base(tmp_path: Path) -> None:
    policy = over(tmp_path, f"withdraws:\n  - {{rule: slip-back, {WHY}}}\n"
                            f"  - {{rule: where-to, {WHY}}}\n")
    found = {(d.code, d.args.get("clause") or d.args["name"]): d.place for d in lint(policy)}
    assert {key: place.path for key, place in found.items()} == {
        ("lint.unused-base-parameter", "grace"): "withdraws[0]",
        ("lint.clause-without-rule-of-base", "1"): "withdraws[0]",
        ("lint.clause-without-rule-of-base", "2"): "withdraws[1]",
        ("lint.clause-without-rule-of-base", "2a"): "withdraws[1]",
        ("lint.clause-without-rule-of-base", "2b"): "withdraws[1]"}
    assert all(str(place.file).endswith("over/pack.yaml") for place in found.values())
