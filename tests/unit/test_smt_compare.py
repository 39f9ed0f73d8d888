"""Rules compared for every record: verdicts, witnesses, and agreement with the reference."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
import z3
from support.marks import few
from support.party_transfer import VOCABULARY, compare_rules, fields, same_outcomes
from support.values import replace
from support.verify_pack import ask, deadline, policy, rule

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.authoring.diff.equivalence import Comparison
from zhuanjie.engine.authoring.testing.prepared_cases import EvaluationContext, judged
from zhuanjie.engine.backends.smt.encode import (
    AS_OF,
    LITERALS,
    Formula,
    Uses,
    every,
    present,
    value,
)
from zhuanjie.engine.backends.smt.facts import DAYS
from zhuanjie.engine.backends.smt.query import Answer, Query
from zhuanjie.engine.backends.smt.rules import Parameters, SymbolicRule
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.expr.types import RECORD_DAYS
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.vocabulary.fields import Field

ISSUED = "has(letter.issued_on)"
VALUES = {"days": 30}
UNIQUE = {"unique": {"field": "letter.serial", "within": "letter.issuer"}}


def compared(folder: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> Comparison:
    a, b = (policy(folder / n, [r]).rules[0] for n, r in (("old", old), ("new", new)))
    found = compare_rules(a, b, {}, {})
    same = same_outcomes(a, b, {}, {})
    assert same is (found.verdict == "equal")
    assert (found.witness is None) is (found.verdict == "equal")
    return found


def due(text: str, when: str = ISSUED) -> dict[str, Any]:
    return rule("x", deadline(text, "receipt.returned_on"), when)


@pytest.mark.parametrize(("old", "new", "verdict"), [
    (due("letter.issued_on + days(30)"), due("letter.issued_on + days(60)"), "laxer"),
    (due("letter.issued_on + days(30)"), due("letter.issued_on + days(29)"), "stricter"),
    (due("letter.issued_on + days(30)"), due("days(10) + letter.issued_on + days(20)"), "equal"),
    (due("letter.issued_on + days(30)"), due("letter.issued_on + months(1)"), "different"),
    (due("letter.issued_on + months(12)"), due("letter.issued_on + days(364)"), "stricter"),
    (due("letter.issued_on + months(12)"), due("letter.issued_on + days(366)"), "laxer"),
    (due("letter.issued_on + months(1) + months(1)"), due("letter.issued_on + months(2)"), "laxer"),
    (due("letter.issued_on"), due("letter.issued_on", "!(!has(letter.issued_on))"), "equal"),
    (rule("x", ask("has(letter.phone) && has(letter.serial)"), ISSUED),
     rule("x", ask("has(letter.phone)"), ISSUED), "laxer"),
    (rule("x", ask("has(letter.phone)"), ISSUED), rule("x", ask("has(letter.phone)")), "stricter"),
    (rule("x", ask("letter.form == 'two_part'"), ISSUED),
     rule("x", ask("letter.form != 'three_part'"), ISSUED), "equal"),
    (rule("x", ask("letter.form == 'two_part'"), ISSUED),
     rule("x", ask("has(letter.form) && letter.form == 'two_part'"), ISSUED), "stricter"),
    (rule("x", ask("letter.valid_days > 1"), ISSUED),
     rule("x", ask("letter.valid_days >= 2"), ISSUED), "equal"),
    (rule("x", ask("letter.phone.matches('^1[0-9]{2}$')"), ISSUED),
     rule("x", ask("letter.phone.matches('^1[0-9][0-9]$')"), ISSUED), "equal"),
    (rule("x", ask("letter.phone.matches('^1[0-9]{2}$')"), ISSUED),
     rule("x", ask("letter.phone.matches('^1[0-9]{2,3}$')"), ISSUED), "laxer"),
    (rule("x", ask("size(letter.phone) <= 3"), ISSUED),
     rule("x", ask("size(letter.phone) < 3"), ISSUED), "stricter"),
    (rule("x", UNIQUE, ISSUED), rule("x", UNIQUE, f"{ISSUED} || has(letter.phone)"), "stricter"),
    (rule("x", UNIQUE, ISSUED), rule("x", {"unique": {"field": "letter.serial"}}, ISSUED),
     "stricter"),
    (rule("x", {"unique": {"field": "letter.serial"}}, ISSUED), rule("x", UNIQUE, ISSUED),
     "laxer"),
    (rule("x", UNIQUE, ISSUED), rule("x", UNIQUE, f"!(!{ISSUED})"), "equal"),
])
def test_verdicts(tmp_path: Path, old: dict[str, Any], new: dict[str, Any], verdict: str) -> None:
    assert compared(tmp_path, old, new).verdict == verdict


def test_the_witness_is_the_smallest_record_and_was_judged(tmp_path: Path) -> None:
    found = compared(tmp_path, due("letter.issued_on + days(30)"),
                     due("letter.issued_on + days(29)"))
    assert found.witness == {"letter.issued_on": date(2007, 12, 2)}
    assert found.as_of == date(2008, 1, 1)


def test_a_rule_that_comes_or_goes(tmp_path: Path) -> None:
    only = policy(tmp_path, [due("letter.issued_on + days(30)")]).rules[0]
    assert compare_rules(None, only, {}, {}).verdict == "stricter"
    assert compare_rules(only, None, {}, {}).verdict == "laxer"
    assert compare_rules(None, None, {}, {}).verdict == "equal"


def test_parameters_count(tmp_path: Path) -> None:
    pack = policy(tmp_path, [due("letter.issued_on + days(params.term)")], parameters={
        "term": {"unit": "days", "value": 90, "source": {"zh": "a", "en": "a"},
                 "note": {"zh": "a", "en": "a"}}})
    only = pack.rules[0]
    assert compare_rules(only, only, {"term": 90}, {"term": 60}).verdict == "stricter"
    assert same_outcomes(only, only, {"term": 90}, {"term": 91}) is False
    assert same_outcomes(only, only, {"term": 90}, {"term": 90}) is True


@cache
def pack() -> tuple[tuple[TypedRule, ...], Parameters]:
    loaded = load_policy("fujian-2007-80")
    return (tuple(r for r in loaded.rules if r.shape != "reconcile"), Parameters.of(loaded))


def cell(field: Field, random: Random, today: int) -> Any:
    match field.type:
        case "bool":
            return random.random() < 0.5
        case "enum":
            return random.choice(list(field.values))
        case "int":
            return random.choice([0, 30, 60, 2007])
        case "date":
            away = random.choice([0, 1, 30, 31, 90, 120, 365, 366, 400, 548, 731])
            return min(max(today - away, RECORD_DAYS[0]), RECORD_DAYS[1])
        case _:
            return random.choice(["甲", "乙", "13800000000", "0595-2278"])


def pinned(record: Mapping[str, Any], names: frozenset[str], today: int) -> Formula:
    """The record is just this one, on just this day."""
    table = fields()
    parts = [z3.Int(AS_OF.name) == today]
    uses = Uses(fields={name: table[name] for name in names})
    for name in sorted(names):
        there = record.get(name)
        parts.append(present(name) == (there is not None))
        if isinstance(there, str):
            uses.literals.add(there)
            there = LITERALS.number(there)
        if there is not None:
            parts.append(value(table[name]) == there)
    return every(Formula(p, uses) for p in parts)


@pytest.mark.parametrize("seed", few(range(4), 0))
def test_the_solver_judges_as_the_reference_does(seed: int) -> None:
    random = Random(seed)
    rules, params = pack()
    for each in rules:
        symbolic = SymbolicRule(each, params, fields())
        for _ in range(3):
            today = to_day(date(2008, 1, random.randint(1, 31)))
            record = {n: cell(fields()[n], random, today) for n in sorted(each.fields)
                      if random.random() < 0.75}
            found = judged(each, EvaluationContext(VOCABULARY, (record,), today, params.on(today)))
            fixed = pinned(record, each.fields, today)
            for outcome in Outcome:
                if outcome is not Outcome.WAIVED:
                    answer = Query([fixed, symbolic.outcome(outcome)], 5000).check()
                    one_copy = each.shape != "unique" or outcome is not Outcome.VIOLATION
                    if outcome is found.outcome:
                        assert answer is Answer.YES, (each.id, record, outcome)
                    elif one_copy and each.shape != "unique":
                        assert answer is Answer.NO, (each.id, record, outcome)


def test_changed_rules_of_the_pack_are_told_apart() -> None:
    rules, params = pack()
    for each in rules:
        assert same_outcomes(each, each, params, params) is True
        if each.when is not None:
            assert same_outcomes(each, replace(each, when=None), params, params) is False
    assert DAYS[0] < to_day(date(2007, 1, 1)) < DAYS[1]
