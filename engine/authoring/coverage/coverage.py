"""`policy coverage`. In: a policy and its cases. Out: which parts of its meaning some case asserts.

Only cases that name a rule count for it, and only where a part settles the whole: `b` in `a && b`
is tried by records for which `a` does not hold it off. Formatting and the order of keys make no
difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from zhuanjie.engine.authoring.coverage.feasible_values import (
    NOTHING,
    Known,
    Truth,
    feasible_values,
    outcomes,
    present,
)
from zhuanjie.engine.authoring.mutation.canonical_text import DEFINED, row_names
from zhuanjie.engine.authoring.testing.case_runner import differences
from zhuanjie.engine.authoring.testing.packs_in_time import clauses_chosen_by_date
from zhuanjie.engine.authoring.testing.prepared_cases import PreparedCase, came, named, scenes
from zhuanjie.engine.authoring.testing.report import own_tasks
from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.reference.evaluator import Evaluator, Step
from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.expr.decisions import DECIDE
from zhuanjie.engine.expr.nodes import Call, Expr, ListLit, Lit, names_of, unnamed
from zhuanjie.engine.expr.printer import as_written
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.policy.policy import Policy, TypedRule

PointKind = Literal["outcome", "condition", "row", "allowed", "moment", "parameter", "clause",
                    "dated-by"]
Uses = dict[str, list[Known]]
SCOPE = "scope"
_NAMES = {True: "true", False: "false", None: "unknown"}


class Point(Struct, frozen=True):
    """One thing a case can try.

    `rule` is a rule's id, `scope`, a definition (`definitions.NAME`), or empty for a clause.
    `part` is the role of an expression, the clause of a row, a moment, a parameter or a clause;
    `text` a condition, or a date that chooses the pack;
    `at` its place in its expression; `value` what it is to come out as.
    """

    rule: str
    kind: PointKind
    part: str = ""
    text: str = ""
    value: str = ""
    at: int = 0


class Coverage(Struct):
    """Every point there is, in the order of the pack, and how often each was tried."""

    points: list[Point] = field(default_factory=list)
    hits: Counter[Point] = field(default_factory=Counter)

    @property
    def uncovered(self) -> list[Point]:
        """The points that no case tries, in an order that does not hang on the pack's layout."""
        lacking = (p for p in self.points if not self.hits[p])
        return sorted(lacking, key=lambda p: (p.rule, p.kind, p.part, p.text, p.value))

    @property
    def score(self) -> float:
        """The share of points that some case tries."""
        return 1 - len(self.uncovered) / len(self.points) if self.points else 1.0


def coverage(policy: Policy, only: Collection[str] | None = None) -> Coverage:
    """Measure what a pack's cases try of its own rules; `only` keeps to some of them.

    Raises PolicyError for a pack without cases, UsageError where there is nothing to measure.
    """
    found = scenes(policy, own_tasks(policy))
    own = policy.chain[-1].manifest
    rules = [r for r in policy.rules if r.pack == own.id and (only is None or r.id in only)]
    out = Coverage()
    for rule in rules:
        _rule(policy, rule, named(found, rule.id), out)
    if own.scope is not None and policy.scope is not None and (only is None or SCOPE in only):
        out.points += _conditions(SCOPE, "when", policy.scope, NOTHING)
        for scene in found:
            step = _evaluator(scene).trace(policy.scope)
            out.hits.update(_tried(SCOPE, "when", step))
    _definitions(policy, only, found, out)
    if not out.points and only is None:
        raise fail(UsageError, "author.nothing-own", id=policy.id)
    _parameters(policy, rules, found, out)
    _clauses(rules, out)
    if only is None:
        _dates(policy, found, out)
    return out


def _dates(policy: Policy, found: list[PreparedCase], out: Coverage) -> None:
    """The dates by which the pack that judges is chosen: tried by cases that expect an edition."""
    for name in clauses_chosen_by_date(policy):
        dates = policy.clauses[name].dated_by
        rules = [r.id for r in policy.rules if r.clause == name]
        for date in dates:
            out.points.append(Point("", "dated-by", name, date))
        for scene in found:
            named_here = [r for r in rules if r in scene.task.expect
                          and scene.task.expect[r].edition is not None]
            filled = next((d for d in dates if d in scene.setting.record), None)
            if named_here and filled is not None:
                out.hits[Point("", "dated-by", name, filled)] += 1


