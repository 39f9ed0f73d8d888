"""Lowered trees as text, for people who look for a mistake. In: a condition or term. Out: a line.

`all(…)` and `any(…)` join conditions. Days are written as dates; durations and periods say what
they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from zhuanjie.engine.core.dates import from_day
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.conditions import (
    AllOf,
    Among,
    AnyOf,
    Arith,
    Canonical,
    ColumnRef,
    Compare,
    Const,
    Constant,
    DayPart,
    Divide,
    Filled,
    Pick,
    Shift,
    Size,
    TextTest,
    Value,
    WorkShift,
)
from zhuanjie.engine.lowering.rules import LoweredRule
from zhuanjie.engine.lowering.walk import Node

_PARTS = ("not_applicable", "satisfied", "violation", "pending", "undetermined", "settled")


def to_text(node: Node) -> str:
    """A condition or a term on one line; trees that differ read differently."""
    match node:
        case Const(value=value):
            return "always" if value else "never"
        case AllOf(parts=parts):
            return f"all({', '.join(map(to_text, parts))})"
        case AnyOf(parts=parts):
            return f"any({', '.join(map(to_text, parts))})"
        case Filled(name=name, blank=blank):
            return f"{name} is {'blank' if blank else 'filled'}"
        case (Compare(op=op, left=left, right=right) | Arith(op=op, left=left, right=right)
              | Divide(op=op, left=left, right=right)):
            return f"({to_text(left)} {op} {to_text(right)})"
        case Among(term=term, values=values, outside=outside):
            among = ", ".join(repr(value) for value in values)
            return f"({to_text(term)} {'not in' if outside else 'in'} [{among}])"
        case TextTest(op=op, text=text, other=other, fails=fails):
            return f"{'no ' if fails else ''}{op}({to_text(text)}, {to_text(other)})"
        case ColumnRef(name=name):
            return name
        case Value(value=constant, kind=kind):
            return _constant(constant, kind)
        case Shift(date=date, months=months):
            return f"({to_text(date)} + {to_text(months)} months)"
        case WorkShift(date=date, days=days):
            return f"({to_text(date)} + {days} working days)"
        case DayPart(part=part, day=day):
            return f"{part}({to_text(day)})"
        case Size(text=text):
            return f"size({to_text(text)})"
        case Canonical(text=text, how=how):
            return f"{how}({to_text(text)})"
        case Pick(arms=arms):
            chosen = "; ".join(f"{to_text(c)} -> {to_text(t)}" for c, t in arms)
            return f"pick({chosen})"


def rule_lines(rule: LoweredRule) -> Iterator[str]:
    """A lowered rule, a line for each of its parts."""
    yield f"{rule.id}:"
    for name in _PARTS:
        yield f"  {name}: {to_text(getattr(rule, name))}"
    for name, term in (("due", rule.due), ("late", rule.late)):
        if term is not None:
            yield f"  {name}: {to_text(term)}"
    for title, pairs in (("missing", rule.missing), ("clause", rule.clause)):
        for name, cond in pairs:
            yield f"  {title} {name}: {to_text(cond)}"


def _constant(value: Constant, kind: Kind) -> str:
    if value is None:
        return f"missing {kind}"
    if kind is Kind.DATE and isinstance(value, int):
        return from_day(value).isoformat()
    return f"{value} {kind}" if kind in (Kind.DURATION, Kind.PERIOD) else repr(value)
