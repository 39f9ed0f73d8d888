"""Why an outcome came out. In: a ledger, a record's id or row. Out: each rule's steps and values.

The reference evaluator writes the explanations; what it says is what every engine is held to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from zhuanjie.engine.auditing.record_search import RecordName, RecordSearch, at_home
from zhuanjie.engine.auditing.record_waivers import RecordWaivers
from zhuanjie.engine.auditing.repair.record_fix import RecordFix, fix_record
from zhuanjie.engine.auditing.repair.search import unique_key
from zhuanjie.engine.auditing.run import AuditRun
from zhuanjie.engine.auditing.shares import is_of_group, judged_shares, merged
from zhuanjie.engine.auditing.stages.shares import verdicts_on
from zhuanjie.engine.auditing.wording.findings import findings_of
from zhuanjie.engine.auditing.wording.renderer import FindingRenderer
from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.reference.backend import as_days
from zhuanjie.engine.backends.reference.evaluator import Evaluator, Step
from zhuanjie.engine.backends.reference.rules import judge
from zhuanjie.engine.backends.registry import backend_of
from zhuanjie.engine.core.dates import Month, from_day
from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import Finding, Scalar, Verdict
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.expr.nodes import Expr
from zhuanjie.engine.expr.printer import as_written
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.plan import Plan, keyed_plan
from zhuanjie.engine.policy.policy import TypedRule

if TYPE_CHECKING:
    import polars as pl


class Trace(Struct, frozen=True):
    """A sub-expression as written, its value (None where unknown) and what it rests on.

    `decisive` marks the operands that settled the value of the expression above.
    """

    text: str
    value: bool | int | str | date | None
    decisive: bool
    expr: Expr
    children: tuple[Trace, ...] = ()


class TracePart(Struct, frozen=True):
    """One expression of a rule: its role (`when`, `ask`, `due`, `row 1.2a`, …) and its trace."""

    label: str
    trace: Trace


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one rule came out as it did for one record.

    `rule` is what judged; where several packs judge, `day` is the day by which it was chosen, and
    `dated_by` the field that day stands in (None for the as-of day). `values` are the record's,
    blanks left out; `absent` the fields that its table has no column for.
    """

    finding: Finding
    title: str
    parts: tuple[TracePart, ...]
    rule: TypedRule
    day: date | None = None
    dated_by: str | None = None
    values: Mapping[str, Scalar] = field(default_factory=dict, repr=False)
    absent: frozenset[str] = frozenset()
    doubted: frozenset[str] = frozenset()
    """Fields about which the tables that the record comes from contradict each other."""
    deciding: tuple[int, ...] = ()
    """The rows of a decision table that decide on the record, or may."""

    @property
    def not_judged(self) -> bool:
        """Whether only columns that the table does not have could decide it."""
        missing = self.finding.missing
        return bool(missing) and self.absent.issuperset(missing)


def rules_of(plan: Plan, clause: str | None) -> tuple[list[int], list[TypedRule]]:
    """The rules that stand for a clause, or for clauses it heads (`1.6`: `1.6a`…): the places of
    those that judge records, and those on shares.

    Raises UsageError, with the nearest clause, where there is none.
    """
    every = [*plan.rules, *plan.shares]
    chosen = [i for i, r in enumerate(every) if clause is None or clause in (*r.clauses, r.id)]
    chosen = chosen or [i for i, r in enumerate(every) if r.clause.startswith(str(clause))]
    if not chosen:
        known = list(plan.policy.clauses)
        close = suggest(str(clause), known)
        raise fail(UsageError, "audit.no-clause", hint="hint.near" if close else None,
                   clause=clause, near=close)
    own = len(plan.rules)
    return [i for i in chosen if i < own], [every[i] for i in chosen if i >= own]


def _asked(run: AuditRun, clause: str | None) -> tuple[list[int], list[TypedRule]]:
    """The rules that stand for a clause; the run then speaks of no others."""
    chosen, shares = rules_of(run.plan, clause)
    if clause is not None:
        run.clauses = frozenset(r.clause for r in (*(run.plan.rules[i] for i in chosen), *shares))
    return chosen, shares


def explain(run: AuditRun, record: str | RecordName, clause: str | None) -> list[Explanation]:
    """Explain every rule (or those of a clause) for the records of that id, or the one of that row.

    Afterwards the run's `head()` has the notices on the ledger and what could not be read in it.
    Raises UsageError where the ledger has no such record, or the policy no such clause.
    """
    chosen, shares = _asked(run, clause)
    counts: list[pl.DataFrame] | None = [] if shares else None
    return [explained for plan, found, location in records_of(run, record, counts=counts)
            for explained in (
                *(_explain(run, plan, i, found, location)
                  for i in _governing(plan, chosen, found)),
                *_explain_shares(run, plan, shares, found, location, counts or []))]


def explain_and_fix(run: AuditRun, record: str | RecordName,
                    clause: str | None) -> tuple[list[Explanation], list[RecordFix]]:
    """Explain as `explain` does, and say for each record what would make it compliant."""
    chosen, shares = _asked(run, clause)
    counts: list[pl.DataFrame] | None = [] if shares else None
    keys: dict[str, Counter[tuple[Any, Any]]] = {r.id: Counter() for r in run.plan.unique}
    found = records_of(run, record, keys, counts)
    return (
        [explained for plan, each, location in found for explained in (
            *(_explain(run, plan, i, each, location) for i in _governing(plan, chosen, each)),
            *_explain_shares(run, plan, shares, each, location, counts or []))],
        [fix_record(run.plan, each, _governing(run.plan, chosen, each), lang=run.lang,
                    location=location,
                    keys={r.id: keys[r.id] - Counter([unique_key(r, run.plan.fields, each)])
                          for r in run.plan.unique})
         for _, each, location in found],
    )


