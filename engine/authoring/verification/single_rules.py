"""Faults of single rules. In: a prover. Out: rules dead, idle, hopeless or running backwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from zhuanjie.engine.authoring.verification.findings import FieldInWords, Verification
from zhuanjie.engine.authoring.verification.prover import About, Proof, Prover, Scenario
from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.smt.encode import AS_OF, Formula, every
from zhuanjie.engine.backends.smt.rules import SymbolicRule
from zhuanjie.engine.core.dates import from_day
from zhuanjie.engine.core.results import UNBROKEN_OUTCOMES, Outcome
from zhuanjie.engine.expr.nodes import AsOf, Expr, FieldRef, field_names
from zhuanjie.engine.expr.types import RECORD_DATE, Kind
from zhuanjie.engine.lowering.conditions import (
    TRUE,
    Arith,
    ColumnRef,
    Cond,
    Pick,
    Shift,
    Term,
    Value,
    WorkShift,
    all_of,
    arith,
    known,
    shift,
    work_shift,
)


def verify_rules(prover: Prover, rules: Iterable[SymbolicRule], out: Verification) -> None:
    """Every rule by itself."""
    for rule in rules:
        if _alive(prover, rule, out):
            _violable(prover, rule, out)
            bearable(prover, rule, out)
            if rule.rule.shape == "deadline":
                _forward(prover, rule, out)
            elif rule.rule.shape == "recurring":
                _recurs(prover, rule, out)


def _alive(prover: Prover, rule: SymbolicRule, out: Verification) -> bool:
    typed = rule.rule
    found = prover.find([rule.applies], lambda s: s.applies(typed),
                        about=("applies", typed.id))
    if found.none:
        out.report("dead", [typed.id])
    elif not out.unsure("dead", [typed.id], found):
        out.prove("dead", [typed.id])
    return not found.none


def _violable(prover: Prover, rule: SymbolicRule, out: Verification) -> None:
    typed = rule.rule
    found = prover.find([rule.violation], lambda s: s.violates(typed),
                        about=("violated", typed.id))
    if found.none:
        if typed.subject is not None or not typed.rows:  # else it only gives values
            out.report("never-violated", [typed.id])
    elif not out.unsure("never-violated", [typed.id], found):
        out.prove("never-violated", [typed.id])


def bearable(prover: Prover, rule: SymbolicRule, out: Verification) -> None:
    """Some record to which the rule applies is not found wanting."""
    typed = rule.rule
    kept = rule.outcome(Outcome.SATISFIED) | rule.outcome(Outcome.PENDING)
    found = prover.find([rule.applies, kept],
                        lambda s: s.applies(typed) and s.outcome(typed) in UNBROKEN_OUTCOMES,
                        about=("kept", typed.id))
    if found.none:
        shown = prover.smallest([rule.violation], lambda s: s.violates(typed),
                                about=("broken", typed.id))
        if not shown.none:  # else it is never violated either, and that was said
            out.report("always-violated", [typed.id], shown=shown.scenario)
    elif not out.unsure("always-violated", [typed.id], found):
        out.prove("always-violated", [typed.id])


def _forward(prover: Prover, rule: SymbolicRule, out: Verification) -> None:
    """A deadline is not due before the day it counts from, nor before the rule can apply.

    What is asked before a moment comes before the day that the moment sets, and does not follow it.
    """
    typed, due = rule.rule, rule.lowered.due
    ahead = {prover.policy.moments[m].sets for m in typed.rule.moments}
    assert typed.due is not None and due is not None
    sound = _not_negative(rule, typed.due)
    for at, (cond, leaf) in enumerate(_leaves(due)):
        for base in (b for b in _bases(leaf) if b.name not in ahead):
            wanted = [rule.applies, sound, rule.encoder.formula(cond),
                      rule.compares("<", leaf, base)]
            about = ("before", str(at), base.name, typed.id)
            if _is_backward(prover, rule, wanted, _Before(rule, base.name), out, about):
                return
    there = rule.encoder.formula(known(due))
    yet = rule.compares("<=", arith("-", AS_OF, Value(1, Kind.DURATION), Kind.DATE), due)
    if _never(prover, rule, [there, yet], [there], AsOf(RECORD_DATE), out):
        return
    for name in sorted(field_names(typed.when)):
        event = ColumnRef(name, Kind.DATE)
        if (rule.fields[name].type == "date" and name not in field_names(typed.due) | ahead
                and _required(prover, rule, event)):
            both = every((there, rule.encoder.formula(known(event))))
            if _never(prover, rule, [both, rule.compares(">=", due, event)], [both],
                      FieldRef(name, RECORD_DATE), out):
                return
    out.prove("backward-deadline", [typed.id])


def _required(prover: Prover, rule: SymbolicRule, event: ColumnRef) -> bool:
    """Whether the rule applies only to those for whom the event is on record."""
    missing = ~rule.encoder.formula(known(event))
    return prover.find([rule.applies, missing], lambda s: (
        s.applies(rule.rule) and event.name not in s.setting.record),
        about=("without", event.name, rule.rule.id)).none


class _Before:
    """Whether the reference evaluator, too, finds a rule due before the day in a field."""

    def __init__(self, rule: SymbolicRule, name: str) -> None:
        self.rule, self.name = rule.rule, name

    def __call__(self, scenario: Scenario) -> bool:
        assert self.rule.due is not None
        due, start = scenario.value(self.rule.due), scenario.setting.record.get(self.name)
        return (scenario.applies(self.rule) and due is not UNKNOWN and start is not None
                and due < start)


def _is_backward(prover: Prover, rule: SymbolicRule, wanted: list[Formula], shown: _Before,
                 out: Verification, about: About) -> bool:
    found = prover.smallest(wanted, shown, about=about)
    if found.none:
        return False
    if not out.unsure("backward-deadline", [rule.rule.id], found):
        _said(rule, found, shown.name, "backward-deadline", out)
    return True


def _said(rule: SymbolicRule, found: Proof, event: str, code: str, out: Verification) -> None:
    assert found.scenario is not None and rule.rule.due is not None
    due = from_day(found.scenario.value(rule.rule.due))
    follows: dict[str, Any] = {"event": FieldInWords(rule.fields[event])} if event else {}
    out.report("backward-deadline", [rule.rule.id], code, shown=found.scenario,
               due=due.isoformat(), **follows)


def _never(prover: Prover, rule: SymbolicRule, wanted: list[Formula], otherwise: list[Formula],
           event: Expr, out: Verification) -> bool:
    """Whether `wanted` never holds where the rule applies, though `otherwise` does."""
    typed = rule.rule
    assert typed.due is not None
    due = typed.due
    late = 1 if isinstance(event, AsOf) else 0

    def in_time(s: Scenario) -> bool:
        day, start = s.value(due), s.value(event)
        return (s.applies(typed) and day is not UNKNOWN and start is not UNKNOWN
                and day >= start - late)

    def dated(s: Scenario) -> bool:
        return (s.applies(typed) and s.value(due) is not UNKNOWN
                and s.value(event) is not UNKNOWN)

    name = event.name if isinstance(event, FieldRef) else ""
    found = prover.find([rule.applies, *wanted], in_time, about=("in time", name, typed.id))
    if not found.none:
        return out.unsure("backward-deadline", [typed.id], found)
    shown = prover.smallest([rule.applies, *otherwise], dated, about=("dated", name, typed.id))
    if shown.none:
        return False
    if not out.unsure("backward-deadline", [typed.id], shown):
        code = "backward-already" if isinstance(event, AsOf) else "backward-deadline"
        _said(rule, shown, name, code, out)
    return True


def _recurs(prover: Prover, rule: SymbolicRule, out: Verification) -> None:
    """A duty that recurs comes back on a later day."""
    typed = rule.rule
    assert typed.every is not None
    interval = typed.every
    wanted = [rule.applies, _not_negative(rule, interval),
              rule.compares("<=", rule.kleene.term(interval), Value(0, Kind.INT))]

    def backward(s: Scenario) -> bool:
        days = s.value(interval)
        return s.applies(typed) and days is not UNKNOWN and days <= 0

    found = prover.smallest(wanted, backward, about=("interval", typed.id))
    if found.none:
        out.prove("backward-deadline", [typed.id])
    elif not out.unsure("backward-deadline", [typed.id], found):
        assert found.scenario is not None
        out.report("backward-deadline", [typed.id], "backward-interval", shown=found.scenario,
                   days=found.scenario.value(interval))


def _not_negative(rule: SymbolicRule, expr: Expr) -> Formula:
    """Numbers that a record itself holds are taken to be sensible: not below zero."""
    numbers = [n for n in sorted(field_names(expr)) if rule.fields[n].type == "int"]
    return every(rule.encoder.formula(known(ColumnRef(n, Kind.INT)))
                 & rule.compares(">=", ColumnRef(n, Kind.INT), Value(0, Kind.INT))
                 | ~rule.encoder.formula(known(ColumnRef(n, Kind.INT))) for n in numbers)


def _leaves(term: Term) -> Iterator[tuple[Cond, Term]]:
    """The terms that a term with choices in it may come to, each with its condition."""
    match term:
        case Pick(arms=arms):
            for cond, inner in arms:
                yield from ((all_of((cond, c)), t) for c, t in _leaves(inner))
        case Arith(op=op, left=left, right=right, kind=kind):
            for c, a in _leaves(left):
                yield from ((all_of((c, d)), arith(op, a, b, kind)) for d, b in _leaves(right))
        case Shift(date=date, months=months):
            for c, a in _leaves(date):
                yield from ((all_of((c, d)), shift(a, b)) for d, b in _leaves(months))
        case WorkShift(date=date, days=days, calendar=calendar):
            yield from ((c, work_shift(a, days, calendar)) for c, a in _leaves(date))
        case _:
            yield TRUE, term


def _bases(term: Term) -> list[ColumnRef]:
    """The day a term counts from: the only date in it, if it has but one."""
    found = list(_dates(term))
    return found if len(found) == 1 else []


def _dates(term: Term) -> Iterator[ColumnRef]:
    match term:
        case ColumnRef(kind=Kind.DATE) if term != AS_OF:
            yield term
        case Arith(left=left, right=right):
            yield from _dates(left)
            yield from _dates(right)
        case Shift(date=date) | WorkShift(date=date):
            yield from _dates(date)
        case _:
            return
