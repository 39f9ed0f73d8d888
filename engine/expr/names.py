"""What names mean in expressions. In: fields, parameters, definitions. Out: schemas to check by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from msgspec.structs import replace

from zhuanjie.engine.core.dates import Month, to_day
from zhuanjie.engine.core.errors import ExpressionError, fail
from zhuanjie.engine.core.unicode import comparable, half_pair
from zhuanjie.engine.core.workdays import WorkCalendar
from zhuanjie.engine.expr.nodes import AsOf, Expr, FieldRef, ListLit, Name, Param
from zhuanjie.engine.expr.types import (
    ANY,
    BOOL,
    INT64,
    RECORD_DATE,
    STRING,
    Kind,
    Type,
    field_type,
)
from zhuanjie.engine.vocabulary.fields import FieldTable
from zhuanjie.engine.vocabulary.heading_text import plain_heading

AS_OF, PARAMS, OUTPUTS = "as_of", "params", "outputs"


class PackSchema:
    """Names as a pack may use them: the record's fields, its parameters, the as-of day, and what

    it defines by a name of its own.
    """

    def __init__(self, fields: FieldTable, params: Mapping[str, Type | tuple[int, int]],
                 definitions: Mapping[str, Expr] | None = None,
                 calendar: WorkCalendar | None = None) -> None:
        """`params` gives the type of each parameter; of a number its least and greatest value.

        `definitions` are typed; the mapping may grow while others are. `calendar` is what working
        days are counted by.
        """
        self.calendar = calendar
        self._fields = fields
        self._params = {name: held if isinstance(held, Type) else Type(
            Kind.INT, low=held[0], high=held[1]) for name, held in params.items()}
        self._definitions: Mapping[str, Expr] = {} if definitions is None else definitions
        self.outputs: Mapping[str, Callable[[int], Expr]] = {}
        """What tables give, by name: where it stands, to its value."""

    def resolve(self, path: tuple[str, ...], at: int) -> Expr | None:
        """See `typing.Schema`."""
        if path == (AS_OF,):
            return AsOf(RECORD_DATE, at)
        if path[0] == OUTPUTS and len(path) == 2 and path[1] in self.outputs:
            return self.outputs[path[1]](at)
        if path[0] == PARAMS and len(path) == 2 and path[1] in self._params:
            return Param(path[1], self._params[path[1]], at)
        if len(path) == 1 and path[0] in self._definitions:
            return used(path[0], self._definitions[path[0]], at)
        field = self._fields.get(".".join(path))
        return FieldRef(field.name, field_type(field), at) if field else None

    def names(self) -> list[str]:
        """See `typing.Schema`."""
        return [*self.quotable(), *(f"{OUTPUTS}.{name}" for name in self.outputs),
                *self._definitions]

    def quotable(self) -> list[str]:
        """The names whose values a text can quote."""
        return [*(f.name for f in self._fields), *(f"{PARAMS}.{p}" for p in self._params), AS_OF]

    def meant(self, field: str, word: str) -> str:
        """See `type_checker.Schema`."""
        known = self._fields.get(field)
        return known.choices.get(comparable(word), "") if known else ""

    def headed(self, word: str) -> tuple[str, ...]:
        """See `typed.Headings`."""
        wanted = plain_heading(word)
        return tuple(f.name for f in self._fields
                     if wanted in map(plain_heading, (*f.all_headings, *f.shared_headings)))

    def listed(self, word: str) -> tuple[str, ...]:
        """See `typed.Headings`."""
        wanted = comparable(word)
        return tuple(dict.fromkeys(f.choices[wanted] for f in self._fields
                                   if f.type == "enum" and wanted in f.choices))


def used(name: str, expr: Expr, at: int) -> Expr:
    """What a definition says, as it stands where it is used: at that place, under its name."""
    if isinstance(expr, Name):
        return expr
    if isinstance(expr, ListLit):  # its items are compared one by one, and said to be wrong there
        expr = replace(expr, items=tuple(replace(item, at=at) for item in expr.items))
    return replace(expr, at=at, named=(name, *expr.named))


class DataSchema:
    """Names as one evaluation has them: what the data hold, typed by the values themselves.

    A field that the data lack has a value nowhere: it is unknown, whatever it is compared with.
    """

    def __init__(self, values: Mapping[str, Any], params: Mapping[str, int | date]) -> None:
        """`values` maps dotted names to scalars."""
        self.calendar: WorkCalendar | None = None
        self._types = {name: _type_of(name, value) for name, value in values.items()}
        self._params = params

    def resolve(self, path: tuple[str, ...], at: int) -> Expr | None:
        """See `typing.Schema`."""
        name = ".".join(path)
        if name in self._types:
            return FieldRef(name, self._types[name], at)
        if path == (AS_OF,):
            return AsOf(RECORD_DATE, at)
        if path[0] == PARAMS and len(path) == 2:
            if path[1] not in self._params:
                return None
            return Param(path[1], _type_of(path[1], self._params[path[1]]), at)
        return FieldRef(name, ANY, at) if len(path) == 2 and path[0] not in self._types else None

    def names(self) -> list[str]:
        """See `typing.Schema`."""
        return [*self._types, *(f"{PARAMS}.{p}" for p in self._params), AS_OF]

    def meant(self, _field: str, _word: str) -> str:
        """See `type_checker.Schema`."""
        return ""


def _type_of(name: str, value: Any) -> Type:
    match value:
        case bool():
            return BOOL
        case int():
            if not INT64[0] <= value <= INT64[1]:
                raise fail(ExpressionError, "cel.data-int", name=name)
            return Type(Kind.INT, low=value, high=value)
        case str():
            if half_pair(value) is not None:
                raise fail(ExpressionError, "cel.data-text", name=name)
            return STRING
        case datetime():
            raise fail(ExpressionError, "cel.data-type", name=name)
        case Month():
            return Type(Kind.MONTH, low=to_day(value), high=to_day(value))
        case date():
            return Type(Kind.DATE, low=to_day(value), high=to_day(value))
        case _:
            raise fail(ExpressionError, "cel.data-type", name=name)
