"""The rows of a table in a PostgreSQL server that are no records. In: a table. Out: a tree.

Only rows that leave a doubt are fetched; what they are is bound to the statements by their text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psycopg.types.json import Jsonb
from sqlglot import exp

from zhuanjie.engine.backends.sql.cells import Bound
from zhuanjie.engine.backends.sql.conditions import aliased
from zhuanjie.engine.backends.sql.dialects import POSTGRES, Tree, call
from zhuanjie.engine.backends.sql.row_roles import odd, said
from zhuanjie.engine.backends.sql.statement import select
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.readers.postgres import PostgresTable
from zhuanjie.engine.ledger.row_roles import TOP


def said_of(table: PostgresTable, bound: Bound) -> Tree | None:
    """What is said of a row that is no record, as a tree; None where there is no such row.

    Rows that are alike in every column are the same to it.
    """
    columns = sorted({*table.match.fields, *table.match.unknown})
    first = table.roles.signs.first
    found: dict[str, str] = {}
    firsts: set[str] = set()
    for rows, places in _doubtful(table, columns):
        cells = [row[1:] for row in rows]
        for at, text in said(table.roles, cells, columns, places).items():
            found[rows[at][0]] = text
            if first is not None:
                firsts.add(cells[at][columns.index(first)] or "")
    if not found:
        return None
    told = call("jsonb_object_field_text", bound.add(Jsonb(found), "JSONB"), table.row)
    if first is None:
        return told
    # The text of a row takes long to make: most rows are told by their first cell to be others.
    lead = call("coalesce", table.columns[first].raw, exp.Literal.string(""))
    some = exp.EQ(this=lead, expression=exp.Any(this=exp.paren(
        bound.add(sorted(firsts), "TEXT[]"))))
    return exp.Case(ifs=[exp.If(this=some, true=told)])


def _doubtful(table: PostgresTable,
              columns: list[int]) -> Iterator[tuple[list[tuple[Any, ...]], list[int]]]:
    """The rows to look at, with their texts and places; those at the top once more, as such."""
    raw = {at: table.columns[at].raw for at in columns}

    def asked(relation: Tree) -> exp.Select:
        return select([aliased(table.row, "line"), *(
            aliased(tree.copy(), f"x{at}") for at, tree in raw.items())], relation)

    doubtful = asked(table.relation.copy())
    doubtful.set("distinct", exp.Distinct())
    doubtful.set("where", exp.Where(this=odd(POSTGRES, table.roles, raw)))
    top = asked(table.top(TOP))
    top.set("order", exp.Order(expressions=[tree.copy() for tree in table.order]))
    for query, at_top in ((doubtful, False), (top, True)):
        for rows in table.server.batches(POSTGRES.sql(query), limits().fetched_rows):
            yield rows, list(range(len(rows))) if at_top else [TOP] * len(rows)
