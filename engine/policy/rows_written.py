"""Rows of a table as a file beside a pack has them. In: a table. Out: lines, headings first.

What is read back (`row_files.py`) is the same table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zhuanjie.engine.policy.table_model import Cell, DecisionTable, Row


def written_rows(table: DecisionTable) -> Iterator[list[str]]:
    """The headings, then every row; a cell that is no condition is blank."""
    conditions = any(row.when for row in table.rows)
    yield ["clause", "title.zh", "title.en", *(column.expr for column in table.inputs),
           *(["when"] if conditions else []), *(["allow"] if table.subject else []),
           *table.outputs]
    for row in table.rows:
        yield _written(table, row, conditions=conditions)


def _written(table: DecisionTable, row: Row, *, conditions: bool) -> list[str]:
    return [
        row.clause, row.title.zh, row.title.en, *map(_condition, row.cells),
        *([row.when or ""] if conditions else []),
        *([", ".join(row.allow)] if table.subject else []),
        *(_text(row.sets[name]) if name in row.sets else "" for name in table.outputs)]


def _condition(cell: Cell) -> str:
    text = _text(cell).strip()
    return "" if text == "-" else text


def _text(cell: Cell) -> str:
    return str(cell).lower() if isinstance(cell, bool) else str(cell)
