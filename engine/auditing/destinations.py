"""What a decision table allows. In: a record and a policy. Out: for each value, whether and why.

Each value is tried in the record's place; the table decides it, and the other rules that speak of
the table's subject say what goes with it. For a transfer the values are its destinations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from zhuanjie.engine.auditing.record_waivers import RecordWaivers
from zhuanjie.engine.auditing.wording.renderer import FindingRenderer, field_label
from zhuanjie.engine.backends.base import RecordBackend
from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.messages import Lang, say
from zhuanjie.engine.core.results import WRONG_OUTCOMES, Finding, Outcome
from zhuanjie.engine.expr.nodes import FieldRef, field_names
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.policy.typed_table import TypedRow


class DestinationAnswer(Struct, frozen=True):
    """Whether one value of the table's subject is open to a record, and by which pack.

    `subject` is the field that the table decides, `kind` the value. `outcome` is satisfied
    (allowed), violation (not allowed) or undetermined; `clauses` the rows that allow it, could
    allow it, or (refused) the clause that decides; `conditions` what else the policy asks of this
    value and does not find in order.
    """

    kind: str
    outcome: Outcome
    clauses: tuple[str, ...]
    missing: tuple[str, ...]
    message: str
    conditions: tuple[Finding, ...]
    pack: str = ""
    subject: str = ""


def destinations(record: Mapping[str, Any], plan: Plan, backend: RecordBackend,
                 lang: Lang) -> list[DestinationAnswer]:
    """Every value of the subject of the policy's table, in the order of the field's list.

    Of a text, which has no list of values, those that a row allows.

    Raises UsageError where the policy has no decision table.
    """
    index, rule = _table(plan, record)
    assert isinstance(rule.subject, FieldRef)
    subject = rule.subject.name
    kinds = list(plan.fields[subject].values
                 or dict.fromkeys(value for row in rule.rows for value in row.allow))
    words = FindingRenderer(plan, lang)
    bound = {i for i, r in enumerate(plan.rules)
             if r is not rule and subject in field_names(r.when) and plan.applies_to(i, record)}
    out = []
    waivers, said = RecordWaivers(plan), plan.waivers.said
    for kind in kinds:
        tried = {**record, subject: kind}
        verdicts = {v.rule: waivers.marked(v, tried)
                    for v in backend.judge_record(plan, tried, True)}
        verdict = verdicts[index]
        opening = tuple(dict.fromkeys(
            r.clause for r in _deciding(rule, plan, backend, tried) if kind in r.allow))
        conditions = tuple(
            words.finding(v, tried, Location(), None if v.waiver is None else said[v.waiver])
            for v in (verdicts[i] for i in sorted(bound))
            if v.outcome in WRONG_OUTCOMES or v.waiver is not None)
        out.append(DestinationAnswer(
            kind=kind, outcome=verdict.outcome, missing=verdict.missing,
            clauses=opening or (verdict.clause or rule.clause,),
            message=_message(verdict.outcome, verdict.missing, plan, lang), conditions=conditions,
            pack=rule.edition.pack if rule.edition else "", subject=subject))
    return out


def _deciding(rule: TypedRule, plan: Plan, backend: RecordBackend,
              record: Mapping[str, Any]) -> Iterator[TypedRow]:
    """The rows of a table that may decide on a record."""
    for row in rule.rows:
        when = rule.holds(row)
        held = when is None or backend.evaluate(when, record, plan.as_of, plan.params)
        if held is not False:
            yield row
        if held is True and rule.hit == "first":
            return


def _message(outcome: Outcome, missing: tuple[str, ...], plan: Plan, lang: Lang) -> str:
    if outcome is Outcome.SATISFIED:
        return say("finding.destination-allowed", lang)
    if outcome is Outcome.VIOLATION:
        return say("finding.destination-refused", lang)
    if outcome is Outcome.WAIVED:
        return say("finding.destination-waived", lang)
    named = say("list.comma", lang).join(field_label(n, lang, plan.fields) for n in missing)
    return say("finding.destination-unknown", lang, missing=named)


def _table(plan: Plan, record: Mapping[str, Any]) -> tuple[int, TypedRule]:
    """The table that judges the record."""
    for index, rule in enumerate(plan.rules):
        if rule.subject is not None and plan.applies_to(index, record):
            return index, rule
    raise fail(UsageError, "audit.no-table", id=plan.policy.id)
