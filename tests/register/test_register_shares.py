"""Rules on shares look at a ledger as a whole: of a register they come out as of its export."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zhuanjie.cli.main import main

PACK = """
id: shares
version: 1.0.0
title: {zh: 占比, en: shares}
authority: {zh: 测试, en: test}
document: {number: "1", issued_on: 2007-01-01, title: {zh: 测试, en: test}}
in_force: {from: 2007-01-01}
clauses:
  "1": {binds: sender, text: {zh: 测试, en: test}}
"""
RULES = """
topic: {zh: 测试, en: test}
rules:
  - id: slips-by-branch
    clause: "1"
    title: {zh: 回执, en: slips}
    when: letter.issued_on <= as_of
    share: {ask: receipt.returned_on <= letter.issued_on + days(30), at_least: 60,
            by: member.school_branch}
    message: {zh: 测试, en: test}
    remedy: {zh: 测试, en: test}
  - id: slips
    clause: "1"
    title: {zh: 全部回执, en: all slips}
    when: letter.issued_on <= as_of
    share: {ask: receipt.returned_on <= letter.issued_on + days(30), at_least: 90}
    message: {zh: 测试, en: test}
    remedy: {zh: 测试, en: test}
  - id: phones
    clause: "1"
    title: {zh: 电话, en: phones}
    share: {ask: has(letter.phone), at_least: 50, by: member.school_branch}
    message: {zh: 测试, en: test}
    remedy: {zh: 测试, en: test}
"""
SLIPS = """member.id,member.name,member.school_branch,letter.issued_on,receipt.returned_on,letter.phone
1,王一,数学,2026-05-01,2026-05-20,13800000001
2,王二,数学,2026-05-01,2026-05-31,13800000002
3,王三,数学,2026-05-01,2026-06-20,
4,王四,物理,2026-05-01,,13800000004
5,王五,物理,2026-05-02,2026-05-20,13800000005
6,王六,,2026-05-02,2026-05-20,
7,王七,化学,,,13800000007
8,王八,化学,2026-08-01,,13800000008
9,王九,物理,2026-05-02,2026-05-20,
"""
OTHERS = """member.id,member.name,member.school_branch
10,李一,数学
11,李二,物理
"""
AS_OF = ("--as-of", "2026-06-30")
Call = Callable[..., str]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
         capfd: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "pack.yaml").write_text(PACK, encoding="utf-8")
    (tmp_path / "pack" / "10-shares.yaml").write_text(RULES, encoding="utf-8")
    (tmp_path / "slips.csv").write_text(SLIPS, encoding="utf-8")
    (tmp_path / "others.csv").write_text(OTHERS, encoding="utf-8")
    (tmp_path / "zhuanjie.toml").write_text('policy = "./pack"\n', encoding="utf-8")

    def called(*args: str, codes: tuple[int, ...] = (0,)) -> str:
        came = main([*args, "--lang", "en"])
        said = capfd.readouterr()
        assert came in codes, said
        return said.out

    return called


def shares(call: Call, *ledgers: str) -> list[dict[str, Any]]:
    """Every share that an audit finds, but for where the ledger was."""
    report = json.loads(call("audit", *ledgers, *AS_OF, "--all", "--format", "json", codes=(0, 1)))
    found = [{k: v for k, v in one.items() if k != "location"} for one in report["findings"]]
    assert all("share" in one for one in found)
    return sorted(found, key=lambda one: json.dumps(one, ensure_ascii=False, sort_keys=True))


def test_an_audit_of_a_register_and_of_its_export(call: Call) -> None:
    call("register", "init")
    call("register", "import", "slips.csv", "--save")
    first = shares(call, "register:sqlite:///register/register.db")
    by = {(one["rule"], one["share"].get("group")): str(one["outcome"]) for one in first}
    assert by["slips-by-branch", "数学"] == "satisfied"  # two of three are 66 %
    assert by["slips-by-branch", "物理"] == "satisfied"
    assert by["slips", None] == "violation"
    assert len(set(by.values())) > 1
    assert first == shares(call, "slips.csv")
    call("register", "export", "--output", "all.csv")
    assert first == shares(call, "all.csv")
    # A second table that lacks columns, corrections, and somebody who was withdrawn.
    call("register", "import", "others.csv", "--save")
    (Path("more.csv")).write_text(SLIPS.replace("3,王三,数学,2026-05-01,2026-06-20,",
                                                "3,王三,物理,2026-05-01,,"), encoding="utf-8")
    call("register", "import", "more.csv", "--save", "--clear")
    second = shares(call, "register:sqlite:///register/register.db")
    assert second != first
    call("register", "export", "--output", "more-all.csv")
    exported = shares(call, "more-all.csv")
    # A file has one set of columns: what a table lacked is blank in it, so that `has` is false there.
    assert [one for one in second if one["rule"] != "phones"] == [
        one for one in exported if one["rule"] != "phones"]
    said = json.loads(call("register", "audit", "--as-of", "2099-06-30", "--format", "json",
                           codes=(1,)))
    assert {one["rule"] for one in said["findings"] if "share" in one} >= {"slips"}
