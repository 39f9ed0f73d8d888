"""Rule shapes to outcome conditions. In: typed rules. Out: for each, five conditions and its terms.

Exactly one of the five holds for any record, whatever is missing; docs/semantics.md has the table
and the tests try it. What is undetermined for want of columns alone is "not judged here".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.expr.decisions import DECIDE, decide
from zhuanjie.engine.expr.nodes import Call, Expr, FieldRef, ListLit, Lit, walk
from zhuanjie.engine.expr.types import BOOL, STRING, Kind, Type
from zhuanjie.engine.lowering.assume import negated
from zhuanjie.engine.lowering.conditions import (
    FALSE,
    TRUE,
    ColumnRef,
    Cond,
    Term,
    Value,
    all_of,
    any_of,
    arith,
    compare,
    filled,
    pick,
)
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.lowering.trimming import fields_read
from zhuanjie.engine.policy.policy import TypedRule

UNIQUE_SURE = "{rule}#sure"
"""Column that counts the records which surely take part in a `unique` or `at_most` rule and share
the key."""
UNIQUE_ALL = "{rule}#all"
"""The same, counting also the records of which it is not known whether they take part."""


class LoweredRule(Struct, frozen=True, eq=False):
    """A rule as conditions: which outcome, and what goes with it.

    `settled` is "not applicable or satisfied" in short: where it holds there is nothing to report.
    `due` is the due day where there is one; `late` the days late, of a violation; `missing` says
    for each field when its absence is what leaves the rule undetermined; `clause` when a table's
    finding carries a row's clause. `not_judged` is the part of `undetermined` that only absent
    columns could decide.
    """

    id: str
    not_applicable: Cond
    satisfied: Cond
    violation: Cond
    pending: Cond
    undetermined: Cond
    settled: Cond
    missing: tuple[tuple[str, Cond], ...]
    due: Term | None = None
    late: Term | None = None
    clause: tuple[tuple[str, Cond], ...] = ()
    not_judged: Cond = FALSE


def lower(rule: TypedRule, kleene: Kleene, order: tuple[str, ...]) -> LoweredRule:
    """Lower one rule; `order` is the order in which missing fields are named."""
    read = rule.fields
    lowered = _SHAPES[rule.shape](rule, kleene, [f for f in order if f in read])
    if read.isdisjoint(kleene.absent):
        return lowered
    here = any_of(cond for name, cond in lowered.missing if name not in kleene.absent)
    parts = [lowered.undetermined, negated(here)]
    if _may_clash(rule):  # rows that contradict each other lack nothing
        parts.append(any_of(c for name, c in lowered.missing if name in kleene.absent))
    return replace(lowered, not_judged=all_of(parts))


def _may_clash(rule: TypedRule) -> bool:
    """Whether the rule may be undetermined because rows that hold differ."""
    return rule.hit == "unique" or any(
        isinstance(node, Call) and node.op == DECIDE
        for expr in rule.expressions().values() for node in walk(expr))


def unlisted(lowered: LoweredRule) -> LoweredRule:
    """The rule with nothing to report where it is not judged here: as if it did not apply.

    What hangs on counts over the ledger stays as it is, since these are not known record by record.
    """
    if lowered.not_judged == FALSE:
        return lowered
    counts = [name.format(rule=lowered.id) for name in (UNIQUE_SURE, UNIQUE_ALL)]
    if not fields_read([lowered.not_judged]).isdisjoint(counts):
        return replace(lowered, not_judged=FALSE)
    return replace(
        lowered, undetermined=all_of((lowered.undetermined, negated(lowered.not_judged))),
        not_applicable=any_of((lowered.not_applicable, lowered.not_judged)),
        settled=any_of((lowered.settled, lowered.not_judged)))


def _require(rule: TypedRule, k: Kleene, fields: list[str]) -> LoweredRule:
    assert rule.ask is not None
    return _asking(rule, rule.ask, k, fields)


def _asking(rule: TypedRule, ask: Expr, k: Kleene, fields: list[str]) -> LoweredRule:
    """`when && !ask`: true is a violation, unknown undetermined."""
    when = rule.when or Lit(True, BOOL)
    broken = Call("&&", (when, Call("!", (ask,), BOOL)), BOOL)
    return LoweredRule(
        id=rule.id,
        not_applicable=k.must_be_false(when),
        satisfied=all_of((k.may_be_true(when), k.must_be_true(ask))),
        violation=all_of((k.must_be_true(when), k.must_be_false(ask))),
        pending=FALSE,
        undetermined=all_of((k.may_be_true(when), k.may_be_false(ask),
                             any_of((k.may_be_false(when), k.may_be_true(ask))))),
        settled=any_of((k.must_be_false(when), k.must_be_true(ask))),
        missing=_missing(fields, [lambda f: k.unknown_because_of(broken, f)]),
    )


def _deadline(rule: TypedRule, k: Kleene, fields: list[str]) -> LoweredRule:
    assert rule.due is not None and isinstance(rule.done, FieldRef)
    when, due_expr = rule.when or Lit(True, BOOL), rule.due
    due, done, today = k.term(rule.due), k.term(rule.done), k.today
    act = rule.done.name
    is_done, not_done = _happened(act, done, k)
    tardy = all_of((is_done, compare(">", done, due)))
    overdue = all_of((not_done, compare(">", today, due)))
    waiting = all_of((not_done, compare("<=", today, due)))
    in_time = all_of((is_done, compare("<=", done, due)))
    dark = any_of((k.unknown(rule.due), _untold(act, k)))
    return LoweredRule(
        id=rule.id,
        not_applicable=k.must_be_false(when),
        satisfied=all_of((k.may_be_true(when), in_time)),
        violation=all_of((k.must_be_true(when), any_of((tardy, overdue)))),
        pending=all_of((k.must_be_true(when), waiting)),
        undetermined=all_of(
            (
                k.may_be_true(when),
                any_of((dark, all_of((k.unknown(when), any_of((tardy, overdue, waiting)))))),
            )
        ),
        settled=any_of((k.must_be_false(when), in_time)),
        missing=_missing(
            fields,
            [lambda f: k.unknown_because_of(when, f), lambda f: k.unknown_because_of(due_expr, f),
             lambda f: _untold(act, k) if f == act else FALSE],
        ),
        due=due,
        late=pick(
            (
                (is_done, arith("-", done, due, Kind.DURATION)),
                (not_done, arith("-", today, due, Kind.DURATION)),
            ),
            Kind.DURATION,
        ),
    )


def _recurring(rule: TypedRule, k: Kleene, fields: list[str]) -> LoweredRule:
    assert rule.start is not None and rule.every is not None and isinstance(rule.last, FieldRef)
    when, start, every = rule.when or Lit(True, BOOL), rule.start, rule.every
    last, today = k.term(rule.last), k.today
    act = rule.last.name
    repeated, not_repeated = _happened(act, last, k)
    # Where nobody keeps the last time, it may as well be that there was none.
    from_start = any_of((not_repeated, _untold(act, k)))
    base = pick(((repeated, last), (not_repeated, k.term(rule.start))), Kind.DATE)
    due = arith("+", base, k.term(rule.every), Kind.DATE)
    overdue = compare(">", today, due)
    dark = any_of((all_of((not_repeated, k.unknown(rule.start))), k.unknown(rule.every),
                   _untold(act, k)))
    return LoweredRule(
        id=rule.id,
        not_applicable=k.must_be_false(when),
        satisfied=all_of((k.may_be_true(when), compare("<=", today, due))),
        violation=all_of((k.must_be_true(when), overdue)),
        pending=FALSE,
        undetermined=all_of(
            (k.may_be_true(when), any_of((dark, all_of((k.unknown(when), overdue)))))
        ),
        settled=any_of((k.must_be_false(when), compare("<=", today, due))),
        missing=_missing(
            fields,
            [
                lambda f: k.unknown_because_of(when, f),
                lambda f: all_of((from_start, k.unknown_because_of(start, f))),
                lambda f: k.unknown_because_of(every, f),
                lambda f: _untold(act, k) if f == act else FALSE,
            ],
        ),
        due=due,
        late=arith("-", today, due, Kind.DURATION),
    )


def _table(rule: TypedRule, k: Kleene, fields: list[str]) -> LoweredRule:
    asking = _asking(rule, _allowed(rule), k, fields)
    return replace(asking, clause=tuple(_clauses(rule, k)))


def _allowed(rule: TypedRule) -> Expr:
    """What a table asks: that the rows which decide allow the subject's value."""
    if rule.subject is None:
        return Lit(True, BOOL)  # it only gives values
    arms: list[tuple[Expr | None, Expr]] = []
    for row in rule.rows:
        pool = ListLit(tuple(Lit(v, STRING) for v in row.allow), Type(Kind.LIST, item=Kind.STRING))
        arms.append((rule.holds(row), Call("in", (rule.subject, pool), BOOL)))
    if rule.hit != "any":
        return decide("", first=rule.hit == "first", arms=arms, default=Lit(False, BOOL),
                      type_=BOOL)
    rows = [Call("&&", (when, here), BOOL) if when else here for when, here in arms]
    while len(rows) > 1:  # in pairs: a chain would be as deep as the table is long
        rows = [Call("||", tuple(pair), BOOL) if len(pair) > 1 else pair[0]
                for pair in (rows[at : at + 2] for at in range(0, len(rows), 2))]
    return rows[0]


