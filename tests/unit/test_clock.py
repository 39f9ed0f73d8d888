"""When the clock can change an outcome: every day on which one does is foreseen."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from zhuanjie.engine import load_policy
from zhuanjie.engine.backends.registry import record_backend_of
from zhuanjie.engine.lowering.clock import turning_days
from zhuanjie.engine.watch.codec import loads
from zhuanjie.engine.watch.register import Clock, Update, WatchRegister

PACK = """
id: clocked
version: "1.0.0"
title: {zh: 时钟, en: Clock}
authority: {zh: 某机关, en: An authority}
document: {number: "1", issued_on: 2007-01-01, title: {zh: 通知, en: Notice}}
in_force: {from: 2007-01-01}
parameters:
  n:
    unit: days
    values:
      - {from: 2007-01-01, value: 10}
      - {from: 2007-03-05, value: 40}
    source: {zh: 无, en: none}
    note: {zh: 无, en: none}
clauses:
  "1.1": {text: {zh: 一, en: one}, binds: sender}
"""
RULE = """
topic: {{zh: 专题, en: Topic}}
rules:
  - id: one
    clause: "1.1"
    title: {{zh: 一, en: one}}
    {body}
    message: {{zh: 一, en: one}}
    remedy: {{zh: 一, en: one}}
"""
START = date(2007, 1, 20)
BODIES = [
    "require: {ask: letter.issued_on > as_of}",
    "require: {ask: as_of - letter.issued_on < days(20)}",
    "require: {ask: letter.issued_on + days(20) > as_of + days(3)}",
    "require: {ask: 'as_of - days(7) <= letter.issued_on'}",
    "require: {ask: letter.issued_on > as_of - months(1)}",
    "require: {ask: letter.issued_on + months(1) == as_of}",
    "require: {ask: as_of < letter.issued_on || as_of > letter.issued_on + days(params.n)}",
    "require: {ask: as_of + months(1) <= letter.issued_on + days(20)}",
    "require: {ask: '(letter.issued_on <= as_of ? letter.issued_on : member.left_on) + days(5) >= as_of'}",
    "require: {ask: 'member.cohort == (as_of > letter.issued_on ? 2006 : 2007)'}",
    "deadline: {due: letter.issued_on + days(params.n), done: receipt.returned_on}",
    "recurring: {start: member.left_on, last: letter.issued_on, every: params.n}",
    "recurring: {start: member.left_on, last: letter.issued_on, every: '15'}",
]
ANY_DAY = [b for b in BODIES if "as_of - months" in b or "as_of + months" in b]


def policy_of(tmp_path, body: str):
    (tmp_path / "pack.yaml").write_text(PACK, encoding="utf-8")
    (tmp_path / "10.yaml").write_text(RULE.format(body=body), encoding="utf-8")
    return load_policy(tmp_path)


def outcomes(policy, values, days, step: int) -> dict[date, str]:
    """The outcome on each day, by one register whose clock moves `step` days at a time."""
    register = WatchRegister(policy, record_backend_of("reference"), START, "en")
    register.apply(Update("1", values))
    out = {}
    for at in range(0, days, step):
        day = START + timedelta(days=at)
        register.apply(Clock(day))
        case = register.cases.get("1")
        out[day] = case.standing["one"].outcome if case else "satisfied"
    return out


@pytest.mark.parametrize("body", BODIES)
def test_no_turn_is_missed(tmp_path, body: str) -> None:
    policy = policy_of(tmp_path, body)
    values = {"letter.issued_on": date(2007, 2, 10), "member.left_on": date(2007, 1, 15),
              "member.cohort": 2007}
    seen = outcomes(policy, values, 90, 1)
    for day, outcome in seen.items():
        fresh = WatchRegister(policy, record_backend_of("reference"), day, "en")
        fresh.apply(Update("1", values))
        case = fresh.cases.get("1")
        assert outcome == (case.standing["one"].outcome if case else "satisfied"), day
    assert len(set(seen.values())) > 1  # the clock does change it
    assert outcomes(policy, values, 90, 7).items() <= seen.items()


def test_a_case_let_go_of_stirs_when_the_clock_goes_back_or_a_number_changes(tmp_path) -> None:
    policy = policy_of(tmp_path, "deadline: {due: letter.issued_on, done: receipt.returned_on}")
    register = WatchRegister(policy, record_backend_of("reference"), None, "en")
    done = Update("1", {"letter.issued_on": date(2007, 2, 1), "receipt.returned_on": date(2007, 2, 1)})
    register.apply(done)
    assert not register.cases
    line, = map(loads, register.apply(Clock(START)))
    assert (line["was"], line["is"]) == ("satisfied", "pending")


def test_days_are_told_where_they_can_be(tmp_path) -> None:
    for body in BODIES:
        policy = policy_of(tmp_path, body)
        terms, any_day = turning_days(policy.rules, policy.scope, policy.values(START))
        assert any_day == (body in ANY_DAY), body
        assert terms or any_day
