"""Decision tables typed. In: a table as written, where its rows stand. Out: typed rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import ExpressionError
from zhuanjie.engine.core.yaml_source import Key, YamlSource
from zhuanjie.engine.expr.names import OUTPUTS, PackSchema
from zhuanjie.engine.expr.nodes import Call, Expr, FieldRef, Lit
from zhuanjie.engine.expr.short_conditions import DAY, condition
from zhuanjie.engine.expr.type_checker import check
from zhuanjie.engine.expr.typed import typed_expression
from zhuanjie.engine.expr.types import ANY, BOOL, STRING, Kind, Type
from zhuanjie.engine.policy.overlay import Item
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.policy.table_model import Cell, DecisionTable, Output, Row
from zhuanjie.engine.policy.typed_table import TypedOutput, TypedRow
from zhuanjie.engine.vocabulary.fields import FieldTable

_KINDS = {"bool": Kind.BOOL, "int": Kind.INT, "date": Kind.DATE}
_TRAIL = tuple[Key, ...]


class Checking(Protocol):
    """What is asked of the check of packs."""

    table: FieldTable
    schema: PackSchema
    problems: list[Diagnostic]
    typing: list[Item]

    def cel(self, source: YamlSource, trail: Sequence[Key], text: str, want: Kind) -> Expr | None:
        """Read and type an expression."""
        ...

    def clause(self, clause: str, source: YamlSource, trail: Sequence[Key]) -> None:
        """Check a clause."""
        ...

    def near(self, code: str, source: YamlSource, trail: Sequence[Key], name: str,
             known: list[str]) -> None:
        """Note a name that is none of those known."""
        ...

    def rule(self, item: Item) -> TypedRule | None:
        """The typed rule; None where it is wrong, or is being typed."""
        ...


def outputs_of(checker: Checking,
               items: Sequence[Item]) -> Mapping[str, Callable[[int], Expr]]:
    """What the tables among the rules give, by name; a name that two give is noted."""
    found: dict[str, Callable[[int], Expr]] = {}
    first: dict[str, str] = {}
    for item in items:
        for name in item.rule.table.outputs if item.rule.table else ():
            trail = (*item.here, "table", "outputs", name)
            if name in found:
                checker.problems.append(Diagnostic(
                    "pack.output-twice", {"name": name, "rule": first[name]},
                    item.source.place(trail, key=True)))
                continue
            first[name] = item.rule.id
            found[name] = partial(_value, checker, item, name)
    return found


def _value(checker: Checking, item: Item, name: str, at: int) -> Expr:
    """What an output comes to; a name without a type where its table is wrong."""
    if any(item is other for other in checker.typing):
        trail = (*item.here, "table", "outputs", name)
        checker.problems.append(Diagnostic("pack.output-circle", {"name": name},
                                           item.source.place(trail, key=True)))
    elif (rule := checker.rule(item)) is not None:
        return rule.output(next(o for o in rule.outputs if o.name == name), at)
    return FieldRef(f"{OUTPUTS}.{name}", ANY, at)


def typed_table(checker: Checking, table: DecisionTable, item: Item) -> dict[str, Any]:
    """The parts of a typed rule that its table makes."""
    return _Table(checker, table, item).typed()


class _Table:
    """A table in the check."""

    def __init__(self, checker: Checking, table: DecisionTable, item: Item) -> None:
        self.checker, self.table, self.item = checker, table, item
        self.here: _TRAIL = (*item.here, "table")

    def typed(self) -> dict[str, Any]:
        inputs = [self._expr(self.item.source, self._input(i), given.expr, None)
                  for i, given in enumerate(self.table.inputs)]
        rows = [self._row(row, source, tuple(trail), inputs)
                for row, (source, trail) in zip(self.table.rows, self.item.rows, strict=True)]
        return {"hit": self.table.hit, "rows": tuple(rows),
                "outputs": tuple(self._outputs(rows))}

    def _input(self, at: int) -> _TRAIL:
        trail = (*self.here, "inputs", at)
        return (*trail, "expr") if (*trail, "expr") in self.item.source.nodes else trail

    def _row(self, row: Row, source: YamlSource, trail: _TRAIL,
             inputs: Sequence[Expr | None]) -> TypedRow:
        checker = self.checker
        checker.clause(row.clause, source, (*trail, "clause"))
        parts = list(self._cells(row, source, trail, inputs))
        if row.when and (when := checker.cel(source, (*trail, "when"), row.when, Kind.BOOL)):
            parts.append(when)
        self._allow(row, source, trail)
        sets = tuple(self._sets(row, source, trail))
        condition = parts[0] if parts else None
        for part in parts[1:]:
            assert condition is not None
            condition = Call("&&", (condition, part), BOOL)
        return TypedRow(row.clause, row.title, condition, row.allow, sets)

    def _allow(self, row: Row, source: YamlSource, trail: _TRAIL) -> None:
        subject = self.checker.table.get(self.table.subject or "")
        if (self.table.subject is None) is bool(row.allow):
            code = "allow-nothing" if self.table.subject else "allow-no-subject"
            self._say(f"pack.table.{code}", source, (*trail, "allow"))
        for j, value in enumerate(row.allow):
            if subject and subject.values and value not in subject.values:
                known = list(subject.values)
                self.checker.near("pack.not-a-value", source, (*trail, "allow", j), value, known)

    def _cells(self, row: Row, source: YamlSource, trail: _TRAIL,
               inputs: Sequence[Expr | None]) -> Iterator[Expr]:
        if len(row.cells) != len(inputs):
            self._say("pack.table.cells", source, (*trail, "cells"), count=len(row.cells),
                      want=len(inputs))
            return
        for j, (cell, of) in enumerate(zip(row.cells, inputs, strict=True)):
            if of is None:
                continue
            text = _text(cell)
            try:
                tree = condition(text, of, self.checker.schema)
                if tree is not None:
                    yield check(tree, self.checker.schema, text, Kind.BOOL)
            except ExpressionError as error:
                self._note(error, source, (*trail, "cells", j), text)

    def _sets(self, row: Row, source: YamlSource, trail: _TRAIL) -> Iterator[tuple[str, Expr]]:
        for name, cell in row.sets.items():
            place = (*trail, "set", name)
            if name not in self.table.outputs:
                self.checker.near("pack.table.no-output", source, place, name,
                                  list(self.table.outputs))
            elif (value := self._given(self.table.outputs[name], cell, source, place)) is not None:
                yield name, value

    def _outputs(self, rows: Sequence[TypedRow]) -> Iterator[TypedOutput]:
        """The outputs: each has a value for every record, if only by default."""
        for name, output in self.table.outputs.items():
            trail = (*self.here, "outputs", name)
            given = [dict(row.sets).get(name) for row in rows]
            default = None
            if output.default is not None:
                default = self._given(output, output.default, self.item.source,
                                      (*trail, "default"))
            elif (self.table.hit == "first" and rows and rows[-1].when is None
                  and self.table.when is None and self.item.rule.when is None and all(given)):
                default = given[-1]
            else:
                self._say("pack.table.no-default", self.item.source, trail, name=name)
            if default is not None:
                values = [v for v in (*given, default) if v is not None]
                yield TypedOutput(name, _joined(values, output), default)

    def _given(self, output: Output, cell: Cell, source: YamlSource,
               trail: _TRAIL) -> Expr | None:
        """A value of an output, as a row or a default gives it."""
        text = _text(cell)
        if output.type == "bool" and text.lower() in ("true", "false"):
            text = text.lower()  # as spreadsheet programs write it in capitals
        elif output.type == "date" and (day := DAY.fullmatch(text.strip())):
            text = f"date({int(day[1])}, {int(day[2])}, {int(day[3])})"
        if output.type != "text":
            return self._expr(source, trail, text, _KINDS[output.type])
        if output.values and text not in output.values:
            self.checker.near("pack.table.not-given", source, trail, text, list(output.values))
            return None
        return Lit(text, STRING)

    def _expr(self, source: YamlSource, trail: _TRAIL, text: str,
              want: Kind | None) -> Expr | None:
        try:
            return typed_expression(text, self.checker.schema, want)
        except ExpressionError as error:
            self._note(error, source, trail, text)
            return None

    def _note(self, error: ExpressionError, source: YamlSource, trail: _TRAIL, text: str) -> None:
        self.checker.problems += [replace(d, place=source.within(trail, text, d.place.caret))
                                  for d in error.diagnostics]

    def _say(self, code: str, source: YamlSource, trail: _TRAIL, **args: Any) -> None:
        self.checker.problems.append(Diagnostic(code, args, source.place(trail)))


def _text(cell: Cell) -> str:
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _joined(values: Sequence[Expr], output: Output) -> Type:
    """The type of what is one of some values."""
    types = [v.type for v in values]
    if output.type == "text":
        return Type(Kind.STRING, values=frozenset(output.values) | {
            str(v.value) for v in values if isinstance(v, Lit)})
    return Type(types[0].kind, low=min(t.low for t in types), high=max(t.high for t in types))
