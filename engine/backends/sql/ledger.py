"""A ledger judged where it lies. In: a plan, a table in a server. Out: what there is to report.

One statement numbers the rows, types their cells, joins the counts of `unique` rules, and judges;
only records with something to report come back, with the fields that words need.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl
from msgspec import Struct, field
from sqlglot import exp

from zhuanjie.engine.backends.masks import BitmaskLayout
from zhuanjie.engine.backends.sql import statement
from zhuanjie.engine.backends.sql.cells import Bound, read_cells
from zhuanjie.engine.backends.sql.conditions import aliased, column, joined
from zhuanjie.engine.backends.sql.dialects import POSTGRES, Tree, call, whole
from zhuanjie.engine.backends.sql.faults import Faults
from zhuanjie.engine.backends.sql.postgres_rows import said_of
from zhuanjie.engine.backends.sql.records import Counts, Records, RowKind
from zhuanjie.engine.backends.sql.statement import ROW, below, select
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.results import InputFinding, Verdict
from zhuanjie.engine.ledger.readers.postgres import PostgresTable
from zhuanjie.engine.ledger.readers.server import NAME
from zhuanjie.engine.lowering.conditions import Cond
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.rules import UNIQUE_ALL, UNIQUE_SURE

_DTYPES: dict[str, Any] = {
    "date": pl.Date, "month": pl.Date, "int": pl.Int64, "bool": pl.Boolean,
}


class StatementPart(Struct):
    """Some of the records that are reported: their fields, row numbers, verdicts on them.

    `input` is what could not be read in the rows up to here. `frame` has the counts of `unique`
    rules too, so that it can be judged again.
    """

    frame: pl.DataFrame
    rows: pl.Series
    verdicts: list[Verdict] = field(default_factory=list)
    input: list[InputFinding] = field(default_factory=list)


class LedgerQueries:
    """The statements about one table under one plan."""

    def __init__(self, table: PostgresTable, plan: Plan, needs: Sequence[str]) -> None:
        """Reads what texts mean; raises InputError where there are too many, or no right to."""
        self.table, self.needs = table, needs
        self.bound = Bound()
        self._sources, cells = read_cells(table, self.bound)
        self._said = said_of(table, self.bound)
        self.of = Records(POSTGRES, cells, plan, needs, self._raw, said=self._said is not None)

    @property
    def plan(self) -> Plan:
        """What is judged by."""
        return self.of.plan

    def judge_by(self, plan: Plan) -> None:
        """Judge by this plan from now on: the same rules, perhaps narrowed to what is there."""
        self.of = self.of.by(plan)

    def counts(self, conditions: Sequence[Cond] = ()) -> Counts:
        """How many records there are, and of how many each condition holds."""
        found = self.table.server.rows(*self.bound.take(self.of.counting(conditions)))
        return Counts.of(found, len(conditions))

    def shares(self, by: str | None,
               conditions: Sequence[Cond]) -> list[tuple[str | None, str | None, list[int]]]:
        """Of how many records in scope each condition holds, by the value of a field: as it is
        compared, as it is written, and the counts. Days come as their numbers."""
        rows = self.table.server.rows(*self.bound.take(self.of.sharing(by, conditions)))
        return [(form, shown, counts) for form, shown, *counts in rows]

    def there(self, name: str, values: Sequence[str]) -> list[str]:
        """Which of some texts, in the form in which they are compared, the field of a record has.
        """
        if name not in self.of.names:
            return []
        wanted = exp.Table(this=call("unnest", self.bound.add(list(values), "TEXT[]")),
                           alias=exp.TableAlias(this=exp.to_identifier("wanted"), columns=[
                               exp.to_identifier("value")]))
        value = POSTGRES.ordered(exp.column("value", table="wanted"))
        same = exp.And(
            this=exp.GTE(this=column("stands"), expression=whole(RowKind.BEYOND)),
            expression=exp.EQ(this=self.of.compared(name), expression=value))
        inside = exp.Exists(this=select([whole(1)], self.of.standing(), same))
        found = self.table.server.rows(*self.bound.take(
            select([exp.column("value", table="wanted")], wanted, inside)))
        return [text for text, in found]

    def judged(self, all_outcomes: bool) -> Iterator[StatementPart]:
        """The records that have something to report, and all that could not be read."""
        layout = BitmaskLayout(self.plan, all_outcomes)
        answers = statement.answers(layout, self.of.compiler)
        where = statement.some_mask(layout) if layout.words else exp.false()
        yield from self._parts(self.of.judged(layout), answers, where, layout)

    def records(self, only: str | None = None) -> Iterator[StatementPart]:
        """All records in scope, ready to judge; or only those whose id is `only`."""
        where: Tree = exp.EQ(this=column("stands"), expression=whole(RowKind.IN_SCOPE))
        if only is not None and self.plan.key in self.of.names:
            where = exp.And(
                this=where,
                expression=exp.EQ(
                    this=self.of.compared(self.plan.key),
                    expression=self.bound.add(self.plan.fields[self.plan.key].compared(only),
                                              "TEXT"),
                ),
            )
        yield from self._parts(self.of.joined(), [], where, None)

    def _parts(self, relation: Tree, answers: Sequence[Tree], where: Tree,
               layout: BitmaskLayout | None) -> Iterator[StatementPart]:
        """Run the main statement: rows to report, and rows in which something is amiss."""
        shown = list(self.needs)
        counts = [c.format(rule=r.id) for r in self.plan.unique for c in (UNIQUE_SURE, UNIQUE_ALL)]
        faults = Faults(self.table, [self.of.cells[at] for at in self.of.faults],
                        [self.of.cells[at] for at in self.of.checked])
        statement_ = select([
            column(ROW), column("stands"), aliased(where.copy(), "reported"), column("again"),
            column("note"), *(aliased(self.of.compiler.column(n), f"f{i}")
                              for i, n in enumerate((*shown, *counts))),
            *(column(f"e{at}") for at in self.of.faults),
            *(column(f"s{at}") for at in self.of.checked), *answers,
        ], relation, joined(exp.Or, [where, column("amiss")]))
        statement_.set("order", exp.Order(expressions=[column(ROW)]))
        ends = [5]
        for width in (len(shown) + len(counts), len(self.of.faults), len(self.of.checked)):
            ends.append(ends[-1] + width)
        key_at = 5 + shown.index(self.plan.key)
        kinds = {name: _DTYPES.get(self.plan.fields[name].type, pl.String) for name in shown}
        schema = {**kinds, **dict.fromkeys(counts, pl.Int64)}
        for rows in self.table.server.batches(*_sized(self.bound.take(statement_))):
            found: list[InputFinding] = []
            reported: list[tuple[Any, ...]] = []
            for row in rows:
                number, stands, wanted, again, note = row[:5]
                found += faults.of(number, RowKind(stands), note, row[key_at],
                                   row[ends[1] : ends[2]], row[ends[2] : ends[3]], again)
                if wanted:
                    reported.append(row)
            part = StatementPart(_frame(reported, schema), pl.Series([r[0] for r in reported],
                                                            dtype=pl.Int64), [], found)
            if layout is not None:
                width = ends[3] + len(layout.words)
                part.verdicts = [v for place, row in enumerate(reported)
                                 for v in layout.verdicts(place, row[ends[3] : width],
                                                          row[width:], NAME)]
            yield part

    def _raw(self, numbered: bool) -> Tree:
        """The table's own columns, numbered in its order if wanted."""
        columns = [aliased(source.copy(), f"x{at}") for at, source in enumerate(self._sources)]
        if self._said is not None:
            columns.append(aliased(self._said.copy(), "said"))
        if numbered:
            order = exp.Order(expressions=[tree.copy() for tree in self.table.order])
            columns.append(aliased(exp.Window(this=exp.RowNumber(), order=order), ROW))
        return below(select(columns, self.table.relation.copy()), "raw")

def _sized(statement_: tuple[str, list[Any]]) -> tuple[str, int, list[Any]]:
    return statement_[0], limits().fetched_rows, statement_[1]


def _frame(rows: Sequence[tuple[Any, ...]], schema: dict[str, Any]) -> pl.DataFrame:
    """The fields of rows, from their sixth value on; dates come as day numbers."""
    cells = zip(*(row[5 : 5 + len(schema)] for row in rows), strict=True) if rows else (
        () for _ in schema)
    return pl.DataFrame([
        pl.Series(name, values, dtype=pl.Int32).cast(pl.Date) if kind == pl.Date
        else pl.Series(name, values, dtype=kind)
        for (name, kind), values in zip(schema.items(), cells, strict=True)])
