"""A rule whose parameters have other names. In: a typed rule, names. Out: the same rule by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from zhuanjie.engine.expr.nodes import Call, Expr, ListLit, Param
from zhuanjie.engine.policy.mapped import mapped
from zhuanjie.engine.policy.policy import TypedRule

if TYPE_CHECKING:
    from zhuanjie.engine.core.models import Text
    from zhuanjie.engine.policy.model import Rule

_TEXTS = ("message", "remedy", "late", "late_remedy")


def renamed(rule: TypedRule, names: Mapping[str, str]) -> TypedRule:
    """The rule, its parameters under other names, in its texts too."""
    texts = {key: _text(text, names) for key in _TEXTS
             if (text := getattr(rule.rule, key)) is not None}
    model: Rule = rule.rule.model_copy(update=texts)
    return replace(mapped(rule, lambda expr: _param(expr, names)), rule=model)


def _param(expr: Expr, names: Mapping[str, str]) -> Expr:
    match expr:
        case Param(name=name):
            return replace(expr, name=names.get(name, name))
        case Call(args=args):
            return replace(expr, args=tuple(_param(a, names) for a in args))
        case ListLit(items=items):
            return replace(expr, items=tuple(_param(i, names) for i in items))
        case _:
            return expr


def _text(text: Text, names: Mapping[str, str]) -> Text:
    said = {"zh": text.zh, "en": text.en}
    for plain, name in names.items():
        said = {k: t.replace(f"{{params.{plain}}}", f"{{params.{name}}}") for k, t in said.items()}
    return text.model_copy(update=said)
