"""Packs in time: which stands when, what an edition is, what is refused and what is said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.engine.api.policies import with_params
from zhuanjie.engine.core.errors import PolicyError, UsageError
from zhuanjie.engine.policy.check import build_policy
from zhuanjie.engine.policy.locate import load_chain, manifests, policy_periods
from zhuanjie.engine.policy.model import Manifest
from zhuanjie.engine.policy.timeline import PackTimeline, applicable_edition

WORDS = "message: {zh: '错{params.grace}', en: 'wrong {params.grace}'}\n    remedy: {zh: 改, en: mend}"
SLIP = """\
  - id: slip
    clause: "1"
    title: {{zh: 回执, en: slip}}
    {replaces}
    when: has(letter.issued_on)
    deadline: {{due: letter.issued_on + days(params.grace), done: receipt.returned_on}}
    {words}
    late: {{zh: 晚, en: late}}
    late_remedy: {{zh: 改, en: mend}}
"""
TRACKER = """\
  - id: tracked
    clause: "2"
    title: {zh: 跟踪, en: tracked}
    require: {ask: has(receipt.tracker)}
    message: {zh: 错, en: wrong}
    remedy: {zh: 改, en: mend}
"""


def manifest(name: str, *more: str, start: str = "", end: str = "", base: str = "") -> str:
    period = ", ".join(f"{k}: {v}" for k, v in (("from", start), ("to", end)) if v)
    lines = [
        f"id: {name}", "version: 1.0.0", f"title: {{zh: {name}包, en: {name}}}",
        "authority: {zh: 试, en: tried}",
        'document: {number: "1", issued_on: 2010-01-01, title: {zh: 试, en: tried}}',
        f"in_force: {{{period}}}", *([f"builds_on: {base}", "by_default: true"] if base else ()),
        *more]
    return "\n".join(lines) + "\n"


CLAUSES = """\
clauses:
  "1": {binds: sender, dated_by: letter.issued_on, text: {zh: 一, en: one}}
  "2": {binds: sender, text: {zh: 二, en: two}}"""
GRACE = "parameters:\n  grace: {{unit: days, {value}, source: {{zh: 试, en: t}}, note: {{zh: 试, en: t}}}}"


def pack(root: Path, head: str, rules: str = "") -> Path:
    folder = root / head.split()[1]
    folder.mkdir(parents=True)
    (folder / "pack.yaml").write_text(head, encoding="utf-8")
    if rules:
        topic = "topic: {zh: 题, en: topic}\n"
        (folder / "10-rules.yaml").write_text(topic + rules, encoding="utf-8")
    return folder


def timeline(*folders: Path) -> PackTimeline:
    packs = [(load_chain(f)[-1].manifest, f) for f in folders]
    return PackTimeline(policy_periods(packs), lambda f, set_: build_policy(load_chain(f), set_))


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return pack(tmp_path, manifest("old", GRACE.format(value="value: 30"), CLAUSES,
                                   start="2010-01-01"),
                "rules:\n" + SLIP.format(replaces="", words=WORDS) + TRACKER)


@pytest.fixture
def second(tmp_path: Path, first: Path) -> Path:
    return pack(tmp_path, manifest("new", GRACE.format(value="value: 10"), start="2015-01-01",
                                   base="old"))


def packs(*periods: tuple[str, str | None, str | None]) -> list[tuple[Manifest, Path]]:
    shown, _ = manifests()[0]
    return [(shown.model_copy(update={"id": name, "in_force": type(shown.in_force).model_validate(
        {"from": start, "to": end})}), Path(name)) for name, start, end in periods]


def standing(found: Sequence[tuple[Manifest, Path]]) -> list[tuple[str, str, str]]:
    return [(str(r.start or ""), str(r.end or ""), r.folder.name) for r in policy_periods(found)]


@pytest.mark.parametrize(("periods", "expected"), [
    ([("a", "2007-11-01", None)], [("", "", "a")]),
    ([("a", None, None)], [("", "", "a")]),
    ([("a", "2007-11-01", None), ("b", "2015-07-01", None)],
     [("", "2015-06-30", "a"), ("2015-07-01", "", "b")]),
    # A measure for a time: afterwards what stood before stands again.
    ([("a", "2007-11-01", None), ("b", "2015-07-01", "2016-06-30")],
     [("", "2015-06-30", "a"), ("2015-07-01", "2016-06-30", "b"), ("2016-07-01", "", "a")]),
    # A gap: the one that went out of force goes on, until another comes.
    ([("a", "2007-11-01", "2010-12-31"), ("b", "2015-07-01", None)],
     [("", "2015-06-30", "a"), ("2015-07-01", "", "b")]),
    # After the last day of all the one that ended last goes on, not the one that began first.
    ([("a", "2007-11-01", "2010-12-31"), ("b", "2009-01-01", "2012-12-31")],
     [("", "2008-12-31", "a"), ("2009-01-01", "", "b")]),
    # One that ends on the eve of the next.
    ([("b", "2015-07-01", None), ("a", "2007-11-01", "2015-06-30")],
     [("", "2015-06-30", "a"), ("2015-07-01", "", "b")]),
])
def test_who_stands_when(periods: Any, expected: Any) -> None:
    assert standing(packs(*periods)) == expected


def slip(policy: Any, as_of: date, issued: str) -> tuple[Any, ...]:
    (found,) = [f for f in audit([{"member.id": "1", "letter.issued_on": issued,
                                   "receipt.tracker": "x"}], policy, as_of=as_of,
                                 all_outcomes=True).findings if f.clause == "1"]
    return str(found.due), found.message, found.pack


def test_a_number_set_anew_holds_from_the_packs_first_day(first: Path, second: Path) -> None:
    day = date(2016, 1, 1)
    policy = timeline(first, second).on(day)
    assert [r.id for r in policy.rules] == ["slip", "slip@2015-01-01", "tracked"]
    assert slip(policy, day, "2014-12-31") == ("2015-01-30", "wrong 30", "old")
    assert slip(policy, day, "2015-01-01") == ("2015-01-11", "wrong 10", "new")
    # A date that has not come does not count: the as-of day does.
    assert slip(policy, day, "2016-01-02") == ("2016-01-12", "slip: due by 2016-01-12, in 11 days",
                                               "new")


def test_packs_that_came_later_are_not_looked_at(first: Path, second: Path) -> None:
    policy = timeline(first, second).on(date(2014, 12, 31))
    assert (policy.id, [r.id for r in policy.rules], policy.spans) == ("old", ["slip", "tracked"], ())
    assert policy.sha256 == load_policy(first).sha256
    assert slip(policy, date(2014, 12, 31), "2014-11-01") == ("2014-12-01", "wrong 30", "")


def test_a_plan_for_another_day_is_made_of_what_stands_then(first: Path, second: Path) -> None:
    policy = timeline(first, second).on(date(2014, 12, 31))
    assert slip(policy, date(2016, 1, 1), "2015-06-01")[2] == "new"


def test_values_by_date_follow_the_record_and_not_the_as_of_day(tmp_path: Path) -> None:
    values = "values: [{value: 30}, {from: 2012-01-01, value: 20}, {from: 2020-01-01, value: 5}]"
    folder = pack(tmp_path, manifest("old", GRACE.format(value=values), CLAUSES,
                                     start="2010-01-01"),
                  "rules:\n" + SLIP.format(replaces="", words=WORDS) + TRACKER)
    day = date(2013, 1, 1)
    policy = timeline(folder).on(day)
    assert [r.id for r in policy.rules] == ["slip", "slip@2012-01-01", "tracked"]
    assert slip(policy, day, "2011-12-31")[:2] == ("2012-01-30", "wrong 30")
    assert slip(policy, day, "2012-01-01")[:2] == ("2012-01-21", "wrong 20")
    both = audit([{"member.id": n, "letter.issued_on": d} for n, d in (
        ("1", "2011-12-31"), ("2", "2012-01-01"))], policy, as_of=day)
    (part,) = both.judged
    assert part.clauses == {"1": 2, "2": 2}  # by two editions of one pack
    # By name the pack judges as of one day, as ever.
    assert slip(load_policy(folder), day, "2011-12-31")[:2] == ("2012-01-20", "wrong 20")


def test_what_is_set_for_a_run_wins_in_every_pack(first: Path, second: Path) -> None:
    day = date(2016, 1, 1)
    policy = with_params(timeline(first, second).on(day), {"grace": 7}, day)
    assert [r.id for r in policy.rules] == ["slip", "tracked"]
    assert slip(policy, day, "2014-06-01")[:2] == ("2014-06-08", "wrong 7")
    with pytest.raises(UsageError, match="grce"):
        with_params(policy, {"grce": 7}, day)


def test_one_record_needs_only_the_editions_that_judge_it(first: Path, second: Path) -> None:
    day = date(2016, 1, 1)
    policy = timeline(first, second).on(day)
    for issued, pack_ in (("2014-06-01", "old"), ("2015-06-01", "new"), (None, "new")):
        record = {"letter.issued_on": issued and date.fromisoformat(issued)}
        (rule, _) = applicable_edition(policy, record, day).rules
        assert rule.edition and rule.edition.pack == pack_
        assert rule.when == load_policy(first).rules[0].when


def test_rules_without_a_date_follow_the_as_of_day(first: Path, tmp_path: Path) -> None:
    later = pack(tmp_path, manifest(
        "new", "withdraws: [{rule: tracked, reason: {zh: 不再, en: no more}}]",
        start="2015-01-01", base="old"))
    packs_ = timeline(first, later)
    assert [r.id for r in packs_.on(date(2014, 12, 31)).rules] == ["slip", "tracked"]
    assert [r.id for r in packs_.on(date(2015, 1, 1)).rules] == ["slip"]


def test_a_pack_for_a_time_gives_back_what_stood_before(first: Path, tmp_path: Path) -> None:
    later = pack(tmp_path, manifest("new", GRACE.format(value="value: 10"), start="2015-01-01",
                                    end="2015-12-31", base="old"))
    day = date(2017, 1, 1)
    policy = timeline(first, later).on(day)
    assert [s.ref.id for s in policy.spans] == ["old", "new"]
    for issued, due in (("2014-12-31", "2015-01-30"), ("2015-12-31", "2016-01-10"),
                        ("2016-01-01", "2016-01-31")):
        assert slip(policy, day, issued)[0] == due


@pytest.mark.parametrize(("day", "code"), [
    (date(2009, 12, 31), "policy.before-force"), (date(2010, 1, 1), None),
    (date(2012, 12, 31), None), (date(2013, 1, 1), "policy.after-force"),
])
def test_a_day_without_a_pack_in_force_is_said(tmp_path: Path, day: date, code: str | None) -> None:
    folder = pack(tmp_path, manifest("old", GRACE.format(value="value: 30"), CLAUSES,
                                     start="2010-01-01", end="2012-12-31"),
                  "rules:\n" + SLIP.format(replaces="", words=WORDS))
    assert [n.code for n in timeline(folder).on(day).notices] == ([code] if code else [])


def test_days_between_packs_without_one_in_force_are_said(tmp_path: Path) -> None:
    rules = "rules:\n" + SLIP.format(replaces="", words=WORDS)
    old = pack(tmp_path, manifest("old", GRACE.format(value="value: 30"), CLAUSES,
                                  start="2010-01-01", end="2012-12-31"), rules)
    new = pack(tmp_path / "apart", manifest("new", GRACE.format(value="value: 10"), CLAUSES,
                                            start="2015-01-01"), rules)
    day = date(2016, 1, 1)
    policy = timeline(old, new).on(day)
    (notice,) = policy.notices
    assert (notice.code, notice.args) == ("policy.gap", {
        "id": "old", "start": "2013-01-01", "end": "2014-12-31"})
    assert slip(policy, day, "2014-12-31")[2] == "old"
    assert [n.code for n in timeline(old, new).on(date(2013, 1, 1)).notices] == [
        "policy.after-force"]


def test_packs_of_different_scope_are_refused(first: Path, tmp_path: Path) -> None:
    later = pack(tmp_path, manifest(
        "new", "scope: {when: member.cohort == 2015, title: {zh: 届, en: class}}",
        start="2015-01-01", base="old"))
    with pytest.raises(PolicyError) as caught:
        timeline(first, later).on(date(2016, 1, 1))
    assert [d.code for d in caught.value.diagnostics] == ["policy.scopes-differ"]


def test_the_same_rule_dated_otherwise_is_refused(first: Path, tmp_path: Path) -> None:
    clauses = CLAUSES.replace("letter.issued_on", "member.left_on")
    other = pack(tmp_path / "apart", manifest(
        "other", GRACE.format(value="value: 10"), clauses, start="2015-01-01"),
        "rules:\n" + SLIP.format(replaces="", words=WORDS))
    with pytest.raises(PolicyError) as caught:
        timeline(first, other).on(date(2016, 1, 1))
    assert [d.code for d in caught.value.diagnostics] == ["policy.dated-differ"]


def test_a_parameter_unknown_to_a_pack_can_be_set(first: Path, tmp_path: Path) -> None:
    later = pack(tmp_path, manifest("new", GRACE.replace("grace", "other").format(
        value="value: 10"), start="2015-01-01", base="old"))
    policy = timeline(first, later).on(date(2016, 1, 1))
    assert with_params(policy, {"other": 3}, date(2016, 1, 1)).values(date(2016, 1, 1)) == {
        "grace": 30, "other": 3}
