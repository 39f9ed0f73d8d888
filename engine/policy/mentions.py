"""What parts of packs name. In: rules, rows, scopes as written. Out: the names in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from zhuanjie.engine.policy.model import Rule
from zhuanjie.engine.policy.table_model import Row

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")


def clauses_in(part: Row | Rule) -> tuple[str, ...]:
    """The clauses that a rule, its rows among it, or a row has to do with."""
    table = part.table if isinstance(part, Rule) else None
    return (part.clause, *(row.clause for row in table.rows)) if table else (part.clause,)


def words_in(*parts: BaseModel | None) -> frozenset[str]:
    """The names, dotted ones whole, in the expressions and texts of parts of a pack."""
    return frozenset(word for part in parts if part is not None
                     for text in _texts(part.model_dump()) for word in _WORD.findall(text))


def reached(words: frozenset[str], definitions: Mapping[str, BaseModel]) -> frozenset[str]:
    """Names, with those in the definitions among them, and in those that these use."""
    known: frozenset[str] = frozenset()
    while known != words:
        known = words
        words |= words_in(*(each for name, each in definitions.items() if name in known))
    return words


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)
