"""Text to a typed tree. In: CEL text and what names mean. Out: a typed tree, or every mistake.

Whoever writes a condition may write a ledger's heading where the field's own name is wanted: what
the names mean says which field that is.
"""

from __future__ import annotations

from typing import Protocol

from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import ExpressionError
from zhuanjie.engine.expr.cel_syntax import CHINESE_NAME
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.nodes import Expr
from zhuanjie.engine.expr.type_checker import Schema, check
from zhuanjie.engine.expr.types import Kind


class Headings(Schema, Protocol):
    """What names mean, and what words of ledgers do."""

    def headed(self, word: str) -> tuple[str, ...]:
        """The fields whose heading `word` is."""
        ...

    def listed(self, word: str) -> tuple[str, ...]:
        """The values that a ledger writes as `word`."""
        ...


def typed_expression(text: str, schema: Headings, want: Kind | None = None) -> Expr:
    """Read and type an expression; raises ExpressionError with every mistake in it."""
    try:
        tree = read(text)
    except ExpressionError as error:
        raise ExpressionError(*(_named(d, schema) for d in error.diagnostics)) from None
    return check(tree, schema, text, want)


def _named(found: Diagnostic, schema: Headings) -> Diagnostic:
    """A mistake, with what a Chinese name in it means as a heading or a value."""
    if found.code != CHINESE_NAME:
        return found
    name = str(found.args["name"])
    for hint, near in (("cel.hint.heading", schema.headed(name)),
                       ("cel.hint.heading", schema.headed(name.rpartition(".")[2])),
                       ("cel.hint.value", schema.listed(name))):
        if near:
            return replace(found, hint=hint,
                           args={"name": name, "near": ", ".join(f"`{n}`" for n in near)})
    return found
