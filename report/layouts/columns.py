"""Columns for people and programs. In: what they were taken for. Out: tables, JSON, a mapping."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import ColumnUse, TableColumns

_COLUMNS = ("at", "heading", "taken-for", "how", "state")


def present(tables: Sequence[TableColumns], view: View) -> Presentation:
    """The columns, for any of the formats of `columns`."""
    return Presentation(
        lambda: [_section(table, view) for table in tables],
        lambda: {"tables": [_table(table) for table in tables]},
        texts={"yaml": lambda: _mapping(tables, view)})


def _section(table: TableColumns, view: View) -> Section:
    where = f"{table.file}[{table.sheet}]" if table.sheet else table.file
    return Section(
        title=view.say("columns.table", where=where, row=table.header_row or "",
                       records=table.records),
        headers=[view.say(f"column.{c}") for c in _COLUMNS],
        rows=[(use.column, use.heading, _taken_for(use, view),
               view.say(f"columns.how.{use.how}") if use.how else "",
               view.say(f"columns.state.{use.state}")) for use in table.columns])


def _taken_for(use: ColumnUse, view: View) -> str:
    if use.field is not None:
        return f"{use.field.heading} {use.field.name}"
    return view.say("columns.near", near=view.join(use.suggestions)) if use.suggestions else ""


def _table(table: TableColumns) -> dict[str, Any]:
    return {"file": table.file, "sheet": table.sheet, "header_row": table.header_row,
            "records": table.records, "columns": [
                {"column": use.column, "heading": use.heading,
                 "field": use.field.name if use.field else None, "how": use.how,
                 "state": use.state, "suggestions": list(use.suggestions)}
                for use in table.columns]}


def _mapping(tables: Sequence[TableColumns], view: View) -> Iterator[str]:
    """A mapping to correct: what is taken for nothing stands in comments."""
    yield "# zhuanjie columns\n"
    yield from (f"# {line}\n" for line in view.say("columns.mapping").splitlines())
    seen: set[str] = set()
    for table in tables:
        yield f"# {table.file}{f'[{table.sheet}]' if table.sheet else ''}\n"
        for use in table.columns:
            if use.heading in seen:
                continue
            seen.add(use.heading)
            line = f"{json.dumps(use.heading, ensure_ascii=False)}: "
            line += use.field.name if use.field else "" if use.how == "null" else (
                use.suggestions[0] if use.suggestions else "")
            yield f"{'# ' if use.how is None else ''}{line.rstrip()}\n"
