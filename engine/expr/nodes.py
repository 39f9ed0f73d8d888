"""The expression tree. In: nothing. Out: six frozen node classes.

`at` is the offset of the node in its CEL text, in characters. A tree fresh from the parser holds
`Name` nodes and no types; the checker returns one with `FieldRef`, `Param`, `AsOf`, and types.

`named` are the definitions of a pack that a node stands for, the one that was written first: what
a definition says takes its place where it is used, and keeps its name for people.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.core.workdays import WorkCalendar
from zhuanjie.engine.expr.types import ANY, Type
from zhuanjie.engine.vocabulary.comparison import Comparison

Names = tuple[str, ...]


class Lit(Struct, frozen=True):
    """A literal: bool, int or string; a day is the whole number of its type."""

    value: bool | int | str
    type: Type = ANY
    at: int = 0
    named: Names = ()


class Name(Struct, frozen=True):
    """A dotted name as written; only before checking."""

    path: tuple[str, ...]
    type: Type = ANY
    at: int = 0


class FieldRef(Struct, frozen=True):
    """A field of the record."""

    name: str
    type: Type
    at: int = 0
    named: Names = ()


class Param(Struct, frozen=True):
    """A parameter; its type's bounds hold every value it may take."""

    name: str
    type: Type
    at: int = 0
    named: Names = ()


class AsOf(Struct, frozen=True):
    """The day the audit looks from."""

    type: Type
    at: int = 0
    named: Names = ()


class Call(Struct, frozen=True):
    """An operator or function of `ops.OPS` on its operands; `has` takes one name or field."""

    op: str
    args: tuple[Expr, ...]
    type: Type = ANY
    at: int = 0
    named: Names = ()


class ListLit(Struct, frozen=True):
    """A list of expressions; only as the right side of `in`."""

    items: tuple[Expr, ...]
    type: Type = ANY
    at: int = 0
    named: Names = ()


Expr = Lit | Name | FieldRef | Param | AsOf | Call | ListLit


def walk(expr: Expr) -> Iterator[Expr]:
    """The node and everything below it, from the top."""
    yield expr
    children = expr.args if isinstance(expr, Call) else ()
    children = expr.items if isinstance(expr, ListLit) else children
    for child in children:
        yield from walk(child)


def walk_written(expr: Expr) -> Iterator[Expr]:
    """As `walk`, but a definition that is used is a node and nothing below it."""
    yield expr
    if isinstance(expr, (Call, ListLit)) and not names_of(expr):
        for child in expr.args if isinstance(expr, Call) else expr.items:
            yield from walk_written(child)


def names_of(expr: Expr) -> Names:
    """The definitions that a node stands for."""
    return () if isinstance(expr, Name) else expr.named


def unnamed(expr: Expr, at: int | None = None) -> Expr:
    """What a node says out of its first name, as the definition itself has it."""
    if isinstance(expr, Name) or not expr.named:
        return expr
    return replace(expr, named=expr.named[1:], at=expr.at if at is None else at)


def redefined(expr: Expr, name: str, new: Expr) -> Expr:
    """The expression with another one in the place of a definition, wherever it is used."""
    names = names_of(expr)
    if name in names and not isinstance(new, Name):
        kept = names[:names.index(name) + 1]
        return replace(new, at=expr.at, named=(*kept, *new.named))
    if isinstance(expr, Call):
        return replace(expr, args=tuple(redefined(a, name, new) for a in expr.args))
    if isinstance(expr, ListLit):
        return replace(expr, items=tuple(redefined(i, name, new) for i in expr.items))
    return expr


def definition_names(*exprs: Expr | None) -> frozenset[str]:
    """The definitions that the expressions use, by way of others too."""
    return frozenset(name for e in exprs if e for n in walk(e) for name in names_of(n))


def field_names(*exprs: Expr | None) -> frozenset[str]:
    """The fields that the expressions read, inside `has()` too."""
    return frozenset(n.name for e in exprs if e for n in walk(e) if isinstance(n, FieldRef))


def param_names(*exprs: Expr | None) -> frozenset[str]:
    """The parameters that the expressions read."""
    return frozenset(n.name for e in exprs if e for n in walk(e) if isinstance(n, Param))


def calendars(*exprs: Expr | None) -> frozenset[WorkCalendar]:
    """The calendars by which the expressions count working days."""
    types = (n.type for e in exprs if e for n in walk(e))
    return frozenset(t.calendar for t in types if t.calendar is not None)


def comparison(*operands: Expr) -> Comparison:
    """How texts are compared that have no way of their own beside others: as the first that has.

    A field has the way of its vocabulary; a choice that of the first of its branches that has one.
    """
    for operand in operands:
        match operand:
            case FieldRef(type=type_) if type_.compare != "text":
                return type_.compare
            case Call(op="?:", args=(_, *inner)) | ListLit(items=inner):
                if (found := comparison(*inner)) != "text":
                    return found
    return "text"