def _evaluator(scene: PreparedCase) -> Evaluator:
    return Evaluator(scene.setting.record, scene.setting.today, scene.setting.params)


def _rule(policy: Policy, rule: TypedRule, found: list[PreparedCase], out: Coverage) -> None:
    """The points of one rule, and what the cases that name it try."""
    known = present(rule.when, False)
    out.points += [Point(rule.id, "outcome", value=str(o)) for o in outcomes(rule)]
    roles = conditional(rule)
    for role, expr in roles.items():
        out.points += _conditions(rule.id, role, expr, NOTHING if role == "when" else known)
    for name, row in zip(row_names(rule), rule.rows, strict=True):
        out.points.append(Point(rule.id, "row", name))
        out.points += [Point(rule.id, "allowed", name, value=v) for v in row.allow]
    out.points += [Point(rule.id, "moment", m) for m in rule.rule.moments]
    for scene in found:
        outcome = came(rule, scene.setting, policy.scope).outcome
        if scene.setting.before is not None and outcome is not Outcome.NOT_APPLICABLE:
            out.hits[Point(rule.id, "moment", scene.setting.before)] += 1
        out.hits[Point(rule.id, "outcome", value=str(outcome))] += 1
        evaluator = _evaluator(scene)
        applies = rule.when is None or evaluator.trace(rule.when).value is not False
        for role, expr in roles.items():
            if applies or role == "when":
                out.hits.update(_tried(rule.id, role, evaluator.trace(expr)))
        if applies and rule.rows:
            out.hits.update(_rows(rule, evaluator, outcome))


def _rows(rule: TypedRule, evaluator: Evaluator, outcome: Outcome) -> Iterator[Point]:
    """The rows that decide on a record, and the value that they allow it."""
    subject = None if rule.subject is None else evaluator.trace(rule.subject).value
    for name, row in zip(row_names(rule), rule.rows, strict=True):
        when = rule.holds(row)
        held = when is None or evaluator.trace(when).value
        if held is not True:
            if rule.hit == "first" and held is UNKNOWN:
                return  # whether a later one decides is not known
            continue
        yield Point(rule.id, "row", name)
        if subject in row.allow and outcome is Outcome.SATISFIED:
            yield Point(rule.id, "allowed", name, value=str(subject))
        if rule.hit == "first":
            return


def conditional(rule: TypedRule) -> dict[str, Expr]:
    """A rule's expressions that may hold conditions, by role; those of rows by the row's name."""
    found = {role: expr for role, expr in rule.expressions().items()
             if role in ("when", "guard", "ask", "due", "start", "every")}
    named = zip(row_names(rule), rule.rows, strict=True)
    return {**found, **{name: row.when for name, row in named if row.when is not None}}


def _conditions(rule: str, role: str, expr: Expr, known: Known,
               uses: Uses | None = None) -> list[Point]:
    """The conditions of an expression with the values that each can have where it matters.

    A definition that it uses is one condition, if it is any. `uses` takes in which it uses, and
    what is there each time.
    """
    out: list[Point] = []
    if _asked(expr):
        values = feasible_values(expr, known)
        out += [Point(rule, "condition", role, as_written(expr), name, expr.at)
                for value, name in _NAMES.items() if value in values]
    if names := names_of(expr):
        if uses is not None:
            uses.setdefault(names[0], []).append(known)
        return out
    match expr:
        case Call(op="has" | "decide"):  # a table is tried by its rows
            pass
        case Call(op="&&" | "||" as op, args=(a, b)):
            absorbing = op == "||"
            out += _conditions(rule, role, a, known | present(b, absorbing), uses)
            out += _conditions(rule, role, b, known | present(a, absorbing), uses)
        case Call(op="?:", args=(test, yes, no)):
            out += _conditions(rule, role, test, known, uses)
            out += _conditions(rule, role, yes, known | present(test, False), uses)
            out += _conditions(rule, role, no, known | present(test, True), uses)
        case Call(args=args):
            out += [p for a in args for p in _conditions(rule, role, a, known, uses)]
    return list(dict.fromkeys(out))


