"""Small faults in expressions. In: a typed expression. Out: what a slip of the pen makes of it.

`MUTATORS` is the list: a name, and what it makes of one node. Each fault stands alone, is well
typed, and is one an author might commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from zhuanjie.engine.expr.decisions import DECIDE
from zhuanjie.engine.expr.nodes import Call, Expr, FieldRef, ListLit, Lit, names_of
from zhuanjie.engine.expr.types import BOOL, MONTH_AND_DAY, STRING, Kind, Type, field_type
from zhuanjie.engine.vocabulary.fields import FieldTable

Alike = Callable[[FieldRef], Sequence[FieldRef]]
"""The fields that a field could be mistaken for."""

STEPPED = frozenset({Kind.INT, Kind.DATE, Kind.MONTH, Kind.DURATION})
STRICT = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
OUTWARD = {"<": -1, "<=": 1, ">": 1, ">=": -1}
"""Which way the bound moves that a change of strictness does not try already."""


def variants(expr: Expr, alike: Alike) -> Iterator[tuple[str, Expr]]:
    """Every single fault of an expression: its name, and the whole expression with it.

    What is written elsewhere, as a definition, has its faults there.
    """
    if names_of(expr):
        if expr.type.kind is Kind.BOOL:
            yield "negation", Call("!", (expr,), BOOL, expr.at)
        return
    for name, mutate in MUTATORS:
        for changed in mutate(expr):
            yield name, changed
    if isinstance(expr, FieldRef):
        yield from (("field", other) for other in alike(expr))
    # What a table gives has the table's faults.
    children = expr.args if isinstance(expr, Call) and expr.op != DECIDE else ()
    for at, child in enumerate(children):
        if isinstance(expr, Call) and expr.op == "has":
            inner: Iterator[tuple[str, Expr]] = (
                ("field", other) for other in (alike(child)
                                     if isinstance(child, FieldRef) and not child.named else ()))
        else:
            inner = variants(child, alike)
        for name, changed in inner:
            yield name, _with(expr, at, changed)


def _with(expr: Expr, at: int, child: Expr) -> Expr:
    assert isinstance(expr, Call)
    return replace(expr, args=(*expr.args[:at], child, *expr.args[at + 1:]))


def shifted(expr: Expr, by: int) -> Expr:
    """A number, day, month or length of time, by one more or less."""
    if isinstance(expr, Lit) and isinstance(expr.value, int) and not expr.named:
        return replace(expr, value=expr.value + by,
                       type=replace(expr.type, low=expr.value + by, high=expr.value + by))
    step: Expr = Lit(abs(by), Type(Kind.INT, low=abs(by), high=abs(by)))
    if expr.type.kind is Kind.MONTH:
        step = Call("months", (step,), Type(Kind.PERIOD, low=abs(by), high=abs(by)))
    elif expr.type.kind is not Kind.INT:
        step = Call("days", (step,), Type(Kind.DURATION, low=abs(by), high=abs(by)))
    moved = replace(expr.type, low=expr.type.low + by, high=expr.type.high + by, values=None)
    return Call("+" if by > 0 else "-", (expr, step), moved)


def _strictness(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Call) and expr.op in STRICT:
        yield replace(expr, op=STRICT[expr.op])


def _boundary(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Call) and expr.op in OUTWARD and expr.args[1].type.kind in STEPPED:
        yield _with(expr, 1, shifted(expr.args[1], OUTWARD[expr.op]))


def _comparison(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Call) and expr.op in ("==", "!="):
        yield replace(expr, op="!=" if expr.op == "==" else "==")


def _dropped(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Call) and expr.op in ("&&", "||"):
        yield from reversed(expr.args)


def _junction(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Call) and expr.op in ("&&", "||"):
        yield replace(expr, op="||" if expr.op == "&&" else "&&")


def _negation(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Call) and expr.op == "!":
        yield expr.args[0]
    elif (isinstance(expr, FieldRef) and expr.type.kind is Kind.BOOL) or (
            isinstance(expr, Call) and expr.op in ("has", "in", "matches", "contains",
                                                   "startsWith", "endsWith")):
        yield Call("!", (expr,), BOOL, expr.at)


def _value(expr: Expr) -> Iterator[Expr]:
    """An enum's value compared with: another one in its place."""
    if not isinstance(expr, Call) or expr.op not in ("==", "!="):
        return
    for at, (literal, other) in enumerate((expr.args, expr.args[::-1])):
        if isinstance(literal, Lit) and other.type.values and not literal.named:
            known = sorted(other.type.values - {str(literal.value)})
            yield from (_with(expr, at, replace(literal, value=v)) for v in known[:1])


