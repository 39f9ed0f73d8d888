"""The engine knows no domain: fields, clauses, values and words of one are data, never code."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.policy.found import RULES
from zhuanjie.engine.vocabulary.found import vocabulary_folders
from zhuanjie.engine.vocabulary.load import read_vocabulary
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

ROOT = Path(__file__).resolve().parents[2]
PERMITS = ROOT / "fixtures" / "permits"
CATALOGUE = ROOT / "engine" / "core" / "catalogue"
SOURCES = sorted(p for top in ("engine", "cli", "report") for p in (ROOT / top).rglob("*.py"))
PACKS = sorted(p.parent for root in (RULES, PERMITS) for p in root.glob("*/pack.yaml"))

IN_LANGUAGE = set("年月日号第一二三四五六七八九十或和及")
"""Characters of dates, numbers and lists in Chinese, whatever they are those of."""
IN_LANGUAGE |= set(
    "零廿卅半份周星期礼拜天午早晚凌晨时点秒分上中下旬初底末前后今至到和以之约左右大概可能预计划拟"
    "季度春夏秋冬暑寒假农历阴旧正腊闰")
"""Those of times of day, parts of a month or year, rough times and the lunar calendar."""
IN_LANGUAGE |= set("两兩十百千壹贰叁肆伍陆柒捌玖拾佰仟貳叄參陸")
"""Numerals, as on forms too."""
TERMS = re.compile(
    r"党|成员|介绍信|组织关系|去向|毕业|学校|高校|学生|学号|人员"
    r"|(?<![\"'/])\bParty\b|\bParty's|\bCommunist|\bCPC\b|\bmembers?\b|\bMembers?\b|\buniversit"
    r"|\bgraduat|\bstudents?\b|organisational relationship|\bfloating member|许可|持证")
"""Words of the domains that packs here are about, and for whom they speak."""
EXAMPLES = {"cli.root.help", "cli.destinations.help"}
"""Help that says of what the packs are that come with the program, or names a case as such."""


@cache
def vocabularies() -> tuple[Vocabulary, ...]:
    """Those that come with the program, and the one the tests bring."""
    return tuple(map(read_vocabulary, vocabulary_folders([PERMITS]).values()))


@cache
def names() -> re.Pattern[str]:
    """The fields of every vocabulary."""
    found = {field.name for known in vocabularies() for field in known.fields}
    return re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(found)))


@cache
def ids() -> frozenset[str]:
    """What packs call things: themselves, clauses, rules, the values that shipped ones decide on.

    Those of the permits, such as `refused`, are words of everyday.
    """
    found: set[str] = set()
    for folder in PACKS:
        policy = load_policy(str(folder))
        found |= {policy.id, *policy.clauses, *(rule.id for rule in policy.rules)}
        for rule in policy.rules:
            if rule.rule.table is not None and folder.parent == RULES:
                found |= policy.vocabulary.fields[rule.rule.table.subject].values.keys()
    return frozenset(found)


def literals(path: Path) -> Iterator[str]:
    """The texts in a module that are no docstrings of it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def messages(lang: str) -> dict[str, str]:
    """Every message of a language by its code."""
    return {code: text for file in sorted((CATALOGUE / lang).glob("*.json"))
            for code, text in json.loads(file.read_text(encoding="utf-8")).items()}


def test_there_is_something_to_look_for() -> None:
    assert {v.id for v in vocabularies()} == {"party-transfer", "permits"}
    assert names().search("has(letter.issued_on)") and names().search("permit.number")
    assert {"1.6b", "H3c", "parents_township", "letter-phone-valid"} <= ids()
    assert TERMS.search("the member") and TERMS.search("无去向")


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_knows_a_domain(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not names().findall(text)
    assert not ids().intersection(literals(path))
    assert not TERMS.findall(text)
    chinese = set(re.findall(r"[\u3400-\u9fff]", text))
    assert chinese <= IN_LANGUAGE


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_message_knows_a_domain(lang: str) -> None:
    for code, text in messages(lang).items():
        assert not names().findall(text), code
        assert not any(re.search(rf"(?<![\w.-]){re.escape(i)}(?![\w-])", text)
                       for i in ids() if not i.isalpha()), code
        if code not in EXAMPLES:
            assert not TERMS.findall(text), code


def test_what_is_excepted_is_there() -> None:
    for lang in ("zh", "en"):
        assert all(TERMS.search(messages(lang)[code]) for code in EXAMPLES)


def test_templates_of_new_packs_know_no_domain() -> None:
    for path in sorted((ROOT / "engine").rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        assert not names().findall(text) and not TERMS.findall(text), path
