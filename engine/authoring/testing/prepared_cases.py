"""Cases made ready for one rule at a time. In: a policy, its cases. Out: outcomes of a rule.

Mutation and coverage ask the same cases thousands of questions about single rules, so they are
put to the reference evaluator directly, without a plan or a frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.authoring.testing.case_runner import (
    ActualOutcome,
    CaseInstance,
    check_tasks,
    judging_edition,
)
from zhuanjie.engine.authoring.testing.judged_shares import judged_share
from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.reference.backend import as_days
from zhuanjie.engine.backends.reference.evaluator import Evaluator
from zhuanjie.engine.backends.reference.rules import Judgement, judge
from zhuanjie.engine.core.dates import from_day, to_day
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.expr.nodes import Expr, FieldRef
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.record import read_record
from zhuanjie.engine.lowering.rules import UNIQUE_ALL, UNIQUE_SURE
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

Record = Mapping[str, Any]


class EvaluationContext(Struct, frozen=True):
    """What a rule is judged in: the record, the rest of its ledger, a roster, day and values.

    Dates are day numbers; blanks are left out. The record itself comes first in `ledger`. Rules
    that are not asked `before` the moment named do not apply.
    """

    vocabulary: Vocabulary
    ledger: tuple[Record, ...]
    today: int
    params: Mapping[str, int]
    roster: frozenset[str] | None = None
    before: str | None = None

    @property
    def record(self) -> Record:
        """The record that is judged."""
        return self.ledger[0]


class PreparedCase(Struct, frozen=True, eq=False):
    """A case and its setting."""

    task: CaseInstance
    setting: EvaluationContext


def scenes(policy: Policy, chosen: Sequence[CaseInstance]) -> list[PreparedCase]:
    """The settings of cases; raises PolicyError as running them would."""
    check_tasks(policy, chosen)
    mapping = HeadingMap(policy.vocabulary)
    out, values = [], {day: policy.values(day) for day in {task.day for task in chosen}}
    for task in chosen:
        ledger = tuple(
            as_days(read_record(r, mapping)[0]) for r in (task.record, *task.case.others)
        )
        numbers, before = task.case.numbers, task.case.before
        params = {**values[task.day], **numbers} if numbers else values[task.day]
        if before is not None:
            sets = policy.moments[before].sets
            ledger = ({sets: to_day(task.day), **ledger[0]}, *ledger[1:])
        roster = None if task.case.roster is None else frozenset(task.case.roster)
        out.append(PreparedCase(task, EvaluationContext(
            policy.vocabulary, ledger, to_day(task.day), params, roster, before)))
    return out


def judged(rule: TypedRule, setting: EvaluationContext, scope: Expr | None = None) -> Judgement:
    """How a rule comes out for a setting's record; beyond `scope` no rule applies."""
    if setting.before is not None and setting.before not in rule.rule.moments:
        return Judgement(Outcome.NOT_APPLICABLE)
    if rule.shape == "reconcile":
        return _reconcile(rule, setting)
    if rule.shape == "share":
        return judged_share(rule, setting.ledger, setting.today, setting.params,
                            setting.vocabulary.fields, scope)
    evaluator = Evaluator(setting.record, setting.today, setting.params)
    if scope is not None and evaluator.trace(scope).value is False:
        return Judgement(Outcome.NOT_APPLICABLE)
    if rule.counts_keys:
        counted = {**setting.record, **_shared(rule, setting, scope)}
        evaluator = Evaluator(counted, setting.today, setting.params)
    return judge(rule, evaluator)


def came(rule: TypedRule, setting: EvaluationContext, scope: Expr | None = None) -> ActualOutcome:
    """The same, as a case looks at it."""
    found = judged(rule, setting, scope)
    return ActualOutcome(found.outcome, found.clause or rule.clause,
                None if found.due is None else from_day(found.due), found.late,
                setting.vocabulary.fields.sort(found.missing))


def came_weighed(rule: TypedRule, setting: EvaluationContext, policy: Policy) -> ActualOutcome:
    """The same of a rule of a policy, with what holds of it whatever the record."""
    return came(rule, setting, policy.scope).weighed(rule, policy)


def came_by_date(rule: str, scene: PreparedCase, judges: Policy) -> ActualOutcome | None:
    """What a rule came to by the packs in time; None where none of them has it."""
    task, values = scene.task, {**judges.values(scene.task.day), **scene.task.case.numbers}
    setting = replace(scene.setting, params=values)
    editions = [r for r in judges.rules if r.rule.id == rule]
    if not editions:
        return None
    dates = {name: from_day(setting.record[name]) for r in editions if r.edition
             for name in r.edition.dates if name in setting.record}
    return judging_edition([(r, came_weighed(r, setting, judges)) for r in editions], dates,
                           task.day)


def _shared(rule: TypedRule, setting: EvaluationContext, scope: Expr | None) -> dict[str, int]:
    """How many records share the record's key, surely and perhaps taking part."""
    assert isinstance(rule.key, FieldRef)
    names = [rule.key.name, *([rule.within.name] if isinstance(rule.within, FieldRef) else [])]
    fields = setting.vocabulary.fields

    def key(record: Mapping[str, Any]) -> list[Any]:
        return [fields[name].compared(record.get(name)) for name in names]

    mine = key(setting.record)
    sure = everyone = 0
    for record in setting.ledger:
        evaluator = Evaluator(record, setting.today, setting.params)
        out_of_scope = scope is not None and evaluator.trace(scope).value is False
        if out_of_scope or mine[0] is None or key(record) != mine:
            continue
        takes_part = evaluator.trace(rule.when).value if rule.when is not None else True
        sure += takes_part is True
        everyone += takes_part is True or takes_part is UNKNOWN
    # A record that shares its key with none counts as alone, as it does in an audit.
    if everyone < 2:
        sure, everyone = 0, 1
    return {UNIQUE_SURE.format(rule=rule.id): sure, UNIQUE_ALL.format(rule=rule.id): everyone}


def _reconcile(rule: TypedRule, setting: EvaluationContext) -> Judgement:
    assert isinstance(rule.key, FieldRef)
    if setting.roster is None:
        return Judgement(Outcome.NOT_APPLICABLE)
    field = setting.vocabulary.fields[rule.key.name]
    there = {field.compared(record.get(field.name)) for record in setting.ledger}
    wanted = setting.roster if field.name == setting.vocabulary.key else frozenset[str]()
    met = {field.compared(value) for value in wanted} <= there
    return Judgement(Outcome.SATISFIED if met else Outcome.VIOLATION)


def named(found: Iterable[PreparedCase], rule: str) -> list[PreparedCase]:
    """The scenes whose case names a rule, as the pack itself judges it."""
    return [s for s in found if rule in s.task.expect and not s.task.by_date]
