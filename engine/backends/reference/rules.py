"""The arbiter of rules. In: a typed rule and a record. Out: its outcome with the steps it rests on.

Each shape is written down as docs/semantics.md words it, without the lowering.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from msgspec import field as preset

from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.reference.evaluator import Evaluator, Step, decided
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.expr.nodes import Call, Expr, FieldRef, ListLit, Lit
from zhuanjie.engine.expr.types import BOOL, STRING, Kind, Type
from zhuanjie.engine.lowering.rules import UNIQUE_ALL, UNIQUE_SURE
from zhuanjie.engine.policy.policy import TypedRule


class Judgement(Struct):
    """How a rule came out. `steps` are its expressions by role, as evaluated."""

    outcome: Outcome
    clause: str | None = None
    due: int | None = None
    late: int | None = None
    missing: frozenset[str] = frozenset()
    steps: dict[str, Step] = preset(default_factory=dict)
    deciding: tuple[int, ...] = ()
    """The rows of a table that decide, or may."""


def judge(rule: TypedRule, evaluator: Evaluator) -> Judgement:
    """Judge one record by one rule."""
    when = evaluator.trace(rule.when or Lit(True, BOOL))
    if when.value is False:
        return Judgement(Outcome.NOT_APPLICABLE, steps={"when": when})
    judgement = _SHAPES[rule.shape](rule, evaluator, when)
    if rule.when is not None:
        judgement.steps = {"when": when, **judgement.steps}
    return judgement


def _ask(rule: TypedRule, evaluator: Evaluator, when: Step) -> Judgement:
    assert rule.ask is not None
    return _asked(evaluator.trace(rule.ask), when)


def _asked(ask: Step, when: Step) -> Judgement:
    steps = {"ask": ask}
    if ask.value is True:
        return Judgement(Outcome.SATISFIED, steps=steps)
    if ask.value is False and when.value is True:
        return Judgement(Outcome.VIOLATION, steps=steps)
    missing = _blame(when) | _blame(ask)
    return Judgement(Outcome.UNDETERMINED, missing=missing, steps=steps)


def _deadline(rule: TypedRule, evaluator: Evaluator, when: Step) -> Judgement:
    assert rule.due is not None and rule.done is not None
    due, done = evaluator.trace(rule.due), evaluator.trace(rule.done)
    steps = {"due": due, "done": done}
    untold = done.missing & evaluator.absent
    if due.value is UNKNOWN or untold:
        missing = _blame(when) | _blame(due) | untold
        return Judgement(Outcome.UNDETERMINED, missing=missing, steps=steps)
    today = evaluator.today
    happened = done.value is not UNKNOWN and done.value <= today
    if happened and done.value <= due.value:
        return Judgement(Outcome.SATISFIED, due=due.value, steps=steps)
    if when.value is UNKNOWN:
        return Judgement(Outcome.UNDETERMINED, missing=when.missing, steps=steps)
    if not happened and today <= due.value:
        return Judgement(Outcome.PENDING, due=due.value, steps=steps)
    late = (done.value if happened else today) - due.value
    return Judgement(Outcome.VIOLATION, due=due.value, late=late, steps=steps)


def _recurring(rule: TypedRule, evaluator: Evaluator, when: Step) -> Judgement:
    assert rule.start is not None and rule.last is not None and rule.every is not None
    start, last, every = map(evaluator.trace, (rule.start, rule.last, rule.every))
    steps = {"start": start, "last": last, "every": every}
    today = evaluator.today
    untold = last.missing & evaluator.absent
    base = last if last.value is not UNKNOWN and last.value <= today else start
    if base.value is UNKNOWN or every.value is UNKNOWN or untold:
        missing = _blame(when) | _blame(base) | _blame(every) | untold
        return Judgement(Outcome.UNDETERMINED, missing=missing, steps=steps)
    due = base.value + every.value
    if today <= due:
        return Judgement(Outcome.SATISFIED, due=due, steps=steps)
    if when.value is UNKNOWN:
        return Judgement(Outcome.UNDETERMINED, missing=when.missing, steps=steps)
    return Judgement(Outcome.VIOLATION, due=due, late=today - due, steps=steps)


def _table(rule: TypedRule, evaluator: Evaluator, when: Step) -> Judgement:
    tests: list[Expr] = []
    rows: list[tuple[Step, Step]] = []
    for row in rule.rows:
        here: Expr = Lit(True, BOOL)
        if rule.subject is not None:
            here = Call("in", (rule.subject, _allowed(row.allow)), BOOL)
        holds = rule.holds(row)
        tests.append(Call("&&", (holds, here), BOOL) if holds else here)
        rows.append((evaluator.trace(holds or Lit(True, BOOL)), evaluator.trace(here)))
    ask = _any(tests) if rule.subject is not None else Lit(True, BOOL)
    asked = evaluator.trace(ask)
    if rule.hit != "any" and rule.subject is not None:
        asked = decided(ask, rows, evaluator.trace(Lit(False, BOOL)), first=rule.hit == "first")
    judgement = _asked(asked, when)
    judgement.steps = {}
    held = [holds.value for holds, _ in rows]
    judgement.clause = _row_clause(rule, held)
    judgement.deciding = tuple(_deciding(rule, held))
    for row, test in zip(rule.rows, tests, strict=True):
        label = f"row {row.clause}"
        while label in judgement.steps:  # rows may share a clause
            label += "'"
        judgement.steps[label] = evaluator.trace(test)
    return judgement


def _deciding(rule: TypedRule, held: list[Any]) -> Iterator[int]:
    """The rows that do not surely fail; of the first that holds, those up to it."""
    for at, value in enumerate(held):
        if value is not False:
            yield at
        if value is True and rule.hit == "first":
            return


def _row_clause(rule: TypedRule, held: list[Any]) -> str | None:
    """The clause of the row that is known to decide."""
    if rule.hit == "first":
        at = next(_deciding(rule, held), None)
        return rule.rows[at].clause if at is not None and held[at] is True else None
    sure = [row.clause for row, value in zip(rule.rows, held, strict=True)
            if value is True and rule.holds(row) is not None]
    return sure[0] if len(sure) == 1 else None


def _shared(rule: TypedRule, evaluator: Evaluator, when: Step) -> Judgement:
    assert isinstance(rule.key, FieldRef)
    key = evaluator.trace(rule.key)
    steps = {"key": key}
    sure = evaluator.record.get(UNIQUE_SURE.format(rule=rule.id), 0)
    everyone = evaluator.record.get(UNIQUE_ALL.format(rule=rule.id), 0)
    if key.value is UNKNOWN:
        missing = _blame(when) | key.missing
        return Judgement(Outcome.UNDETERMINED, missing=missing, steps=steps)
    allowed = 1
    if rule.limit is not None:
        steps["limit"] = evaluator.trace(rule.limit)
        allowed = steps["limit"].value
    if everyone <= allowed:
        return Judgement(Outcome.SATISFIED, steps=steps)
    if when.value is True and sure > allowed:
        return Judgement(Outcome.VIOLATION, steps=steps)
    return Judgement(Outcome.UNDETERMINED, missing=_blame(when), steps=steps)


def _blame(step: Step) -> frozenset[str]:
    return step.missing if step.value is UNKNOWN else frozenset()


def _allowed(values: tuple[str, ...]) -> ListLit:
    return ListLit(tuple(Lit(v, STRING) for v in values), Type(Kind.LIST, item=Kind.STRING))


def _any(tests: list[Expr]) -> Expr:
    out = tests[0]
    for test in tests[1:]:
        out = Call("||", (out, test), BOOL)
    return out


_SHAPES = {
    "require": _ask,
    "deadline": _deadline,
    "recurring": _recurring,
    "table": _table,
    "unique": _shared,
    "at_most": _shared,
}
