"""Decision tables typed. In: a table as written, where its rows stand. Out: typed rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from zhuanjie.engine.core.yaml_source import Key, YamlSource
from zhuanjie.engine.expr.nodes import Expr
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.policy.overlay import Item
from zhuanjie.engine.policy.policy import TypedRow
from zhuanjie.engine.policy.table_model import DecisionTable
from zhuanjie.engine.vocabulary.fields import FieldTable


class Checking(Protocol):
    """What is asked of the check of packs."""

    table: FieldTable

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


def typed_rows(checker: Checking, table: DecisionTable, item: Item) -> tuple[TypedRow, ...]:
    """The rows of a table, typed."""
    subject = checker.table.get(table.subject)
    rows = []
    for row, (source, trail) in zip(table.rows, item.rows, strict=True):
        checker.clause(row.clause, source, (*trail, "clause"))
        when = checker.cel(source, (*trail, "when"), row.when, Kind.BOOL) if row.when else None
        for j, value in enumerate(row.allow):
            if subject and subject.values and value not in subject.values:
                known = list(subject.values)
                checker.near("pack.not-a-value", source, (*trail, "allow", j), value, known)
        rows.append(TypedRow(row.clause, row.title, when, row.allow))
    return tuple(rows)
