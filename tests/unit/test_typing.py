"""The type check: what is let through with which type, and what is refused with which words."""

from __future__ import annotations

import pytest
from support.party_transfer import fields

from zhuanjie.engine.core.errors import ExpressionError
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.names import PackSchema
from zhuanjie.engine.expr.printer import to_text
from zhuanjie.engine.expr.type_checker import check
from zhuanjie.engine.expr.types import Kind

SCHEMA = PackSchema(fields(), {"n_days": (30, 90), "huge": (0, 10**7)})


def typed(text: str):
    return check(read(text), SCHEMA, text)


@pytest.mark.parametrize(("text", "kind"), [
    ("has(letter.issued_on)", Kind.BOOL),
    ("letter.issued_on + days(params.n_days)", Kind.DATE),
    ("days(3) + letter.issued_on", Kind.DATE),
    ("letter.issued_on - months(1)", Kind.DATE),
    ("as_of - letter.issued_on", Kind.DURATION),
    ("as_of - letter.issued_on > days(3)", Kind.BOOL),
    ("letter.valid_days * 2 - 1", Kind.INT),
    ("-letter.valid_days", Kind.INT),
    ("size(member.name)", Kind.INT),
    ("has(letter.valid_days) ? letter.valid_days : params.n_days", Kind.INT),
    ("destination.kind in ['retained', 'employer_org']", Kind.BOOL),
    ("letter.sex == member.sex", Kind.BOOL),
    ("member.phone.matches('^[0-9]+$')", Kind.BOOL),
    ("employment.employed == true", Kind.BOOL),
    ("months(1 + 2)", Kind.PERIOD),
])
def test_types(text: str, kind: Kind) -> None:
    assert typed(text).type.kind is kind


@pytest.mark.parametrize(("text", "code"), [
    ("letter.isued_on > as_of", "cel.unknown-name"),
    ("params.nope > 1", "cel.unknown-name"),
    ("letter > 1", "cel.unknown-name"),
    ("letter.issued_on > 3", "cel.types"),
    ("letter.issued_on + 3 > as_of", "cel.types"),
    ("member.name && true", "cel.types"),
    ("!member.name", "cel.types"),
    ("member.name + 'x' == ''", "cel.types"),
    ("destination.kind < 'retained'", "cel.no-order"),
    ("employment.employed < true", "cel.no-order"),
    ("months(1) == months(1)", "cel.types"),
    ("destination.kind == 'retaned'", "cel.not-a-value"),
    ("'retaned' == destination.kind", "cel.not-a-value"),
    ("destination.kind in ['retained', 'nowhere']", "cel.not-a-value"),
    ("letter.sex == letter.category", "cel.enums-apart"),
    ("member.cohort in [2006, '2007']", "cel.mixed-list"),
    ("member.cohort in ['2006']", "cel.types"),
    ("member.cohort in letter.valid_days", "cel.in-list"),
    ("[1, 2] == [1, 2]", "cel.types"),
    ("has(params.n_days)", "cel.has-field"),
    ("letter.issued_on + days(params.huge) > as_of", "cel.overflow"),
    ("letter.issued_on + months(params.huge) > as_of", "cel.overflow"),
    ("9223372036854775807 + 1 > 0", "cel.overflow"),
    ("-(-9223372036854775807 - 1) > 0", "cel.overflow"),
    ("member.phone.matches('(?i)x')", "cel.regex"),
    ("member.phone.matches(member.name)", "cel.regex-literal"),
    ("months(1) == months(1)", "cel.types"),
    ("true ? 1 : 'x'", "cel.types"),
    ("1 ? 1 : 2", "cel.types"),
])
def test_refusals(text: str, code: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        typed(text)
    assert code in {d.code for d in caught.value.diagnostics}
    assert all(d.place.caret is not None for d in caught.value.diagnostics)


def test_every_mistake_is_said() -> None:
    with pytest.raises(ExpressionError) as caught:
        typed("letter.x == 1 && destination.kind == 'y' && member.name > 1")
    assert len(caught.value.diagnostics) == 3


def test_wide_text_before_the_caret_is_counted_twice() -> None:
    with pytest.raises(ExpressionError) as caught:
        typed("member.name == '姓名' && x")
    assert "\n  | " + " " * 25 + "^\n" in str(caught.value)


@pytest.mark.parametrize("text", [
    "a.b && (c.d || e.f) && !g.h", "!(a.b && c.d)", "1 - (2 - 3)", "1 - 2 - 3", "-(a.b + 1)",
    "(a.b ? 1 : 2) + 3", "a.b ? (c.d ? 1 : 2) : 3", "a.b ? 1 : c.d ? 2 : 3", "x.y.startsWith('it\\'s')", "a.b in ['x', \"y\"]",
    "(a.b + 1) * 2", "has(a.b) == (c.d == 'x')",
])
def test_printed_text_reads_back_the_same(text: str) -> None:
    once = to_text(read(text))
    assert to_text(read(once)) == once
    assert _shape(read(once)) == _shape(read(text))


def _shape(expr):
    inner = getattr(expr, "args", None) or getattr(expr, "items", ())
    own = getattr(expr, "op", None) or getattr(expr, "value", None) or getattr(expr, "path", None)
    return type(expr).__name__, own, tuple(_shape(e) for e in inner)
