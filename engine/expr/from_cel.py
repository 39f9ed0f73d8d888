"""CEL's syntax tree to ours. In: CEL text. Out: an untyped `ir` tree, or a refusal with a caret.

What lies outside the subset (macros, maps, doubles, indexing, …) is refused here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import UnsupportedError, fail
from zhuanjie.engine.expr.cel_syntax import parse
from zhuanjie.engine.expr.nodes import Call, Expr, ListLit, Lit, Name
from zhuanjie.engine.expr.operators import BY_CEL, DAY_PARTS

_READABLE = {"_[_]": "[]", "_?._": "?.", "_[?_]": "[?]"}


@lru_cache(maxsize=2048)
def read(text: str) -> Expr:
    """Parse CEL `text` into a tree of `Lit`, `Name`, `Call` and `ListLit`.

    Raises ExpressionError on a syntax error, UnsupportedError on CEL beyond the subset.
    """
    tree, places = parse(text)
    return _TreeReader(text, places).expr(tree)


class _TreeReader:
    """Turns one parsed text; holds it for error places."""

    def __init__(self, text: str, places: dict[int, int]) -> None:
        self.text = text
        self.places = places

    def refuse(self, node: Any, what: str, hint: str = "cel.hint.subset") -> UnsupportedError:
        at = self.places.get(node.id, 0)
        return fail(UnsupportedError, "cel.outside", Place(snippet=self.text, caret=at),
                    hint, what=what)

    def expr(self, node: Any) -> Expr:
        at = self.places.get(node.id, 0)
        if node.HasField("const"):
            return self._constant(node, at)
        if node.HasField("ident"):
            return Name((node.ident.name.lstrip("."),), at=at)
        if node.HasField("select"):
            return self._select(node, at)
        if node.HasField("call"):
            return self._call(node, at)
        if node.HasField("list"):
            return ListLit(tuple(self.expr(e) for e in node.list.elements), at=at)
        raise self.refuse(node, "map or message" if node.HasField("struct") else "macro")

    def _constant(self, node: Any, at: int) -> Expr:
        for kind in ("bool", "int", "string"):
            if node.const.HasField(kind):
                return Lit(getattr(node.const, kind), at=at)
        for kind in ("null", "uint", "double", "bytes"):
            if node.const.HasField(kind):
                raise self.refuse(node, kind)
        raise self.refuse(node, "literal")

    def _select(self, node: Any, at: int) -> Expr:
        operand = self.expr(node.select.operand)
        if not isinstance(operand, Name):
            raise self.refuse(node, "selection")
        # The parser points at the dot; the name starts where its first part does.
        name = Name((*operand.path, node.select.field), at=operand.at)
        return Call("has", (name,), at=at) if node.select.test_only else name

    def _call(self, node: Any, at: int) -> Expr:
        call = node.call
        op = BY_CEL.get(call.function)
        args = ([call.target] if call.HasField("target") else []) + list(call.args)
        if op is None or call.function == "has":
            raise self.refuse(node, _READABLE.get(call.function, f"{call.function}()"))
        # CEL knows size() in both forms.
        as_method = call.HasField("target")
        if len(args) != op.arity or (op.name != "size" and as_method != (op.form == "method")):
            hint = ("cel.hint.day-part" if op.name in DAY_PARTS else "cel.hint.timestamp"
                    if op.name in ("date", "timestamp") else "cel.hint.subset")
            raise self.refuse(node, f"{op.name}()", hint)
        return Call(op.name, tuple(self.expr(a) for a in args), at=at)