def _governing(plan: Plan, chosen: Sequence[int], record: Mapping[str, Any]) -> Sequence[int]:
    """Those of the rules that judge the record; all of them, to show why not, where none does."""
    return [i for i in chosen if plan.applies_to(i, record)] or chosen


def records_of(run: AuditRun, record: str | RecordName,
               keys: Mapping[str, Counter[tuple[Any, Any]]] | None = None,
               counts: list[pl.DataFrame] | None = None,
               ) -> list[tuple[Plan, dict[str, Any], Location]]:
    """The records of a ledger that `record` names, what judges them, and where they stand.

    `keys` takes in the keys of every rule that counts keys, `counts` what the shares come to, over
    the whole ledger. Raises UsageError where there is no such record, or where a row is one of
    several tables.
    """
    name = at_home(RecordName(record) if isinstance(record, str) else record, run.ledger)
    search = RecordSearch(run.plan, name)
    whole = keys is not None or counts is not None or name.row is not None
    for part in run.frames(None if whole else name.id):
        search.look_at(part)
        if counts is not None:
            counts.append(judged_shares(part.frame, part.plan, backend_of("reference")))
        for rule in run.plan.unique if keys is not None else ():
            assert keys is not None and rule.rule.shared is not None
            names = [n for n in (rule.rule.shared.field, rule.rule.shared.within) if n]
            keys[rule.id].update(
                unique_key(rule, run.plan.fields, row)
                for row in part.frame.select(names).iter_rows(named=True))
    return search.result()


def explain_record(plan: Plan, name: str, record: Mapping[str, Any], location: Location,
                   lang: Lang) -> list[Explanation]:
    """Explain the rules of an id or clause for a record by itself, as if no other were there."""
    words = FindingRenderer(plan, lang)
    chosen = [i for i, r in enumerate(plan.rules) if name in (r.id, r.rule.id)] \
        or rules_of(plan, name)[0]
    return [_explained(words, plan, i, dict(record), location)
            for i in _governing(plan, chosen, record)]


def _explain(run: AuditRun, plan: Plan, index: int, record: dict[str, Any],
             location: Location) -> Explanation:
    return _explained(run.words, plan, index, record, location, run.beyond)


def _explained(renderer: FindingRenderer, plan: Plan, index: int, record: dict[str, Any],
               location: Location, beyond: frozenset[str] = frozenset()) -> Explanation:
    rule = plan.rules[index]
    evaluator = Evaluator(as_days(record), plan.today, plan.params, plan.absent)
    judged = judge(rule, evaluator)
    verdict = Verdict(0, index, judged.outcome, judged.clause, judged.due, judged.late,
                      plan.fields.sort(judged.missing))
    there = {name for name, value in record.items() if value is not None}
    words = renderer.of(keyed_plan(plan, next((k for k in plan.keyed if k in there), plan.key)))
    verdict = RecordWaivers(plan).marked(verdict, record, beyond)
    waiver = None if verdict.waiver is None else plan.waivers.said[verdict.waiver]
    finding = words.finding(verdict, record, location, waiver)
    parts = tuple(TracePart(role, _trace(step)) for role, step in judged.steps.items())
    dated_by, day = rule.edition.deciding(record, plan.as_of) if rule.edition else (None, None)
    values = {name: value for name, value in record.items() if value is not None}
    return Explanation(finding, getattr(rule.title, renderer.lang), parts, rule, day, dated_by,
                       values, plan.not_kept, plan.doubted, judged.deciding)


def _explain_shares(run: AuditRun, plan: Plan, chosen: Sequence[TypedRule],
                    record: dict[str, Any], location: Location,
                    counts: Sequence[pl.DataFrame]) -> Iterator[Explanation]:
    """What the shares of the record's groups come to, and how the record counts in each."""
    wanted = {rule.id for rule in chosen}
    values = {name: value for name, value in record.items() if value is not None}
    found = list(findings_of(verdicts_on(merged(counts), run.plan, True), run.words)) \
        if chosen else []
    shown = run.words.shown(plan.key, record.get(plan.key))
    for rule in plan.shares:
        mine = next((f for f in found if f.key == rule.id and f.share
                     and is_of_group(record, f.share, plan.fields)), None)
        if mine is None or rule.id not in wanted or (
                rule.edition and not rule.edition.applies_to(record, plan.as_of)):
            continue
        evaluator = Evaluator(as_days(record), plan.today, plan.params, plan.absent)
        parts = tuple(TracePart(label, _trace(evaluator.trace(expr))) for label, expr in (
            ("when", rule.when), ("ask", rule.ask), ("at_least", rule.limit)) if expr is not None)
        dated_by, day = rule.edition.deciding(record, plan.as_of) if rule.edition else (None, None)
        yield Explanation(replace(mine, record=shown, location=location),
                          getattr(rule.title, run.lang), parts, rule, day, dated_by, values)


def _trace(step: Step) -> Trace:
    value = step.value
    if value is UNKNOWN:
        value = None
    elif step.expr.type.kind is Kind.DATE:
        value = from_day(value)
    elif step.expr.type.kind is Kind.MONTH:
        value = Month.of(from_day(value))
    children = tuple(_trace(p) for p in step.parts)
    return Trace(as_written(step.expr), value, step.decisive, step.expr, children)
