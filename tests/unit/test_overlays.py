"""What a pack changes in those it builds on: what holds in the end, and where it is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.author_packs import write

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.engine.authoring.coverage.coverage import coverage
from zhuanjie.engine.authoring.diff.diff import diff
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.policy.lint import lint
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.report.layouts.overlay import plain_change
from zhuanjie.report.view import View

HEAD = """\
id: over
version: 1.0.0
title: {zh: 改, en: over}
authority: {zh: 试, en: tried}
document: {number: "2", issued_on: 2009-01-01, title: {zh: 试, en: tried}}
in_force: {from: 2009-01-01}
builds_on: tried
"""
WORDS = "message: {zh: 错, en: wrong}\n    remedy: {zh: 改, en: mend}"
WHY = "reason: {zh: 因此, en: because}"
NEW_SLIP = f"""\
  - id: slip-back
    clause: "1"
    replaces: {{{WHY}}}
    title: {{zh: 回执, en: slip}}
    when: has(letter.issued_on)
    require: {{ask: has(receipt.returned_on)}}
    {WORDS}
"""
ROW = f"""\
  - table: where-to
    clause: "2b"
    title: {{zh: 未就业, en: not employed}}
    when: "!employment.employed"
    allow: [talent_service]
    {WHY}
"""
CASES = """\
as_of: 2009-12-31
cases:
  - name: a slip
    record: {letter.issued_on: 2009-06-01}
    table:
      columns: [receipt.returned_on, expect.slip-back]
      rows: [[2009-07-01, satisfied], [null, violation]]
"""


def over(tmp_path: Path, rules: str = "", manifest: str = "", cases: str | None = None) -> Policy:
    """An overlay on the small pack, which stands beside it."""
    write(tmp_path / "tried")
    folder = tmp_path / "over"
    folder.mkdir(exist_ok=True)
    (folder / "pack.yaml").write_text(HEAD + manifest, encoding="utf-8")
    if rules:
        (folder / "10-over.yaml").write_text("topic: {zh: 改, en: over}\n" + rules, encoding="utf-8")
    if cases:
        (folder / "cases").mkdir(exist_ok=True)
        (folder / "cases" / "all.yaml").write_text(cases, encoding="utf-8")
    return load_policy(folder)


def told(policy: Policy) -> list[tuple[Any, ...]]:
    return [(c.kind, c.change, c.name, c.row, c.pack, c.base, c.reason and c.reason.en)
            for c in policy.changes]


def test_a_rule_that_replaces_another_takes_its_place(tmp_path: Path) -> None:
    policy = over(tmp_path, "rules:\n" + NEW_SLIP)
    assert [(r.id, r.shape, r.pack) for r in policy.rules] == [
        ("slip-back", "require", "over"), ("where-to", "table", "tried")]
    assert told(policy) == [("rule", "replaced", "slip-back", None, "over", "tried", "because")]
    assert policy.rules[0].history == policy.changes
    assert policy.rules[1].history == ()


def test_a_rule_of_another_name_can_replace(tmp_path: Path) -> None:
    rules = NEW_SLIP.replace("id: slip-back", "id: slip-there").replace(
        "replaces: {", "replaces: {rule: slip-back, ")
    policy = over(tmp_path, "rules:\n" + rules)
    assert [r.id for r in policy.rules] == ["slip-there", "where-to"]
    assert policy.changes[0].name == "slip-back"


def test_what_is_withdrawn_is_gone(tmp_path: Path) -> None:
    policy = over(tmp_path, manifest=(
        f"withdraws:\n  - {{rule: slip-back, {WHY}}}\n  - {{clause: '1', {WHY}}}\n"
        f"  - {{parameter: grace, {WHY}}}\n"))
    assert [r.id for r in policy.rules] == ["where-to"]
    assert "1" not in policy.clauses and not policy.parameters
    assert [(c.kind, c.change, c.name) for c in policy.changes] == [
        ("rule", "withdrawn", "slip-back"), ("clause", "withdrawn", "1"),
        ("parameter", "withdrawn", "grace")]


def where(policy: Policy, kind: str, employed: bool = False) -> tuple[str, str]:
    record = {"destination.kind": kind, "employment.employed": employed}
    (found,) = [f for f in audit([record], policy, as_of=date(2009, 12, 31),
                                 all_outcomes=True).findings if f.rule == "where-to"]
    return found.outcome.value, found.clause


def test_a_row_can_be_added(tmp_path: Path) -> None:
    policy = over(tmp_path, "rows:\n" + ROW.replace('clause: "2b"', 'clause: "2"'))
    assert where(policy, "talent_service")[0] == "satisfied"
    assert where(policy, "residence_township")[0] == "satisfied"
    assert policy.rules[1].pack == "over"
    assert told(policy) == [("row", "added", "where-to", "2", "over", "tried", "because")]


def test_a_row_can_be_replaced(tmp_path: Path) -> None:
    policy = over(tmp_path, 'rows:\n' + ROW + '    replaces: "2b"\n')
    assert where(policy, "talent_service") == ("satisfied", "2b")
    assert where(policy, "residence_township") == ("violation", "2b")
    assert where(policy, "employer_org", employed=True) == ("satisfied", "2a")
    assert policy.changes[0].change == "replaced"


def test_a_row_can_be_withdrawn(tmp_path: Path) -> None:
    policy = over(tmp_path, manifest=f"withdraws: [{{rule: where-to, row: '2b', {WHY}}}]\n")
    assert where(policy, "residence_township") == ("violation", "2")
    assert told(policy) == [("row", "withdrawn", "where-to", "2b", "over", "tried", "because")]


def test_all_rows_may_go_where_others_come(tmp_path: Path) -> None:
    gone = "".join(f"  - {{rule: where-to, row: '{row}', {WHY}}}\n"
                   f"  - {{clause: '{row}', {WHY}}}\n" for row in ("2a", "2b"))
    new = """\
