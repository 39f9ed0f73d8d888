"""What a reader should know of a ledger that is no finding. In: a plan, fields. Out: notices."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from zhuanjie.engine.auditing.strategies.base import LedgerFacts
from zhuanjie.engine.auditing.wording.template import field_label
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.messages import Lang, say
from zhuanjie.engine.core.results import InputFinding, Severity
from zhuanjie.engine.expr.nodes import field_names
from zhuanjie.engine.lowering.plan import Plan

NAMED = 8
"""Of how many columns that are not there, and clauses that read them, a notice gives the names."""


def no_columns(plan: Plan, have: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The fields that rules or the scope read and a ledger has no column for, with the clauses.

    Of an act that is about to happen the day is known, whatever columns there are.
    """
    rules = plan.policy.rules
    return {name: tuple(dict.fromkeys(r.clause for r in rules if name in r.fields))
            for name in plan.fields.sort(plan.policy.fields.difference(have, plan.assumed))}


def lacking_columns(plan: Plan, ledger: LedgerFacts, lang: Lang) -> list[InputFinding]:
    """One finding on a ledger, some table of which lacks a column that the policy requires."""
    if ledger.kept is None:
        return []
    lacking = [n for n in plan.policy.required_columns if n not in ledger.kept]
    if not lacking:
        return []
    named = say("list.comma", lang).join(field_label(n, lang, plan.fields) for n in lacking)
    return [InputFinding("audit.required-columns", file=ledger.files[0], args={"columns": named},
                         severity=Severity.ERROR)]


def same_keys(ledger: LedgerFacts) -> list[Diagnostic]:
    """A notice about ids that stand in several tables with different columns."""
    if not ledger.same_keys:
        return []
    return [Diagnostic("audit.same-keys", {"count": ledger.same_keys},
                       hint="audit.hint.same-keys")]


def said_of(columns: Mapping[str, Sequence[str]], plan: Plan, lang: Lang,
            asked: Collection[str] | None = None, *, blank: bool = False) -> list[Diagnostic]:
    """A notice about columns that are not there; only what the clauses `asked` about read.

    `blank` says that they were taken for blank ones.

    What the scope reads decides whether a record is judged at all, and is told with every clause.
    """
    lacking = {name: read for name, read in columns.items()
               if asked is None or not read or not set(asked).isdisjoint(read)}
    if not lacking:
        return []
    clauses = [c for c in plan.policy.clauses if any(c in read for read in lacking.values())
               and (asked is None or c in asked)]
    named_clauses = " ".join(clauses[:NAMED])
    if len(clauses) > NAMED:
        named_clauses = say("audit.no-column.clauses", lang, clauses=named_clauses,
                            more=len(clauses) - NAMED)
    judged = [named_clauses] if clauses else []
    if not field_names(plan.policy.scope).isdisjoint(lacking):
        judged.append(say("audit.no-column.scope", lang))
    named = (field_label(name, lang, plan.fields) for name in list(lacking)[:NAMED])
    comma = say("list.comma", lang)
    args = {"fields": comma.join(named), "clauses": comma.join(judged),
            "more": len(lacking) - NAMED}
    code = "audit.no-column" if len(lacking) <= NAMED else "audit.no-column-many"
    return [Diagnostic(f"{code}.blank" if blank else code, args,
                       hint="audit.hint.no-column" if len(lacking) > NAMED else None)]
