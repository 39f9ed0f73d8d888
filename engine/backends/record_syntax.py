"""Python syntax trees. In: parts of a tree. Out: larger parts, and in the end a function."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

NONE = ast.Constant(None)
_OPS: dict[str, ast.cmpop] = {
    "==": ast.Eq(), "!=": ast.NotEq(), "<": ast.Lt(), "<=": ast.LtE(), ">": ast.Gt(),
    ">=": ast.GtE(),
}


def name(local: str) -> ast.expr:
    """A variable that is read."""
    return ast.Name(local, ast.Load())


def const(value: Any) -> ast.expr:
    """A constant."""
    return ast.Constant(value)


def call(callee: ast.expr, *args: ast.expr) -> ast.expr:
    """A call."""
    return ast.Call(callee, list(args), [])


def compare(left: ast.expr, op: str | ast.cmpop, right: ast.expr) -> ast.expr:
    """A comparison."""
    return ast.Compare(left, [_OPS[op] if isinstance(op, str) else op], [right])


def both(tests: Sequence[ast.expr]) -> ast.expr:
    """All of `tests`, tried from the left."""
    return ast.BoolOp(ast.And(), list(tests)) if len(tests) > 1 else tests[0]


def either(tests: Sequence[ast.expr]) -> ast.expr:
    """Any of `tests`, tried from the left."""
    return ast.BoolOp(ast.Or(), list(tests)) if len(tests) > 1 else tests[0]


def assign(local: str, value: ast.expr) -> ast.stmt:
    """`local = value`."""
    return ast.Assign([ast.Name(local, ast.Store())], value)


def function(body: Sequence[ast.stmt], bound: Mapping[str, Any]) -> Callable[[Any], Any]:
    """A function of one record, called `record` in `body` and read there by `get`.

    `bound` are the values that `body` calls by name.
    """
    get = assign("get", ast.Attribute(name("record"), "get", ast.Load()))
    arguments = ast.arguments([], [ast.arg("record")], None, [], [], None, [])
    define = ast.FunctionDef("judge", arguments, [get, *body], [])
    module = _placed(ast.Module([define], []))
    space: dict[str, Any] = {"__builtins__": {"len": len}, **bound}
    # Made from a tree of our own nodes; no text of a pack is ever parsed.
    exec(compile(module, "<conditions>", "exec"), space)
    made: Callable[[Any], Any] = space["judge"]
    return made


def _placed(tree: ast.Module) -> ast.Module:
    """`tree` with the places that Python's compiler asks for: as `ast.fix_missing_locations`, in
    half its time.
    """
    left: list[Any] = [tree]
    while left:
        node = left.pop()
        if "lineno" in node._attributes:
            node.lineno, node.col_offset = 1, 0
        for field in node._fields:
            below = getattr(node, field, None)
            if isinstance(below, ast.AST):
                left.append(below)
            elif isinstance(below, list):
                left += below
    return tree
