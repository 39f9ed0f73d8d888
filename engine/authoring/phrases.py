"""Expressions in words. In: a typed expression, a language. Out: the same as a phrase to read.

Fields go by their headings, values by the words of a ledger, parameters by value and name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from zhuanjie.engine.auditing.wording.template import field_label, value_label
from zhuanjie.engine.core.dates import from_day
from zhuanjie.engine.core.messages import Lang, say
from zhuanjie.engine.core.models import Text
from zhuanjie.engine.expr.decisions import DECIDE, decision_of
from zhuanjie.engine.expr.nodes import (
    AsOf,
    Call,
    Expr,
    FieldRef,
    ListLit,
    Lit,
    Name,
    Param,
    names_of,
    unnamed,
)
from zhuanjie.engine.expr.operators import COMPARISONS, OPS
from zhuanjie.engine.expr.types import MONTH_AND_DAY, Kind, Type
from zhuanjie.engine.policy.model import Parameter
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.policy.typed_definition import TypedDefinition
from zhuanjie.engine.vocabulary.fields import FieldTable

_SAMENESS = {"==": "same", "!=": "differ"}
_GROUPS = OPS["+"].binds
"""Operators that bind no tighter than this are put in brackets where they stand in another."""


class Phrases:
    """Puts the expressions of one policy into words of one language."""

    def __init__(self, parameters: Mapping[str, Parameter], fields: FieldTable, lang: Lang, *,
                 values: Mapping[str, int] | None = None, patterns: bool = True,
                 definitions: Mapping[str, TypedDefinition] | None = None,
                 outputs: Mapping[str, Text] | None = None) -> None:
        """`values` are the parameters' on a day; without `patterns` no pattern is written out.

        Those of `definitions` are called by their titles, and any other is written out; what
        tables give by the titles of `outputs`, else by name.
        """
        self._definitions, self._outputs = definitions or {}, outputs or {}
        self._parameters, self._fields = parameters, fields
        self._lang, self._values, self._patterns = lang, values or {}, patterns

    @classmethod
    def of(cls, policy: Policy, lang: Lang, *, values: Mapping[str, int] | None = None,
           patterns: bool = True,
           definitions: Mapping[str, TypedDefinition] | None = None) -> Phrases:
        """With all that a policy has names for; of its `definitions` some, where they are given."""
        outputs = {name: output.title for rule in policy.rules if rule.rule.table is not None
                   for name, output in rule.rule.table.outputs.items()
                   if output.title is not None}
        return cls(policy.parameters, policy.vocabulary.fields, lang, values=values,
                   patterns=patterns, outputs=outputs,
                   definitions=policy.definitions if definitions is None else definitions)

    def defined(self, expr: Expr) -> str:
        """A definition by its title, with what it says; any other expression as `condition`."""
        title = self._called(expr)
        if not title:
            return self.condition(expr)
        return self._say("defined", name=title, text=self.defined(unnamed(expr)))

    def _called(self, expr: Expr) -> str:
        """What people call the definition that an expression stands for; empty where it is none."""
        names = names_of(expr)
        known = self._definitions.get(names[0]) if names else None
        return getattr(known.title, self._lang) if known is not None else ""

    def condition(self, expr: Expr) -> str:
        """A condition as a statement, or any other expression as its value."""
        if self._called(expr):
            return self._called(expr)
        if isinstance(expr, FieldRef) and expr.type.kind is Kind.BOOL:
            return self._is(expr, True)
        return self._value(expr, None)

    def asked(self, rule: TypedRule) -> dict[str, str]:
        """What a rule's expressions say, by what they are to it; a bare number of days says so."""
        found = rule.expressions()
        if "every" in found and found["every"].type.kind is Kind.INT:
            found["every"] = Call("days", (found["every"],))
        return {role: self.condition(expr) for role, expr in found.items()}

    def _value(self, expr: Expr, field: str | None) -> str:
        """An expression in words; a literal as a value of the field it is compared with."""
        if title := self._called(expr):
            return title
        match expr:
            case Lit(value=int() as day, type=Type(kind=Kind.DATE)):
                return from_day(day).isoformat()
            case Lit(value=value):
                shown = value_label(field or "", value, self._lang, self._fields)
                return self._say("quoted", a=shown) if isinstance(value, str) else shown
            case FieldRef(name=name):
                return field_label(name, self._lang, self._fields)
            case Param(name=name):
                held = self._number(name)
                title = self._title(name)
                return title if held is None else self._say("named", text=held, name=title)
            case AsOf():
                return self._say("as_of")
            case ListLit(items=items):
                return self._say("list").join(self._value(i, field) for i in items)
            case Name(path=path):
                return ".".join(path)
            case Call():
                return self._call(expr)

    def _call(self, expr: Call) -> str:
        match expr:
            case Call(op="decide"):
                name = decision_of(expr).name
                title = self._outputs.get(name)
                return self._say("output", name=getattr(title, self._lang) if title else name)
            case Call(args=args) if any(map(self._called, args)):
                pass
            case Call(op="!", args=(Call(op="has", args=(inner,)),)):
                return self._say("blank", a=self._value(inner, None))
            case Call(op="!", args=(FieldRef() as inner,)):
                return self._is(inner, False)
            case Call(op="days" | "workdays" | "months" as op, args=(Param(name=name),)):
                value = self._number(name)
                if value is not None:
                    return self._say("named", text=self._say(f"op.{op}", a=value),
                                     name=self._title(name))
            case Call(op="matches", args=(text, _)) if not self._patterns:
                return self._say("op.matches-form", a=self._value(text, None))
            case Call(op="date", args=(Call(op="getFullYear", args=(whose,)), month, day)):
                return self._say("op.date-in", a=self._value(whose, None),
                                 b=self._value(month, None), c=self._value(day, None))
        asks = expr.op in ("&&", "||", "!", "?:")
        field = next((a.name for a in expr.args if isinstance(a, FieldRef)), None)
        words = [self._operand(a, expr, asks=asks, field=field) for a in expr.args]
        return self._say(_code(expr), **dict(zip("abc", words, strict=False)))

    def _operand(self, part: Expr, within: Call, *, asks: bool, field: str | None) -> str:
        words = self.condition(part) if asks else self._value(part, field)
        if (not isinstance(part, Call) or within.op in ("has", "size") or part.op == DECIDE
                or self._called(part)):
            return words
        inner, outer = OPS[part.op].binds, OPS[within.op].binds
        junction = part.op in ("&&", "||")
        apart = part.op != within.op if junction else inner <= min(outer, _GROUPS)
        return self._say("group", a=words) if apart else words

    def _number(self, parameter: str) -> int | date | None:
        """A parameter's value, None where it depends on the day."""
        declared = self._parameters[parameter]
        held = self._values.get(parameter, declared.fixed)
        return None if held is None else declared.valued(held)

    def _title(self, parameter: str) -> str:
        """What people call a parameter."""
        title = self._parameters[parameter].title
        return getattr(title, self._lang) if title else parameter

    def _is(self, field: FieldRef, value: bool) -> str:
        return self._say(
            "is",
            a=field_label(field.name, self._lang, self._fields),
            b=self._say("quoted", a=value_label(field.name, value, self._lang, self._fields)),
        )

    def _say(self, code: str, **args: object) -> str:
        return say(f"docs.{code}", self._lang, **args)


def _code(expr: Call) -> str:
    """The words of an operator: of two days one is earlier, of two numbers one is less."""
    order = expr.op in COMPARISONS - {"==", "!="} and expr.args[0].type.kind in MONTH_AND_DAY
    moved = expr.op in ("+", "-") and expr.type.kind in MONTH_AND_DAY
    if expr.op in _SAMENESS and all(isinstance(a, FieldRef) for a in expr.args):
        return _SAMENESS[expr.op]
    return f"date.{expr.op}" if order or moved else f"op.{expr.op}"
