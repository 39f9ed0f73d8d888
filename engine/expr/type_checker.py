"""Type check. In: an untyped tree and a schema of names. Out: a typed tree, or every mistake in it.

Bounds are carried along, so that arithmetic which could leave 64 bits, or a date that could leave
the years 1 to 9999, is refused here and never met while records are judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec.structs import replace

from zhuanjie.engine.core.dates import add_months
from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import ExpressionError
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.core.workdays import WorkCalendar
from zhuanjie.engine.expr.bounds import (
    date_bounds,
    midnight,
    part_bounds,
    quotient_bounds,
    remainder_bounds,
    worked_bounds,
)
from zhuanjie.engine.expr.nodes import AsOf, Call, Expr, FieldRef, ListLit, Lit, Name, walk
from zhuanjie.engine.expr.operators import COMPARISONS, DAY_PARTS, DIVISIONS, TEXT_TESTS
from zhuanjie.engine.expr.result_kinds import RESULTS
from zhuanjie.engine.expr.types import (
    ANY,
    BOOL,
    LENGTHS,
    LIMITS,
    MONTH_AND_DAY,
    NUMERIC,
    STRING,
    Kind,
    Type,
)
from zhuanjie.engine.regex.portable import RegexError, portable


class Schema(Protocol):
    """What names mean; `calendar` is what working days are counted by, if there is one."""

    calendar: WorkCalendar | None

    def resolve(self, path: tuple[str, ...], at: int) -> Expr | None:
        """The `FieldRef`, `Param` or `AsOf` that a dotted name stands for, or None."""
        ...

    def names(self) -> list[str]:
        """Every name there is, for suggestions."""
        ...

    def meant(self, field: str, word: str) -> str:
        """The value of a field that a ledger writes as `word`, or an empty text."""
        ...


def check(expr: Expr, schema: Schema, text: str, want: Kind | None = None) -> Expr:
    """Type `expr`; raises ExpressionError with all mistakes, each with a caret into `text`.

    `want` is the kind the whole must have.
    """
    checker = _Checker(schema, text)
    typed = checker.visit(expr)
    if want is not None and typed.type.kind not in (want, Kind.ANY) and not checker.errors:
        checker.error(typed, "cel.want", want=str(want), got=str(typed.type))
    if checker.errors:
        raise ExpressionError(*checker.errors)
    return typed


class _Checker:
    def __init__(self, schema: Schema, text: str) -> None:
        self.schema = schema
        self.text = text
        self.errors: list[Diagnostic] = []

    def error(self, node: Expr, code: str, hint: str | None = None, **args: Any) -> Type:
        place = Place(snippet=self.text, caret=node.at)
        self.errors.append(Diagnostic(code, args, place, hint))
        return ANY

    def visit(self, expr: Expr) -> Expr:
        match expr:
            case Lit(value=bool()):
                return replace(expr, type=BOOL)
            case Lit(value=int() as number):
                return replace(expr, type=Type(Kind.INT, low=number, high=number))
            case Lit():
                return replace(expr, type=STRING)
            case Name():
                return self._name(expr)
            case ListLit():
                return self._list(expr)
            case Call(op="has"):
                return self._has(expr)
            case Call(op="timestamp"):
                return self._timestamp(expr)
            case Call(op="decide"):
                return expr  # typed with its table
            case Call():
                args = tuple(self.visit(a) for a in expr.args)
                typed = replace(expr, args=args)
                if expr.op == "matches":
                    typed = self._pattern(typed)
                return replace(typed, type=self._result(typed))
            case _:
                return expr

    def _name(self, name: Name) -> Expr:
        found = self.schema.resolve(name.path, name.at)
        if found is not None:
            return found
        dotted = ".".join(name.path)
        near = suggest(dotted, self.schema.names())
        hint = "cel.hint.near" if near else "cel.hint.names"
        self.error(name, "cel.unknown-name", hint, name=dotted, near=near,
                   **_examples(self.schema.names()))
        return FieldRef(dotted, ANY, name.at)

    def _has(self, call: Call) -> Expr:
        inner = self.visit(call.args[0])
        if not isinstance(inner, FieldRef):
            self.error(inner, "cel.has-field")
        return replace(call, args=(inner,), type=BOOL)

    def _timestamp(self, call: Call) -> Expr:
        """A point in time that is written out, as the day that begins then."""
        text = call.args[0]
        if not isinstance(text, Lit) or not isinstance(text.value, str):
            self.error(text, "cel.timestamp-literal", "cel.hint.timestamp")
            return replace(call, type=ANY)
        wrong, day = midnight(text.value)
        if wrong:
            self.error(text, f"cel.{wrong}", "cel.hint.timestamp", text=text.value)
        return Lit(day, Type(Kind.DATE, low=day, high=day), call.at)

    def _list(self, expr: ListLit) -> Expr:
        items = tuple(self.visit(i) for i in expr.items)
        kinds = {i.type.kind for i in items} - {Kind.ANY}
        if len(kinds) > 1:
            self.error(expr, "cel.mixed-list", kinds=", ".join(sorted(kinds)))
        # A mixed list has been refused already: what reads it is not to be refused a second time.
        item = kinds.pop() if len(kinds) == 1 else Kind.ANY
        return replace(expr, items=items, type=Type(Kind.LIST, item=item))

    def _pattern(self, call: Call) -> Call:
        pattern = call.args[1]
        if not isinstance(pattern, Lit) or not isinstance(pattern.value, str):
            if pattern.type.kind in (Kind.STRING, Kind.ANY):
                self.error(pattern, "cel.regex-literal")
            return call
        try:
            normal = replace(pattern, value=portable(pattern.value))
            return replace(call, args=(call.args[0], normal))
        except RegexError as error:
            d = error.diagnostic
            self.error(pattern, d.code, d.hint, **d.args)
            return call

    def _result(self, call: Call) -> Type:
        kinds = [a.type.kind for a in call.args]
        op = call.op
        if Kind.LIST in kinds and op != "in":
            return self._mismatch(call)
        if op in ("&&", "||", "!"):
            return BOOL if self._all(call, Kind.BOOL) else ANY
        if op == "?:":
            return self._conditional(call)
        if op in COMPARISONS:
            return self._comparison(call)
        if op == "in":
            return self._membership(call)
        if op in TEXT_TESTS:
            return BOOL if self._all(call, Kind.STRING) else ANY
        if op == "size":
            return self._size(call)
        if op == "workdays":
            return self._workdays(call)
        if op in ("days", "months"):
            kind = Kind.DURATION if op == "days" else Kind.PERIOD
            ok = self._all(call, Kind.INT)
            bounds = _bounds(call.args[0])
            return self._bounded(call, kind, *bounds) if ok else ANY
        if op == "date":
            return Type(Kind.DATE, None, *date_bounds([a.type for a in call.args])
                        ) if self._all(call, Kind.INT) else ANY
        if op in DAY_PARTS:
            return self._day_part(call)
        return self._arithmetic(call)

    def _workdays(self, call: Call) -> Type:
        if not self._all(call, Kind.INT):
            return ANY
        if self.schema.calendar is None:
            return self.error(call, "cel.no-workdays", "cel.hint.no-workdays")
        if any(isinstance(n, (FieldRef, AsOf)) for n in walk(call.args[0])):
            return self.error(call.args[0], "cel.workdays-count")
        bounded = self._bounded(call, Kind.WORKDAYS, *_bounds(call.args[0]))
        return bounded if bounded is ANY else replace(bounded, calendar=self.schema.calendar)

    def _day_part(self, call: Call) -> Type:
        day = call.args[0].type
        if day.kind not in (*MONTH_AND_DAY, Kind.ANY):
            return self.error(call, "cel.types", "cel.hint.day-part", op=f"{call.op}()",
                              got=str(day))
        return Type(Kind.INT, None, *part_bounds(call.op, day))

    def _mismatch(self, call: Call) -> Type:
        got = ", ".join(str(a.type) for a in call.args)
        months = any(Kind.MONTH in (a.type.kind, a.type.item) for a in call.args)
        hint = "cel.hint.month" if months else "cel.hint.types"
        return self.error(call, "cel.types", hint, op=_shown(call.op), got=got)

    def _all(self, call: Call, kind: Kind) -> bool:
        if all(a.type.kind in (kind, Kind.ANY) for a in call.args):
            return True
        self._mismatch(call)
        return False

    def _conditional(self, call: Call) -> Type:
        test, yes, no = (a.type for a in call.args)
        if test.kind not in (Kind.BOOL, Kind.ANY):
            return self._mismatch(call)
        if Kind.ANY in (yes.kind, no.kind):
            return yes if no.kind is Kind.ANY else no
        if yes.kind is not no.kind:
            return self._mismatch(call)
        values = yes.values | no.values if yes.values and no.values else None
        return Type(yes.kind, values, min(yes.low, no.low), max(yes.high, no.high),
                    calendar=yes.calendar)

    def _comparison(self, call: Call) -> Type:
        a, b = (x.type for x in call.args)
        missing = Kind.ANY in (a.kind, b.kind)
        ordered = call.op not in ("==", "!=")
        enum = a.values is not None or b.values is not None
        alike = a.kind is b.kind or {a.kind, b.kind} == MONTH_AND_DAY
        if not (alike or missing) or LENGTHS & {a.kind, b.kind}:
            return self._mismatch(call)
        if ordered and (Kind.BOOL in (a.kind, b.kind) or enum):
            return self.error(call, "cel.no-order", op=call.op)
        if missing:
            return BOOL
        self._enum(call.args[0], call.args[1])
        self._enum(call.args[1], call.args[0])
        if a.values and b.values and not a.values & b.values:
            return self.error(call, "cel.enums-apart", op=call.op)
        return BOOL

    def _enum(self, side: Expr, literal: Expr) -> None:
        """A literal compared with an enum must be one of its values: else it never holds."""
        values = side.type.values
        if values is None or not isinstance(literal, Lit) or literal.value in values:
            return
        word = str(literal.value)
        own = self.schema.meant(side.name, word) if isinstance(side, FieldRef) else ""
        near = own or suggest(word, sorted(values))
        self.error(literal, "cel.not-a-value", "cel.hint.near" if near else "cel.hint.values",
                   value=literal.value, near=near, values=", ".join(sorted(values)))

    def _membership(self, call: Call) -> Type:
        item, pool = call.args
        if not isinstance(pool, ListLit):
            return self.error(pool, "cel.in-list")
        kind = pool.type.item
        if item.type.kind is Kind.LIST or item.type.kind in LENGTHS:
            return self._mismatch(call)
        if kind not in (Kind.ANY, item.type.kind) and item.type.kind is not Kind.ANY:
            return self._mismatch(call)
        for candidate in pool.items:
            self._enum(item, candidate)
        return BOOL

    def _size(self, call: Call) -> Type:
        if call.args[0].type.kind not in (Kind.STRING, Kind.ANY):
            return self._mismatch(call)
        return Type(Kind.INT, low=0, high=2**31)

    def _arithmetic(self, call: Call) -> Type:
        if call.op == "neg":
            if not self._all(call, Kind.INT):
                return ANY
            low, high = _bounds(call.args[0])
            return self._bounded(call, Kind.INT, -high, -low)
        a, b = (x.type for x in call.args)
        if Kind.ANY in (a.kind, b.kind):
            return self._with_any(call, a if b.kind is Kind.ANY else b)
        kind = RESULTS.get((call.op, a.kind, b.kind))
        if kind is None:
            return self._mismatch(call)
        if call.op in DIVISIONS:
            bounds = quotient_bounds(a, b) if call.op == "/" else remainder_bounds(a, b)
            return self._bounded(call, kind, *bounds)
        if call.op == "*":
            corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
            return self._bounded(call, kind, min(corners), max(corners))
        if Kind.WORKDAYS in (a.kind, b.kind):
            return Type(kind, None, *worked_bounds(*(b, a) if a.kind is Kind.WORKDAYS else (a, b)))
        low, high = (b.low, b.high) if call.op == "+" else (-b.high, -b.low)
        if Kind.PERIOD in (a.kind, b.kind) and kind is not Kind.PERIOD:
            start, (low, high) = (a, (low, high)) if a.kind is kind else (b, (a.low, a.high))
            return self._moved(call, start, low, high)
        return self._bounded(call, kind, a.low + low, a.high + high)

    def _with_any(self, call: Call, known: Type) -> Type:
        """A missing operand: the result is unknown, and of a kind only where that is certain."""
        if known.kind is Kind.ANY:
            return ANY
        if known.kind not in NUMERIC:
            return self._mismatch(call)
        return ANY

    def _moved(self, call: Call, start: Type, low: int, high: int) -> Type:
        try:
            return self._bounded(call, start.kind, add_months(start.low, low),
                                 add_months(start.high, high))
        except (ValueError, OverflowError):
            return self.error(call, "cel.overflow", "cel.hint.overflow", kind=str(start.kind))

    def _bounded(self, call: Call, kind: Kind, low: int, high: int) -> Type:
        least, most = LIMITS[kind]
        if low < least or high > most:
            return self.error(call, "cel.overflow", "cel.hint.overflow", kind=str(kind))
        return Type(kind, low=low, high=high)


def _examples(names: Sequence[str]) -> dict[str, str]:
    """A field and a parameter that could be named, for a hint."""
    params = [name.partition(".")[2] for name in names if name.startswith("params.")]
    fields = [name for name in names if "." in name and not name.startswith("params.")]
    return {"field": (*fields, "group.name")[0], "param": (*params, "name")[0]}


def _bounds(expr: Expr) -> tuple[int, int]:
    return expr.type.low, expr.type.high


def _shown(op: str) -> str:
    return "-" if op == "neg" else op
