"""Parameters that are days: declared, set for a run, refused where they are none, in every report."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from support.cli_command import run

from zhuanjie.engine import audit, check, evaluate, load_policy
from zhuanjie.engine.api import UNKNOWN
from zhuanjie.engine.authoring.mutation.faults import mutants
from zhuanjie.engine.core.errors import PolicyError, UsageError

PACK = """
id: last-days
version: 1.0.0
title: {zh: 截止, en: last days}
authority: {zh: 测试, en: test}
document: {number: "1", issued_on: 2007-01-01, title: {zh: 测试, en: test}}
in_force: {from: 2007-01-01}
parameters:
  last_day:
    unit: date
    VALUE
    source: {zh: 通知, en: the notice}
    note: {zh: 当日算在内, en: the day counts}
clauses:
  "1": {binds: sender, text: {zh: 测试, en: test}}
"""
RULES = """
topic: {zh: 测试, en: test}
rules:
  - id: in-time
    clause: "1"
    title: {zh: 按期, en: in time}
    when: has(letter.issued_on)
    require: {ask: letter.issued_on <= params.last_day}
    message: {zh: '应于{params.last_day}前', en: 'by {params.last_day}'}
    remedy: {zh: 请核对, en: look}
"""
CASES = """
as_of: 2007-12-31
cases:
  - {name: the day, record: {letter.issued_on: 2007-12-25}, expect: {in-time: satisfied}}
  - {name: after, record: {letter.issued_on: 2007-12-26}, expect: {in-time: violation}}
  - name: set
    record: {letter.issued_on: 2007-12-26}
    params: {last_day: 2007-12-26}
    expect: {in-time: satisfied}
"""


def pack(folder: Path, value: str = "value: 2007-12-25") -> Path:
    (folder / "cases").mkdir(parents=True)
    (folder / "pack.yaml").write_text(PACK.replace("VALUE", value), encoding="utf-8")
    (folder / "10.yaml").write_text(RULES, encoding="utf-8")
    (folder / "cases" / "10.yaml").write_text(CASES, encoding="utf-8")
    return folder


RECORD = {"letter.issued_on": date(2007, 12, 26)}


@pytest.mark.parametrize("given", [date(2007, 12, 26), "2007-12-26"])
def test_it_is_a_day_wherever_it_is_set(tmp_path: Path, given: date | str) -> None:
    folder = pack(tmp_path / "pack")
    policy = load_policy(folder)
    found, = check(RECORD, policy, as_of=date(2007, 12, 31))
    assert found.message == "by 2007-12-25"
    assert not list(check(RECORD, policy, as_of=date(2007, 12, 31), params={"last_day": given}))
    report = audit([RECORD], policy, as_of=date(2007, 12, 31), params={"last_day": given})
    assert not report.findings


def test_its_value_changes_with_the_day(tmp_path: Path) -> None:
    policy = load_policy(pack(tmp_path / "pack", (
        "values: [{value: 2007-12-25}, {from: 2008-01-01, value: 2008-12-20}]")))
    found, = check(RECORD, policy, as_of=date(2007, 12, 31))
    assert found.message == "by 2007-12-25"
    assert not list(check(RECORD, policy, as_of=date(2008, 1, 1)))


@pytest.mark.parametrize(("value", "word"), [
    ("value: 20071225", "parameter is date"), ("value: 2007-02-30", "last_day"),
    ("values: [{value: 2007-12-25}, {from: 2008-01-01, value: 3}]", "parameter is date")])
def test_what_is_no_day_is_refused(tmp_path: Path, value: str, word: str) -> None:
    with pytest.raises(PolicyError, match=word):
        load_policy(pack(tmp_path / "pack", value))


def test_a_number_is_no_day_and_a_day_no_number(tmp_path: Path) -> None:
    policy = load_policy(pack(tmp_path / "pack"))
    for wrong in (20071225, 0):
        with pytest.raises(UsageError, match="last_day"):
            check(RECORD, policy, params={"last_day": wrong})
    with pytest.raises(UsageError, match="receipt_return_days"):
        check(RECORD, load_policy("fujian-2007-80"), params={"receipt_return_days": "2007-12-25"})


def test_beyond_the_calendar_is_refused_at_load(tmp_path: Path) -> None:
    folder = pack(tmp_path / "pack", "value: 9999-12-31")
    text = RULES.replace("params.last_day}", "params.last_day + days(1)}")
    (folder / "10.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match="may leave its range"):
        load_policy(folder)


def test_authors_tools_take_it_for_a_day(tmp_path: Path) -> None:
    folder = pack(tmp_path / "pack")
    for command in (("lint",), ("test",), ("coverage",), ("verify",)):
        done = run("policy", *command, folder)
        assert done.returncode == 0, (command, done.stdout)
    shown = run("policy", "show", folder, "--format", "json").stdout
    assert json.loads(shown)["policy"]["parameters"]["last_day"]["value"] == "2007-12-25"
    said = [(m.was, m.now) for m in mutants(load_policy(folder)) if m.role == "value"]
    assert said == [("2007-12-25", "2007-12-26"), ("2007-12-25", "2007-12-24")]
    assert "2007-12-25" in run("policy", "docs", folder).stdout


def test_the_command_line_sets_it() -> None:
    done = run("eval", "params.last >= timestamp('2007-12-25T00:00:00Z')",
               "--set", "last=2007-12-25")
    assert (done.returncode, done.stdout.strip()) == (0, "true")
    done = run("eval", "params.last", "--set", "last=25 December")
    assert done.returncode == 2 and "25 December" in done.stderr
    assert evaluate("params.last", {}, params={"last": date(2007, 12, 25)}) == date(2007, 12, 25)
    assert evaluate("date(2007, params.m, 1)", {}, params={"m": 13}) is UNKNOWN
