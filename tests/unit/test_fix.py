"""Fixes mend, are the smallest, date nothing back, and hold on engines that did not find them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.party_transfer import fields, record_reader

from zhuanjie.engine.api import fixes, load_policy
from zhuanjie.engine.auditing.explain import rules_of
from zhuanjie.engine.auditing.repair.record_fix import Fix, RecordFix, fix_record
from zhuanjie.engine.auditing.repair.values import CandidateValues
from zhuanjie.engine.backends.base import Backend
from zhuanjie.engine.backends.python.backend import ENGINE as FAST
from zhuanjie.engine.backends.registry import backend
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.lowering.plan import Plan, make_plan
from zhuanjie.synthetic import DEFAULT_DAY, generate

DAY = date(2007, 12, 31)
SOUND: dict[str, Any] = {
    "member.id": "06001", "member.name": "张三", "member.sex": "male", "member.category": "full",
    "member.left_on": date(2007, 6, 30), "education.briefed_on": date(2007, 6, 1),
    "education.notice_on": date(2007, 6, 2), "education.notice_form": "written",
    "employment.employed": True, "employment.employer_has_party_org": True,
    "destination.kind": "employer_org", "letter.form": "three_part", "letter.stub_serial": "A1",
    "letter.serial": "A1", "letter.receipt_serial": "A1", "letter.issuer": "某校",
    "letter.issued_on": date(2007, 6, 30), "letter.name": "张三", "letter.sex": "male",
    "letter.category": "full", "letter.phone": "13800000000", "letter.origin_address": "某路1号",
    "receipt.tracker": "李四", "receipt.returned_on": date(2007, 8, 1),
}
WRONG = {Outcome.VIOLATION, Outcome.UNDETERMINED}


@cache
def plan() -> Plan:
    return make_plan(load_policy("fujian-2007-80"), DAY)


def record(changed: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in {**SOUND, **changed}.items() if v is not None}


def mended(changed: Mapping[str, Any], clause: str | None = None) -> RecordFix:
    return fix_record(plan(), record(changed), rules_of(plan(), clause)[0])


def as_sets(found: RecordFix) -> list[dict[str, Any]]:
    """The alternatives as field to value, `?` where the value is open."""
    return [{c.field: "?" if c.open else c.value for c in fix.changes}
            for fix in found.alternatives]


def wrong(values: Mapping[str, Any], engine: str, judged: Plan | None = None) -> set[str]:
    """The ids of the rules that are violated or undetermined, by an engine that takes frames."""
    used, by = judged or plan(), backend(engine)
    schema = {f.name: {"bool": pl.Boolean, "int": pl.Int64, "date": pl.Date}.get(f.type, pl.String)
              for f in fields()}
    counts = {k: pl.Int64 for r in used.unique for k in (f"{r.id}#sure", f"{r.id}#all")}
    row = {k: values.get(k, 1 if k in counts else None) for k in (*schema, *counts)}
    frame = pl.DataFrame([row], schema={**schema, **counts})
    return {used.rules[v.rule].id for v in _judge(by, used, frame) if v.outcome in WRONG}


def _judge(by: Backend, judged: Plan, frame: pl.DataFrame) -> list[Any]:
    return by.judge(judged, frame)


def after(values: Mapping[str, Any], fix: Fix) -> dict[str, Any]:
    return {**values, **{c.field: c.value for c in fix.changes}}


SPOILT: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    ({}, []),
    ({"letter.name": "张山"}, [{"letter.name": "张三"}]),
    ({"letter.receipt_serial": "A2"}, [{"letter.receipt_serial": "A1"}]),
    ({"letter.phone": "12"}, [{"letter.phone": "?"}]),
    ({"letter.phone": "12", "member.phone": "13911111111"},
     [{"letter.phone": "13911111111"}, {"letter.phone": "?"}]),
    ({"education.notice_form": "oral"}, [{"education.notice_form": "written"}]),
    ({"receipt.tracker": None, "letter.sex": "female"},
     [{"letter.sex": "male", "receipt.tracker": "?"}]),
    ({"destination.kind": "parents_township"}, [{"destination.kind": "employer_org"}]),
    ({"destination.kind": "employer_org", "employment.employer_has_party_org": False},
     [{"destination.kind": "workplace_township"}, {"destination.kind": "residence_township"}]),
    ({"employment.employer_has_party_org": None}, [{"employment.employer_has_party_org": True}]),
    ({"letter.form": None, "letter.stub_serial": None, "letter.serial": None,
      "letter.receipt_serial": None},
     [{"letter.stub_serial": "?", "letter.serial": "?", "letter.receipt_serial": "?"}]),
]


@pytest.mark.parametrize(("changed", "expected"), SPOILT)
def test_known_fixes(changed: dict[str, Any], expected: list[dict[str, Any]]) -> None:
    found = mended(changed)
    assert as_sets(found) == expected
    assert found.beyond == ()


@pytest.mark.parametrize("changed", [c for c, _ in SPOILT])
@pytest.mark.parametrize("engine", ["reference", "polars"])
def test_every_fix_holds_elsewhere(changed: dict[str, Any], engine: str) -> None:
    for fix in mended(changed).alternatives:
        assert wrong(after(record(changed), fix), engine) == set()


RETAINED = {
    "destination.kind": "retained", "employment.employed": False,
    "employment.employer_has_party_org": None, "letter.issued_on": None,
    "retention.branch_assigned_on": None, "retention.attends": True,
}


def test_keeping_what_is_on_record_is_an_alternative() -> None:
    found = as_sets(mended({**RETAINED, "retention.reason": "升学"}))
    assert found[:2] == [{"destination.kind": "residence_township"},
                         {"destination.kind": "parents_township"}]
    assert found[2] == {
        "retention.applied_on": DAY, "retention.application_form": "written",
        "retention.applied_by": "self", "retention.decision": "approved",
        "retention.approved_by": "university_org_dept", "retention.approved_on": DAY,
    }
    pending = mended({**RETAINED, "retention.reason": "升学"}).alternatives[2].pending
    assert [f.rule for f in pending] == ["retained-branch-assigned"]


@pytest.mark.parametrize(("changed", "reasons"), [
    ({"education.briefed_on": date(2007, 7, 2)}, {"1.1a": "late"}),
    ({"education.briefed_on": None}, {"1.1a": "overdue"}),
    ({"receipt.returned_on": None}, {"1.6b": "overdue", "1.6c": "overdue"}),
    ({"arrival.presented_on": date(2007, 12, 1)}, {"1.6d": "record"}),
    ({"probation.decided_on": date(2007, 3, 1), "probation.decision": "full",
      "member.admitted_on": date(2007, 1, 1)}, {"2.4c": "record"}),
])
def test_what_is_late_is_said_to_be_late(changed: dict[str, Any], reasons: dict[str, str]) -> None:
    found = mended(changed)
    assert {b.finding.clause: b.reason for b in found.beyond} == reasons
    assert found.alternatives == ()


def test_what_is_beyond_mending_does_not_hinder_the_rest() -> None:
    found = mended({"education.briefed_on": None, "letter.name": "张山"})
    assert as_sets(found) == [{"letter.name": "张三"}]
    assert [f.clause for f in found.alternatives[0].remaining] == ["1.1a"]
    assert mended({"education.briefed_on": None, "letter.name": "张山"}, "1.3").beyond == ()


def test_a_clause_is_mended_alone_and_breaks_no_other() -> None:
    changed = {"letter.name": "张山", "destination.kind": "parents_township"}
    found = mended(changed, "1.2")
    assert as_sets(found) == [{"destination.kind": "employer_org"}]
    before = wrong(record(changed), "reference")
    assert wrong(after(record(changed), found.alternatives[0]), "reference") <= before


def _brute(changed: Mapping[str, Any], most: int) -> int | None:
    """The least number of fields that mends a record, with any act or entry, by trying them all."""
    values, start = CandidateValues(plan()), record(changed)
    free = [f.name for f in fields() if f.changes != "fact" and f.name in plan().policy.fields
            and not (f.type == "date" and f.name in start)]
    for size in range(1, most + 1):
        for names in combinations(free, size):
            options = [[v for v, _ in values.of(n, start, frozenset())] for n in names]
            for chosen in product(*options):
                trial = {**start, **dict(zip(names, chosen, strict=True))}
                if not any(v.outcome in WRONG
                           for v in FAST.judge_record(plan(), trial)):
                    return size
    return None


@pytest.mark.parametrize("changed", [
    {"letter.name": "张山"}, {"letter.phone": "12"}, {"destination.kind": "parents_township"},
    {"receipt.tracker": None, "letter.sex": "female"}, {"letter.stub_serial": "B"},
    {"education.notice_form": None, "letter.origin_address": None},
    {"destination.kind": None}, {**RETAINED, "retention.reason": "升学"},
])
def test_no_smaller_set_does(changed: dict[str, Any]) -> None:
    assert len(mended(changed).alternatives[0].changes) == _brute(changed, 2)


def test_acts_come_before_facts() -> None:
    found = mended({**RETAINED, "retention.reason": "升学", "retention.attends": None,
                    "retention.applied_on": date(2007, 5, 1), "retention.approved_on": DAY,
                    "retention.application_form": "written", "retention.applied_by": "self",
                    "retention.decision": "approved", "member.left_on": date(2007, 12, 20),
                    "education.briefed_on": date(2007, 12, 1), "destination.kind": None,
                    "employment.employed": None})
    kinds = [[c.kind for c in fix.changes].count("fact") for fix in found.alternatives]
    assert kinds == sorted(kinds)


def test_a_table_says_under_which_row_a_destination_would_be() -> None:
    rows = {r.clause: r for r in mended({"destination.kind": "parents_township"}, "1.2").rows
            if r.rule == "destination-allowed"}
    assert {c: r.holds for c, r in rows.items()} == {
        "1.2a": True, "1.2b": False, "1.2c": False, "1.2r": True}
    opening = [r for r in rows.values() if r.value in r.allows]
    assert [r.clause for r in opening] == ["1.2c"]
    assert opening[0].differs is not None
    assert [(c.field, c.was, c.value) for c in opening[0].differs] == [
        ("employment.employed", True, False)]


@cache
def _spoilt_ledger(folder: Path) -> tuple[Path, list[str]]:
    ledger, planted = folder / "ledger.csv", folder / "planted.csv"
    generate(output=ledger, records=200, seed=11, as_of=DEFAULT_DAY, planted=planted)
    with planted.open(encoding="utf-8") as file:
        names = {r["record"]: None for r in csv.DictReader(file) if r["outcome"] != "pending"}
    return ledger, list(names)


@pytest.mark.slow
def test_a_generated_ledger(tmp_path: Path) -> None:
    ledger, names = _spoilt_ledger(tmp_path)
    policy = load_policy("fujian-2007-80")
    read = record_reader()
    with ledger.open(encoding="utf-8", newline="") as file:
        rows = {r["学号"]: read({k: v for k, v in r.items() if v})[0] for r in csv.DictReader(file)}
    judged = make_plan(policy, DEFAULT_DAY)
    shown = 0
    for name in names:
        (found,) = fixes(ledger, name, None, policy, as_of=DEFAULT_DAY)
        lost = {b.finding.rule for b in found.beyond}
        for fix in found.alternatives:
            shown += 1
            mended_record = after(rows[name], fix)
            for engine in ("reference", "polars"):
                assert wrong(mended_record, engine, judged) <= lost
            for change in fix.changes:
                if change.kind != "fact" and isinstance(change.value, date):
                    assert change.value == DEFAULT_DAY
                assert change.kind != "fact" or change.was is None
    assert shown > len(names) // 2


def test_a_serial_number_is_not_one_the_ledger_has() -> None:
    ledger: list[dict[str, Any]] = [record({"member.id": f"0{n}"}) for n in (1, 2)]
    taken = record({"member.id": "03", "letter.stub_serial": "B", "letter.serial": "B",
                    "letter.receipt_serial": "B"})
    (found,) = fixes([*ledger, taken], "01", None, load_policy("fujian-2007-80"), as_of=DAY)
    (fix,) = found.alternatives
    assert {c.field for c in fix.changes} == {
        "letter.serial", "letter.stub_serial", "letter.receipt_serial"}
    assert not {c.value for c in fix.changes} & {"A1", "B"}
    assert all(c.open for c in fix.changes)


def test_the_same_record_gives_the_same_fixes() -> None:
    changed = {"destination.kind": None, "employment.employed": None, "letter.name": None}
    assert mended(changed) == mended(changed)
    assert DAY - timedelta(days=1) not in {
        c.value for fix in mended(changed).alternatives for c in fix.changes}
