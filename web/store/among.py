"""Any number of texts as one parameter. In: a column, a parameter's name. Out: a condition.

`IN` has a parameter for each, so that every number of them is another statement, and a long one is
gone through by the driver at each call.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import orjson
from sqlalchemy import ARRAY, Boolean, ColumnElement, Dialect, Text, TypeDecorator, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeEngine


class _Texts(TypeDecorator[Collection[str]]):
    """An array where the database has such, else a list in JSON."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The type of the parameter."""
        return ARRAY(Text()) if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: Collection[str] | None, dialect: Dialect) -> Any:
        """The parameter's value."""
        texts = list(value or ())
        return texts if dialect.name == "postgresql" else orjson.dumps(texts).decode()


_PARTS: Final = [("column", InternalTraversal.dp_clauseelement),
                 ("texts", InternalTraversal.dp_clauseelement)]


class AmongTexts(ColumnElement[bool]):
    """Whether `column` is one of the texts that the parameter `name` is given."""

    inherit_cache = True
    type = Boolean()
    _traverse_internals = _PARTS

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.texts = bindparam(name, type_=_Texts())

    def self_group(self, against: Any = None) -> AmongTexts:
        """Itself: it is a condition as it stands, and no value to be compared with true.

        So compared, no index would be looked into.
        """
        return self


@compiles(AmongTexts, "postgresql")
def _in_array(element: AmongTexts, compiler: SQLCompiler, **how: Any) -> str:
    return (f"{compiler.process(element.column, **how)}"
            f" = ANY({compiler.process(element.texts, **how)})")


@compiles(AmongTexts)
def _in_json(element: AmongTexts, compiler: SQLCompiler, **how: Any) -> str:
    return (f"{compiler.process(element.column, **how)}"
            f" IN (SELECT value FROM json_each({compiler.process(element.texts, **how)}))")
