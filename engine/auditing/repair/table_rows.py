"""Under which row a value is allowed. In: a table rule, a record. Out: what each row lacks."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, product
from typing import Any

from msgspec import Struct

from zhuanjie.engine.auditing.repair.values import CandidateValues, CellChange
from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.reference.backend import ENGINE as REFERENCE
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.expr.nodes import Expr, FieldRef, field_names
from zhuanjie.engine.lowering.plan import Plan

_MOST = 2_000  # records tried for one row


class TableRow(Struct, frozen=True):
    """A row of a decision table for one record.

    `holds` is None where it is unknown; `differs` is what would have to be otherwise for the row to
    hold (None where nothing that was tried makes it hold). `allows` are the values the row opens,
    `value` is the record's own value of the field `subject`.
    """

    rule: str
    clause: str
    title: str
    holds: bool | None
    differs: tuple[CellChange, ...] | None
    allows: tuple[str, ...]
    subject: str
    value: str | None


def rows_of(plan: Plan, index: int, record: Mapping[str, Any], values: CandidateValues,
            lang: Lang) -> list[TableRow]:
    """Each row of a table rule, whether it holds, and the least that would make it hold."""
    rule = plan.rules[index]
    assert isinstance(rule.subject, FieldRef)
    subject = rule.subject.name
    return [TableRow(
        rule=rule.id, clause=row.clause, title=getattr(row.title, lang),
        holds=_truth(plan, rule.holds(row), record),
        differs=_least(plan, rule.holds(row), record, values),
        allows=row.allow, subject=subject, value=record.get(subject),
    ) for row in rule.rows]


def _truth(plan: Plan, when: Expr | None, record: Mapping[str, Any]) -> bool | None:
    if when is None:
        return True
    value = REFERENCE.evaluate(when, record, plan.as_of, plan.params)
    return None if value is UNKNOWN else bool(value)


def _least(plan: Plan, when: Expr | None, record: Mapping[str, Any],
           values: CandidateValues) -> tuple[CellChange, ...] | None:
    names = plan.fields.sort(field_names(when))
    choices = {n: values.of(n, record, frozenset()) for n in names}
    tried = 0
    for size in range(len(names) + 1):
        for chosen in combinations(names, size):
            for row in product(*(choices[n] for n in chosen)):
                trial = {**record, **{n: v for n, (v, _) in zip(chosen, row, strict=True)}}
                if _truth(plan, when, trial):
                    return tuple(CellChange(n, record.get(n), v, plan.fields[n].changes, is_open)
                                 for n, (v, is_open) in zip(chosen, row, strict=True))
                tried += 1
                if tried >= _MOST:
                    return None
    return None
