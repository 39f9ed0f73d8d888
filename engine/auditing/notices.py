"""What a reader should know of a ledger that is no finding. In: a plan, fields. Out: notices."""

from __future__ import annotations

from zhuanjie.engine.auditing.template import field_label
from zhuanjie.engine.errors import Diagnostic
from zhuanjie.engine.lower.plan import Plan
from zhuanjie.engine.model.fields import fields
from zhuanjie.engine.text import Lang


def no_columns(plan: Plan, have: frozenset[str], lang: Lang) -> list[Diagnostic]:
    """The fields that rules read and the ledger has no column for, with the rules' clauses."""
    lacking = fields().sort(plan.policy.fields - have)
    if not lacking:
        return []
    named = ", ".join(f"{field_label(n, lang)} ({', '.join(_clauses(plan, n))})" for n in lacking)
    return [Diagnostic("audit.no-column", {"fields": named})]


def _clauses(plan: Plan, name: str) -> list[str]:
    return list(dict.fromkeys(r.clause for r in plan.policy.rules if name in r.fields))
