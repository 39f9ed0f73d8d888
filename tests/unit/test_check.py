"""One record over a function call: the same as the audit says, on every engine that can."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from datetime import date

import pytest
from support.marks import slow

from zhuanjie.engine import audit, check, destinations, load_policy
from zhuanjie.engine.api import records
from zhuanjie.engine.api.policies import plan_for
from zhuanjie.engine.core.errors import UsageError
from zhuanjie.engine.ledger import record as record_module
from zhuanjie.engine.ledger import record_reader
from zhuanjie.engine.ledger.cells.parser import Value, read_cell
from zhuanjie.engine.vocabulary.fields import Field

AS_OF = date(2007, 12, 31)
POLICY = load_policy("fujian-2007-80")
ENGINES = ("reference", "python", "durable")
BAD = {"member.id": "1", "姓名": "甲", "letter": {"issued_on": "2007.6.30", "name": "乙"},
       "去向类型": "人才服务机构", "employment.employed": "是", "member.left_on": "2007-06-20",
       "education.notice_on": "2007-07-01"}


@pytest.mark.parametrize("backend", ENGINES)
def test_a_record_says_what_its_audit_says(backend: str) -> None:
    found = check(BAD, POLICY, as_of=AS_OF, backend=backend)
    expected = audit([BAD], POLICY, as_of=AS_OF).findings
    assert [(f.clause, f.outcome, f.message, f.remedy, f.due, f.days_late, f.missing, f.fields)
            for f in found] == [
        (f.clause, f.outcome, f.message, f.remedy, f.due, f.days_late, f.missing, f.fields)
        for f in expected]
    assert len(found) > 8


@pytest.mark.parametrize("backend", ENGINES)
def test_before_a_letter_only_what_a_letter_needs(backend: str) -> None:
    record = {"member.id": "1", "employment.employed": False, "destination.kind": "talent_service"}
    clauses = {f.clause for f in check(record, POLICY, as_of=AS_OF, backend=backend,
                                       before="issue")}
    assert clauses == {"1.2d", "1.3a", "1.3b", "1.3c", "1.3d", "1.6a"}  # and no receipt slip
    report = audit([record], POLICY, as_of=AS_OF, before="issue")
    assert {f.clause for f in report.findings} == clauses


def test_a_moment_that_there_is_not() -> None:
    with pytest.raises(UsageError):
        check({}, POLICY, as_of=AS_OF, before="isue")


def test_out_of_scope_has_no_findings() -> None:
    overlay = load_policy("quanzhou-normal-2007-23")
    assert check({**BAD, "member.cohort": 2007}, overlay, as_of=AS_OF)
    assert not check({**BAD, "member.cohort": 2005}, overlay, as_of=AS_OF)
    assert check(BAD, overlay, as_of=AS_OF)


@pytest.mark.parametrize("ask", [check, destinations])
def test_without_a_policy_the_packs_are_read_once(
    ask: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = records._standing, records._plan, records._single
    for cache in kept:
        cache.cache_clear()
    read: list[date] = []
    monkeypatch.setattr(records, "load_policy", lambda as_of: read.append(as_of) or load_policy(
        as_of=as_of))
    plans: list[date] = []
    monkeypatch.setattr(records, "plan_for", lambda policy, day, *more, **asked: plans.append(
        day) or plan_for(policy, day, *more, **asked))
    for i in range(3):
        assert ask({**BAD, "member.id": str(i)}, as_of=AS_OF)
    assert read == [AS_OF]
    assert plans == [AS_OF]
    for cache in kept:
        cache.cache_clear()  # they hold what was put in place here


@pytest.mark.parametrize(("backend", "times"), [
    ("python", 1_000), slow("python", 20_000), slow("durable", 2_000)])
def test_memory_is_flat(backend: str, times: int) -> None:
    for i in range(200):
        check({**BAD, "member.id": str(i)}, POLICY, as_of=AS_OF, backend=backend)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for i in range(times):
        check({**BAD, "member.id": str(i)}, POLICY, as_of=AS_OF, backend=backend)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 200_000, grown


@pytest.mark.parametrize("pack", [None, "fujian-2007-80"])
def test_a_record_is_read_once(pack: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four cells, one of which cannot be read, each is read once."""
    seen: list[str] = []

    def counted(field: Field, raw: object) -> Value | None:
        seen.append(field.name)
        return read_cell(field, raw)

    cells = {"member.id": "06001", "member.left_on": "2007-06-30", "member.phone": "138",
             "letter.issued_on": "2007-02-30"}
    policy = load_policy(pack, as_of=AS_OF)
    monkeypatch.setattr(record_module, "read_cell", counted)
    monkeypatch.setattr(record_reader, "read_cell", counted)
    report = records.check_one(cells, policy, as_of=AS_OF, backend="python")
    assert sorted(seen) == sorted(cells)
    assert [f.field for f in report.input] == ["letter.issued_on"] and report.findings