def _clauses(rule: TypedRule, k: Kleene) -> Iterator[tuple[str, Cond]]:
    """When a finding carries a row's clause.

    Of the `first` row that holds, where it is known to be that; else of a row that holds, where no
    other that has a condition does.
    """
    if rule.hit == "first":
        passed: list[Cond] = []
        for row in rule.rows:
            here = rule.holds(row) or Lit(True, BOOL)
            yield row.clause, all_of((k.must_be_true(here), *passed))
            passed.append(k.must_be_false(here))
        return
    conditional = [(row, when) for row in rule.rows if (when := rule.holds(row)) is not None]
    for row, when in conditional:
        yield row.clause, all_of([k.must_be_true(when), *(
            k.may_be_false(other) for another, other in conditional if another is not row)])


def _counted(rule: TypedRule, k: Kleene, fields: list[str]) -> LoweredRule:
    """Counts of records that share the key come as two columns, made before judging."""
    assert isinstance(rule.key, FieldRef)
    when = rule.when or Lit(True, BOOL)
    blank, there = k.unknown(rule.key), k.known(rule.key)
    # So many are too many.
    many: Term = Value(2, Kind.INT) if rule.limit is None else arith(
        "+", k.term(rule.limit), Value(1, Kind.INT), Kind.INT)
    must_be_true = ColumnRef(UNIQUE_SURE.format(rule=rule.id), Kind.INT)
    everyone = ColumnRef(UNIQUE_ALL.format(rule=rule.id), Kind.INT)
    shared = compare(">=", everyone, many)
    perhaps = all_of(
        (there, shared, any_of((k.may_be_false(when), compare("<", must_be_true, many))))
    )
    key = rule.key.name
    return LoweredRule(
        id=rule.id,
        not_applicable=k.must_be_false(when),
        satisfied=all_of((k.may_be_true(when), there, compare("<", everyone, many))),
        violation=all_of((k.must_be_true(when), there, compare(">=", must_be_true, many))),
        pending=FALSE,
        undetermined=all_of((k.may_be_true(when), any_of((blank, perhaps)))),
        settled=any_of((k.must_be_false(when), all_of((there, compare("<", everyone, many))))),
        missing=_missing(fields, [
            lambda f: k.unknown_because_of(when, f), lambda f: blank if f == key else FALSE]),
    )


def _happened(name: str, on: Term, k: Kleene) -> tuple[Cond, Cond]:
    """Whether an act is on record by the as-of day: a later date does not count yet.

    Neither is so where the record has no place for it.
    """
    if name in k.absent:
        return FALSE, FALSE
    return (
        compare("<=", on, k.today),
        any_of((filled(name, blank=True), compare(">", on, k.today))),
    )


def _untold(act: str, k: Kleene) -> Cond:
    """Whether nobody keeps when an act was done."""
    return TRUE if act in k.absent else FALSE


def _missing(
    fields: list[str], sources: list[Callable[[str], Cond]]
) -> tuple[tuple[str, Cond], ...]:
    found = ((f, any_of(source(f) for source in sources)) for f in fields)
    return tuple((f, cond) for f, cond in found if cond != FALSE)


_SHAPES = {
    "require": _require,
    "deadline": _deadline,
    "recurring": _recurring,
    "table": _table,
    "unique": _counted,
    "at_most": _counted,
}