def _definitions(policy: Policy, only: Collection[str] | None, found: list[PreparedCase],
                 out: Coverage) -> None:
    """The points of the pack's own definitions: each once, tried by the cases of every rule that

    uses it.
    """
    uses: Uses = {}
    roots = [(r, role, e) for r in policy.rules if only is None or r.id in only
             for role, e in conditional(r).items() if r.definitions]
    for rule, role, expr in roots:
        _conditions(rule.id, role, expr, NOTHING if role == "when" else present(rule.when, False),
                    uses)
    if policy.scope is not None:
        _conditions(SCOPE, "when", policy.scope, NOTHING, uses)
    waiting = list(uses)
    while waiting:  # definitions use others
        name = waiting.pop()
        there = frozenset.intersection(*uses[name])
        inner: Uses = {}
        points = _conditions(f"{DEFINED}{name}", "is", policy.definitions[name].expr, there, inner)
        for other, known in inner.items():
            if not set(known) <= set(uses.get(other, ())):
                uses[other] = [*uses.get(other, ()), *known]
                waiting.append(other)
        if policy.definitions[name].pack == policy.id:
            out.points = [p for p in out.points if p.rule != f"{DEFINED}{name}"] + points
    for rule, _, expr in roots:
        for scene in named(found, rule.id):
            step = _evaluator(scene).trace(expr)
            out.hits.update(p for p in _within(policy, step) if p.rule.startswith(DEFINED))
    if policy.scope is not None:
        for scene in found:
            out.hits.update(_within(policy, _evaluator(scene).trace(policy.scope)))


def _within(policy: Policy, step: Step) -> Iterator[Point]:
    """What a record tries of the definitions that are used in a step."""
    if names := names_of(step.expr):
        name, at = names[0], policy.definitions[names[0]].expr.at
        inside = replace(step, expr=unnamed(step.expr, at))
        yield from _tried(f"{DEFINED}{name}", "is", inside)
        yield from _within(policy, inside)
        return
    for part in step.parts:
        yield from _within(policy, part)


def _asked(expr: Expr) -> bool:
    """Whether an expression is a condition of its own: `!x` says no more than `x`."""
    return expr.type.kind is Kind.BOOL and not isinstance(expr, (Lit, ListLit)) and not (
        isinstance(expr, Call) and expr.op == "!")


def _tried(rule: str, role: str, step: Step) -> Iterator[Point]:
    """The conditions that a record tries, each where no neighbour settles the matter."""
    if _asked(step.expr):
        value: Truth = None if step.value is UNKNOWN else step.value
        yield Point(rule, "condition", role, as_written(step.expr), _NAMES[value], step.expr.at)
    if names_of(step.expr) or (isinstance(step.expr, Call) and step.expr.op == DECIDE):
        return
    junction = isinstance(step.expr, Call) and step.expr.op in ("&&", "||")
    absorbing = isinstance(step.expr, Call) and step.expr.op == "||"
    for part in step.parts:
        held_off = junction and any(
            other.value is absorbing for other in step.parts if other is not part)
        if not held_off:
            yield from _tried(rule, role, part)


def _parameters(policy: Policy, rules: list[TypedRule], found: list[PreparedCase],
                out: Coverage) -> None:
    """A parameter's boundary has a case on a side if one more, or one less, makes it fail."""
    readers: dict[str, list[TypedRule]] = {}
    for rule in rules:
        for name in rule.params:
            readers.setdefault(name, []).append(rule)
    for name in policy.parameters:
        reading = readers.get(name, [])
        for value, by in (("more", 1), ("less", -1)) if reading else ():
            point = Point("", "parameter", name, value=value)
            out.points.append(point)
            out.hits[point] += sum(
                _notices(policy, rule, scene, name, by)
                for rule in reading for scene in named(found, rule.id))


def _notices(policy: Policy, rule: TypedRule, scene: PreparedCase, name: str, by: int) -> bool:
    if name in scene.task.case.params:
        return False
    values = scene.setting.params
    moved = replace(scene.setting, params={**values, name: values[name] + by})
    return any(differences(scene.task, {rule.id: came(rule, moved, policy.scope)}))


def _clauses(rules: list[TypedRule], out: Coverage) -> None:
    """A clause is tried where a case shows it broken; a table's row where a case falls under it."""
    known = set(out.points)
    for rule in rules:
        shown = [(rule.clause, Point(rule.id, "outcome", value=str(Outcome.VIOLATION)))]
        shown += [(row.clause, Point(rule.id, "row", name))
                  for name, row in zip(row_names(rule), rule.rows, strict=True)]
        for clause, tried in shown:
            point = Point("", "clause", clause)
            if point not in known:
                known.add(point)
                out.points.append(point)
            out.hits[point] += out.hits[tried]
