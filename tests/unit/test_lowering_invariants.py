"""What every engine takes for granted of lowered rules, run over the plans of all shipped packs."""

from __future__ import annotations

from datetime import date

import pytest
from support.records_over_time import record
from support.values import replace

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.backends.record_terms import alone, compiled
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.conditions import (
    FALSE,
    TRUE,
    AllOf,
    ColumnRef,
    Compare,
    Cond,
    Filled,
    Value,
)
from zhuanjie.engine.lowering.invariants import faults, outcome_faults
from zhuanjie.engine.lowering.plan import Plan, make_plan
from zhuanjie.engine.lowering.printer import rule_lines, to_text
from zhuanjie.engine.lowering.walk import columns_of, leaves, walk
from zhuanjie.engine.policy.locate import manifests

PACKS = (None, *sorted(manifest.id for manifest, _ in manifests()))
DAYS = (date(2007, 12, 31), date(2021, 6, 30))


def plan(pack: str | None, day: date) -> Plan:
    return make_plan(load_policy(pack, as_of=day), day)


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("pack", PACKS)
def test_the_trees_are_as_engines_expect_them(pack: str | None, day: date) -> None:
    assert list(faults(plan(pack, day))) == []


@pytest.mark.parametrize("pack", PACKS)
def test_exactly_one_outcome_holds(pack: str | None) -> None:
    day = DAYS[-1]
    judged = plan(pack, day)
    counts = alone(judged.unique)
    asks: dict[Cond, int] = {}
    for rule in judged.lowered:
        for cond in (*(getattr(rule, n) for n in ("not_applicable", "satisfied", "violation",
                                                  "pending", "undetermined", "settled")),
                     *(c for _, c in rule.clause)):
            asks.setdefault(cond, len(asks))
    ask = compiled(list(asks), counts)
    for seed in range(200):
        answers = ask(record(seed))
        for rule in judged.lowered:
            assert list(outcome_faults(rule, lambda c, a=answers: bool(a[asks[c]]))) == []


def test_a_fault_is_found() -> None:
    judged = plan("fujian-2007-80", DAYS[0])
    first, *rest = judged.lowered
    unknown, twice = Filled("no.such"), AllOf((first.violation, first.violation))
    for wrong, said in ((unknown, "no such column"), (twice, "says a thing twice"),
                        (Compare("<", Value(None, Kind.INT), ColumnRef("x", Kind.INT)),
                         "never known"), (AllOf((TRUE, unknown)), "was not folded")):
        broken = replace(judged, lowered=(replace(first, violation=wrong), *rest))
        assert any(said in fault for fault in faults(broken))
    for changes, said in (({"not_applicable": TRUE, "satisfied": TRUE}, "2 outcomes hold"),
                          ({}, "0 outcomes hold"),
                          ({"not_applicable": TRUE, "settled": FALSE}, "settled")):
        wrongly = list(outcome_faults(replace(first, **changes), lambda cond: cond == TRUE))
        assert len(wrongly) == 1 and said in wrongly[0]


def test_the_walk_meets_every_column_and_leaf() -> None:
    judged = plan("fujian-2007-80", DAYS[0])
    for typed, rule in zip(judged.rules, judged.lowered, strict=True):
        read = {name for name in columns_of([rule.violation]) if "#" not in name}
        assert read <= typed.fields
        assert set(leaves(rule.violation)) <= set(walk(rule.violation))
    assert set(columns_of([judged.lowered[0].violation, Filled("a.b")])) >= {"a.b"}


def test_trees_that_differ_read_differently() -> None:
    judged = plan("fujian-2007-80", DAYS[0])
    conds = {getattr(rule, n) for rule in judged.lowered for n in ("violation", "satisfied")}
    assert len({to_text(cond) for cond in conds}) == len(conds) > 20
    lines = list(rule_lines(judged.lowered[0]))
    assert lines[0] == f"{judged.lowered[0].id}:" and len(lines) > 6
    assert to_text(Compare("<=", ColumnRef("a.b", Kind.DATE), Value(0, Kind.DATE))) == (
        "(a.b <= 1970-01-01)")
