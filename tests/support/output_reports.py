"""Reports made by hand for the tests of the output formats. In: nothing. Out: findings, reports."""

from __future__ import annotations

from datetime import date
from typing import Any

from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.results import (
    Finding,
    InputFinding,
    LedgerRef,
    Outcome,
    PolicyRef,
    Report,
    Severity,
    Summary,
)


def finding(record: str | None = "06001", outcome: Outcome = Outcome.VIOLATION,
            clause: str = "1.6b", row: int | None = 2, **more: Any) -> Finding:
    more.setdefault("rule", f"rule-{clause.replace('.', '-')}")
    more.setdefault("severity", Severity.ERROR)
    more.setdefault("message", f"问题 {clause}")
    more.setdefault("location", Location("ledger.xlsx", "台账", row))
    return Finding(record=record, clause=clause, outcome=outcome, **more)


def undetermined(record: str, clause: str, *missing: str, row: int = 2) -> Finding:
    return finding(record, Outcome.UNDETERMINED, clause, row, missing=missing)


def report(*findings: Finding, unreadable: tuple[InputFinding, ...] = (),
           records: int = 10) -> Report:
    summary = Summary()
    for found in findings:
        summary.add(found.clause, found.outcome)
    return Report(
        policy=PolicyRef("pack-a", "1.0.0", "ab" * 32), as_of=date(2007, 12, 31),
        ledger=LedgerRef(records, 1, "cd" * 32), summary=summary, input=list(unreadable),
        findings=list(findings),
    )