def _listed(expr: Expr) -> Iterator[Expr]:
    """A list of values: one of them gone, or one more."""
    if not isinstance(expr, Call) or expr.op != "in" or not isinstance(expr.args[1], ListLit):
        return
    pool = expr.args[1]
    if names_of(pool):
        return
    if len(pool.items) > 1:
        for at in range(len(pool.items)):
            yield _with(expr, 1, replace(pool, items=(*pool.items[:at], *pool.items[at + 1:])))
    there = {i.value for i in pool.items if isinstance(i, Lit)}
    for value in sorted((expr.args[0].type.values or frozenset()) - there)[:1]:
        yield _with(expr, 1, replace(pool, items=(*pool.items, Lit(value, STRING))))
    numbers = [v for v in there if isinstance(v, int) and not isinstance(v, bool)]
    for number in ((min(numbers) - 1, max(numbers) + 1) if numbers else ()):
        more = Lit(number, Type(Kind.INT, low=number, high=number))
        yield _with(expr, 1, replace(pool, items=(*pool.items, more)))


def _sign(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Call) and expr.op in ("+", "-"):
        # Days are not added, nor taken from a length of time.
        if expr.args[1].type.kind not in MONTH_AND_DAY:
            yield replace(expr, op="-" if expr.op == "+" else "+")


def _unit(expr: Expr) -> Iterator[Expr]:
    """Months, or working days, counted as days."""
    if isinstance(expr, Call) and expr.op in ("+", "-") and expr.type.kind is Kind.DATE:
        for at, part in enumerate(expr.args):
            if isinstance(part, Call) and part.op in ("months", "workdays") and not part.named:
                yield _with(expr, at, replace(
                    part, op="days", type=replace(part.type, kind=Kind.DURATION, calendar=None)))


def _number(expr: Expr) -> Iterator[Expr]:
    """A number written in the rule, one more or less; compared numbers are `boundary`'s."""
    if isinstance(expr, Call) and expr.op in (
            "days", "months", "workdays", "date", "+", "-", "*", "/", "%"):
        for at, part in enumerate(expr.args):
            if isinstance(part, Lit) and part.type.kind is Kind.INT and not part.named:
                yield from (_with(expr, at, shifted(part, by)) for by in (1, -1))


def _branch(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Call) and expr.op == "?:":
        yield from expr.args[1:]


def _text(expr: Expr) -> Iterator[Expr]:
    """A text test that is another one, or a pattern that has lost an end."""
    if not isinstance(expr, Call):
        return
    swap = {"startsWith": "endsWith", "endsWith": "startsWith", "contains": "startsWith"}
    if expr.op in swap:
        yield replace(expr, op=swap[expr.op])
    pattern = expr.args[-1]
    if expr.op == "matches" and isinstance(pattern, Lit) and not pattern.named:
        text = str(pattern.value)
        for shorter in (text.removeprefix("^"), text.removesuffix("$")):
            if shorter != text:
                yield _with(expr, 1, replace(pattern, value=shorter))


MUTATORS: tuple[tuple[str, Callable[[Expr], Iterator[Expr]]], ...] = (
    ("strictness", _strictness),
    ("boundary", _boundary),
    ("comparison", _comparison),
    ("dropped", _dropped),
    ("junction", _junction),
    ("negation", _negation),
    ("value", _value),
    ("listed", _listed),
    ("sign", _sign),
    ("unit", _unit),
    ("number", _number),
    ("branch", _branch),
    ("text", _text),
)


def alike_in(read: frozenset[str], fields: FieldTable) -> Alike:
    """Fields of the same type that a rule reads too, or that stand in the same group."""
    def alike(field: FieldRef) -> list[FieldRef]:
        group = field.name.split(".")[0]
        return [
            FieldRef(other.name, field_type(other), field.at) for other in fields
            if other.name != field.name and replace(
                field_type(other), compare=field.type.compare) == field.type
            and (other.name in read or other.name.startswith(f"{group}."))
        ]

    return alike