clauses:
  "9": {binds: sender, text: {zh: 另行规定, en: laid down anew}}
"""
    policy = over(tmp_path, "rows:\n" + ROW.replace('"2b"', '"9"'),
                  f"withdraws:\n{gone}{new}")
    assert where(policy, "talent_service") == ("satisfied", "9")
    assert where(policy, "residence_township") == ("violation", "9")
    assert [(c.change, c.row) for c in policy.changes if c.kind == "row"] == [
        ("withdrawn", "2a"), ("withdrawn", "2b"), ("added", "9")]


def test_the_last_row_cannot_go_where_none_comes(tmp_path: Path) -> None:
    gone = "".join(f"  - {{rule: where-to, row: '{row}', {WHY}}}\n" for row in ("2a", "2b"))
    with pytest.raises(PolicyError) as caught:
        over(tmp_path, manifest=f"withdraws:\n{gone}")
    assert [d.code for d in caught.value.diagnostics] == ["pack.last-row"]


def test_lint_asks_to_withdraw_a_number_of_the_base_that_nothing_reads_any_more(
        tmp_path: Path) -> None:
    policy = over(tmp_path, "rules:\n" + NEW_SLIP, cases=CASES)
    (found,) = [d for d in lint(policy) if d.code == "lint.unused-base-parameter"]
    assert (found.place.file, found.args) == (
        str(policy.chain[-1].source.file), {"name": "grace", "base": "tried"})
    assert "lint.unused-parameter" not in {d.code for d in lint(policy)}


def test_what_is_set_anew_is_told_with_its_note(tmp_path: Path) -> None:
    policy = over(tmp_path, manifest=(
        "parameters:\n  grace: {unit: days, value: 10, source: {zh: 试, en: t},"
        " note: {zh: 十天, en: ten days}}\n"
        "clauses:\n  '1': {binds: sender, text: {zh: 另, en: other}}\n"
        "  '2': {binds: sender, text: {zh: 二, en: two}}\n"))
    # The clause 2 says what it said.
    assert told(policy) == [
        ("parameter", "replaced", "grace", None, "over", "tried", "ten days"),
        ("clause", "replaced", "1", None, "over", "tried", None)]


def test_an_overlay_over_an_overlay_tells_both(tmp_path: Path) -> None:
    over(tmp_path, "rules:\n" + NEW_SLIP)
    third = tmp_path / "third"
    third.mkdir()
    (third / "pack.yaml").write_text(
        HEAD.replace("id: over", "id: third").replace("builds_on: tried", "builds_on: over"),
        encoding="utf-8")
    (third / "10.yaml").write_text("topic: {zh: 改, en: over}\nrules:\n" + NEW_SLIP.replace(
        "has(receipt.returned_on)", "has(receipt.tracker)"), encoding="utf-8")
    policy = load_policy(third)
    assert [(c.pack, c.base) for c in policy.rules[0].history] == [
        ("over", "tried"), ("third", "over")]


def test_cases_of_the_base_do_not_count_for_what_was_replaced(tmp_path: Path) -> None:
    none = f"withdraws: [{{parameter: grace, {WHY}}}]\n"
    bare = over(tmp_path, "rules:\n" + NEW_SLIP, none)
    assert [(d.code, d.args) for d in lint(bare)] == [("lint.no-cases", {"rule": "slip-back"})]
    tried = over(tmp_path, "rules:\n" + NEW_SLIP, none, CASES)
    assert not lint(tried)
    # Coverage asks of the overlay's cases what they try of the new rule, and of nothing else.
    assert {p.rule for p in coverage(tried).points if p.rule} == {"slip-back"}


def test_a_row_of_an_overlay_makes_the_rule_its_own(tmp_path: Path) -> None:
    bare = over(tmp_path, "rows:\n" + ROW)
    assert [d.args for d in lint(bare)] == [{"rule": "where-to"}]


def test_diff_gives_the_reason(tmp_path: Path) -> None:
    policy = over(tmp_path, "rules:\n" + NEW_SLIP, manifest=(
        f"withdraws: [{{rule: where-to, {WHY}}}, {{clause: '2', {WHY}}}]\n"))
    found = diff(load_policy(tmp_path / "tried"), policy)
    reasons = {(e.kind, e.name): e.reason and e.reason.en for e in found.text}
    assert reasons["rule", "slip-back"] == reasons["rule", "where-to"] == "because"
    assert reasons["clause", "2"] == "because"
    assert reasons["pack", "tried"] is None
    assert not any("replaces" in e.key or e.key == "withdraws" for e in found.text)


def test_diff_of_packs_of_which_one_has_a_parameter(tmp_path: Path) -> None:
    rules = NEW_SLIP.replace("has(receipt.returned_on)",
                             "receipt.returned_on <= letter.issued_on + days(params.more)")
    policy = over(tmp_path, "rules:\n" + rules.replace(
        "id: slip-back", "id: slip-late").replace(f"    replaces: {{{WHY}}}\n", ""), manifest=(
        "parameters: {more: {unit: days, value: 5, source: {zh: 试, en: t}, "
        "note: {zh: 试, en: t}}}\n"))
    base = load_policy(tmp_path / "tried")
    assert diff(base, policy).meaning["1"].verdict == "stricter"
    assert diff(policy, base).meaning["1"].verdict == "laxer"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_change_has_words(tmp_path: Path, lang: Any) -> None:
    from zhuanjie.report.layouts.overlay import changes

    policy = over(tmp_path, "rules:\n" + NEW_SLIP + "rows:\n" + ROW, manifest=(
        f"withdraws: [{{rule: where-to, row: '2a', {WHY}}}, {{parameter: grace, {WHY}}}]\n"
        "clauses:\n  '1': {binds: sender, text: {zh: 另, en: other}}\n"))
    said = list(changes(policy.changes, View(lang)))
    assert len(said) == len(policy.changes) == 5
    assert all("over" in line and "tried" in line for line in said)
    assert [plain_change(c)["reason"] for c in policy.changes if c.kind != "clause"] == [
        {"zh": "因此", "en": "because"}] * 4
