"""What a reader should know of a ledger that is no finding. In: a plan, fields. Out: notices."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from zhuanjie.engine.auditing.wording.template import field_label
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.messages import Lang, say
from zhuanjie.engine.expr.nodes import field_names
from zhuanjie.engine.lowering.plan import Plan

NAMED = 8
"""Of how many columns that are not there a notice gives the names."""


def no_columns(plan: Plan, have: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The fields that rules or the scope read and a ledger has no column for, with the clauses."""
    rules = plan.policy.rules
    return {name: tuple(dict.fromkeys(r.clause for r in rules if name in r.fields))
            for name in plan.fields.sort(plan.policy.fields.difference(have))}


def said_of(columns: Mapping[str, Sequence[str]], plan: Plan, lang: Lang,
            asked: Collection[str] | None = None) -> list[Diagnostic]:
    """A notice about columns that are not there; only what the clauses `asked` about read.

    What the scope reads decides whether a record is judged at all, and is told with every clause.
    """
    lacking = {name: read for name, read in columns.items()
               if asked is None or not read or not set(asked).isdisjoint(read)}
    if not lacking:
        return []
    clauses = [c for c in plan.policy.clauses if any(c in read for read in lacking.values())
               and (asked is None or c in asked)]
    judged = [" ".join(clauses)] if clauses else []
    if not field_names(plan.policy.scope).isdisjoint(lacking):
        judged.append(say("audit.no-column.scope", lang))
    named = (field_label(name, lang, plan.fields) for name in list(lacking)[:NAMED])
    comma = say("list.comma", lang)
    args = {"fields": comma.join(named), "clauses": comma.join(judged),
            "more": len(lacking) - NAMED}
    if len(lacking) <= NAMED:
        return [Diagnostic("audit.no-column", args)]
    return [Diagnostic("audit.no-column-many", args, hint="audit.hint.no-column")]
