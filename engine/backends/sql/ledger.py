"""A ledger judged where it lies. In: a plan, a table in a server. Out: what there is to report.

One statement numbers the rows, types their cells, joins the counts of `unique` rules, and judges;
only records with something to report come back, with the fields that words need.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import polars as pl
from sqlglot import exp

from zhuanjie.engine.backends.sql import statement
from zhuanjie.engine.backends.sql.cells import Bound, read_cells
from zhuanjie.engine.backends.sql.conditions import Compiler, aliased, column, joined
from zhuanjie.engine.backends.sql.dialects import POSTGRES, Tree, call, group, whole
from zhuanjie.engine.backends.sql.faults import Faults
from zhuanjie.engine.backends.sql.statement import ROW, below, select
from zhuanjie.engine.backends.verdicts import Layout
from zhuanjie.engine.checking.policy import TypedRule
from zhuanjie.engine.ir.nodes import Field
from zhuanjie.engine.lower.kleene import Kleene
from zhuanjie.engine.lower.plan import Plan
from zhuanjie.engine.lower.rules import UNIQUE_ALL, UNIQUE_SURE
from zhuanjie.engine.model.fields import KEY, fields
from zhuanjie.engine.records.assemble import NOTE
from zhuanjie.engine.records.readers.postgres import PostgresTable
from zhuanjie.engine.records.readers.server import NAME
from zhuanjie.engine.results import InputFinding, Verdict

SIZE = 10_000
"""Rows that are fetched at a time."""

_KINDS = {"date": "BIGINT", "int": "BIGINT", "bool": "BOOLEAN"}
_DTYPES: dict[str, Any] = {"date": pl.Date, "int": pl.Int64, "bool": pl.Boolean}


class Stands(IntEnum):
    """What a row of the table is."""

    BLANK = 0
    NOTE = 1
    BEYOND = 2
    """A record that is certainly beyond the policy's scope."""
    IN_SCOPE = 3


@dataclass(slots=True)
class Part:
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
        self.table, self.plan, self.needs = table, plan, needs
        self.bound = Bound()
        self.cells = read_cells(table, self.bound)
        self.names = {cell.field.name: f"c{at}" for at, cell in enumerate(self.cells)}
        self.absent = [name for name in needs if name not in self.names]
        self.names |= {name: f"m{at}" for at, name in enumerate(self.absent)}
        for number, rule in enumerate(plan.unique):
            self.names[UNIQUE_SURE.format(rule=rule.id)] = f"sure{number}"
            self.names[UNIQUE_ALL.format(rule=rule.id)] = f"all{number}"
        self.kleene = Kleene(plan.today, plan.params)
        self.compiler = Compiler(POSTGRES, self.names)
        self.faults = [at for at, cell in enumerate(self.cells) if cell.fault is not None]

    def counts(self) -> dict[Stands, int]:
        """How many rows there are of each sort."""
        counting = select([column("stands"), exp.Count(this=exp.Star())], self._standing())
        counting.set("group", exp.Group(expressions=[column("stands")]))
        found = self.table.server.rows(*self.bound.take(counting))
        return {Stands(stands): count for stands, count in found}

    def there(self, name: str, values: Sequence[str]) -> list[str]:
        """Which of some texts the field `name` of a record has."""
        if name not in self.names:
            return []
        wanted = exp.Table(this=call("unnest", self.bound.add(list(values), "TEXT[]")),
                           alias=exp.TableAlias(this=exp.to_identifier("wanted"), columns=[
                               exp.to_identifier("value")]))
        value = POSTGRES.ordered(exp.column("value", table="wanted"))
        same = exp.And(
            this=exp.GTE(this=column("stands"), expression=whole(Stands.BEYOND)),
            expression=exp.EQ(this=self.compiler.column(name), expression=value))
        inside = exp.Exists(this=select([whole(1)], self._standing(), same))
        found = self.table.server.rows(*self.bound.take(
            select([exp.column("value", table="wanted")], wanted, inside)))
        return [text for text, in found]

    def judged(self, every: bool) -> Iterator[Part]:
        """The records that have something to report, and all that could not be read."""
        layout = Layout(self.plan, every)
        live = exp.EQ(this=column("stands"), expression=whole(Stands.IN_SCOPE))
        inner = below(POSTGRES.fenced(select(
            [exp.Star(), *statement.masks(layout, self.compiler, live)], self._joined())), "judged")
        answers = statement.answers(layout, self.compiler)
        where = statement.some_mask(layout) if layout.words else exp.false()
        yield from self._parts(inner, answers, where, layout)

    def records(self, only: str | None = None) -> Iterator[Part]:
        """All records in scope, ready to judge; or only those whose id is `only`."""
        where: Tree = exp.EQ(this=column("stands"), expression=whole(Stands.IN_SCOPE))
        if only is not None and KEY in self.names:
            same = exp.EQ(this=self.compiler.column(KEY), expression=self.bound.add(only, "TEXT"))
            where = exp.And(this=where, expression=same)
        yield from self._parts(self._joined(), [], where, None)

    def _parts(self, relation: Tree, answers: Sequence[Tree], where: Tree,
               layout: Layout | None) -> Iterator[Part]:
        """Run the main statement: rows to report, and rows in which something is amiss."""
        shown = list(self.needs)
        counts = [c.format(rule=r.id) for r in self.plan.unique for c in (UNIQUE_SURE, UNIQUE_ALL)]
        faults = Faults(self.table, [self.cells[at] for at in self.faults])
        statement_ = select([
            column(ROW), column("stands"), aliased(where.copy(), "reported"), column("again"),
            column("note"), *(aliased(self.compiler.column(n), f"f{i}")
                              for i, n in enumerate((*shown, *counts))),
            *(column(f"e{at}") for at in self.faults), *answers,
        ], relation, joined(exp.Or, [where, column("amiss")]))
        statement_.set("order", exp.Order(expressions=[column(ROW)]))
        ends = [5]
        for width in (len(shown) + len(counts), len(self.faults)):
            ends.append(ends[-1] + width)
        key_at = 5 + shown.index(KEY)
        kinds = {name: _DTYPES.get(fields()[name].type, pl.String) for name in shown}
        schema = {**kinds, **dict.fromkeys(counts, pl.Int64)}
        for rows in self.table.server.batches(*_sized(self.bound.take(statement_))):
            found: list[InputFinding] = []
            reported: list[tuple[Any, ...]] = []
            for row in rows:
                number, stands, wanted, again, note = row[:5]
                found += faults.of(number, stands == Stands.NOTE, note, row[key_at],
                                   row[ends[1] : ends[2]], again)
                if wanted:
                    reported.append(row)
            part = Part(_frame(reported, schema), pl.Series([r[0] for r in reported],
                                                            dtype=pl.Int64), [], found)
            if layout is not None:
                width = ends[2] + len(layout.words)
                part.verdicts = [v for place, row in enumerate(reported)
                                 for v in layout.verdicts(place, row[ends[2] : width],
                                                          row[width:], NAME)]
            yield part

    def _raw(self, numbered: bool) -> Tree:
        """The table's own columns, numbered in its order if wanted."""
        columns = [aliased(cell.source.copy(), f"x{at}") for at, cell in enumerate(self.cells)]
        if numbered:
            order = exp.Order(expressions=[tree.copy() for tree in self.table.order])
            columns.append(aliased(exp.Window(this=exp.RowNumber(), order=order), ROW))
        return below(select(columns, self.table.relation.copy()), "raw")

    def _typed(self, numbered: bool) -> Tree:
        """Typed cells, the raw texts of those that cannot be read, and what each row holds."""
        columns = [aliased(cell.value.copy(), f"c{at}") for at, cell in enumerate(self.cells)]
        columns += [aliased(self.cells[at].fault.copy(), f"e{at}")  # type: ignore[union-attr]
                    for at in self.faults]
        columns += [aliased(exp.cast(exp.Null(), _KINDS.get(fields()[name].type, "TEXT")),
                            self.names[name]) for name in self.absent]
        columns += [aliased(self._holds(), "holds"), aliased(self._first(), "first")]
        if numbered:
            columns.append(column(ROW))
        return below(POSTGRES.fenced(select(columns, self._raw(numbered))), "typed")

    def _first(self) -> Tree:
        """The first text of a row, which is all there is of a note."""
        texts = [cell.value.copy() for cell in self.cells if cell.field.type in ("string", "enum")]
        return call("coalesce", *texts) if texts else exp.cast(exp.Null(), "TEXT")

    def _holds(self) -> Tree:
        """Whether a row is blank, a note or a record, from as few of its cells as will do.

        The cells are written out once more, because of nearly every row the first one decides.
        """
        values = [cell.value for cell in self.cells]
        alone = exp.EQ(this=call("num_nonnulls", *(v.copy() for v in values)),
                       expression=exp.Literal.number(1))
        note = self.compiler.choice([(POSTGRES.matches(self._first(), NOTE), alone)], exp.false())
        held = [*values, *(self.cells[at].fault for at in self.faults)]
        filled = [exp.Not(this=exp.Is(this=group(v.copy()), expression=exp.Null()))
                  for v in held if v is not None]
        return self.compiler.choice([(note, whole(Stands.NOTE)),
                                     (joined(exp.Or, filled), whole(Stands.IN_SCOPE))],
                                    whole(Stands.BLANK))

    def _standing(self, numbered: bool = False) -> Tree:
        """Typed rows, and what each of them is to the policy."""
        stands: Tree = column("holds")
        if self.plan.policy.scope is not None:
            beyond = exp.And(
                this=exp.EQ(this=stands, expression=whole(Stands.IN_SCOPE)),
                expression=group(self.compiler.condition(
                    self.kleene.never(self.plan.policy.scope))))
            stands = self.compiler.choice([(beyond, whole(Stands.BEYOND))], stands.copy())
        return below(POSTGRES.fenced(select([exp.Star(), aliased(stands, "stands")],
                                            self._typed(numbered))), "standing")

    def _joined(self) -> Tree:
        """Numbered rows with the counts of `unique` rules, and what is amiss in them."""
        query = select([], self._standing(numbered=True))
        columns: list[Tree] = [exp.Column(this=exp.Star(),
                                          table=exp.to_identifier("standing", quoted=True))]
        joins = []
        for number, rule in enumerate(self.plan.unique):
            shared, on = self._shared(number, rule)
            joins.append(_left(shared, on))
            for name, otherwise in (("sure", 0), ("all", 1)):
                columns.append(aliased(call("coalesce", column(f"{name}{number}", f"u{number}"),
                                            whole(otherwise)), f"{name}{number}"))
        again: Tree = exp.false()
        amiss = [exp.EQ(this=column("stands"), expression=whole(Stands.NOTE)),
                 *(exp.Not(this=exp.Is(this=column(f"e{at}"), expression=exp.Null()))
                   for at in self.faults)]
        if KEY in self.names and KEY not in self.absent:
            twice = self._twice()
            key = self.compiler.column(KEY)
            joins.append(_left(twice, exp.EQ(this=key, expression=column("id", "twice"))))
            again = exp.Not(this=exp.Is(this=column("id", "twice"), expression=exp.Null()))
            record = exp.GTE(this=column("stands"), expression=whole(Stands.BEYOND))
            unnamed = exp.Is(this=self.compiler.column(KEY), expression=exp.Null())
            amiss.append(exp.And(this=record, expression=exp.paren(
                exp.Or(this=unnamed, expression=again.copy()))))
        columns += [aliased(again, "again"), aliased(joined(exp.Or, amiss), "amiss"), aliased(
            self.compiler.choice([(amiss[0].copy(), column("first"))]), "note")]
        query.set("expressions", columns)
        query.set("joins", joins)
        return below(POSTGRES.fenced(query), "joined")

    def _shared(self, number: int, rule: TypedRule) -> tuple[Tree, Tree]:
        """The keys of a `unique` rule that more than one record has, and how rows join them."""
        assert isinstance(rule.key, Field)
        keys = [self.compiler.column(rule.key.name)]
        if isinstance(rule.within, Field):
            within = self.compiler.column(rule.within.name)
            keys += [exp.Is(this=within, expression=exp.Null()),
                     call("coalesce", exp.cast(within.copy(), "TEXT"), exp.Literal.string(""))]
        every = exp.Count(this=exp.Star())
        sure: Tree = every.copy()
        where: list[Tree] = [
            exp.EQ(this=column("stands"), expression=whole(Stands.IN_SCOPE)),
            exp.Not(this=exp.Is(this=keys[0].copy(), expression=exp.Null()))]
        if rule.when is not None:
            surely = self.compiler.condition(self.kleene.sure(rule.when))
            sure = exp.Count(this=self.compiler.choice([(surely, whole(1))]))
            where.append(exp.Not(this=exp.paren(exp.Is(
                this=exp.paren(self.compiler.condition(self.kleene.never(rule.when))),
                expression=exp.true()))))
        counting = select(
            [*(aliased(k.copy(), f"k{i}") for i, k in enumerate(keys)),
             aliased(sure, f"sure{number}"), aliased(every, f"all{number}")],
            self._standing(), joined(exp.And, where))
        counting.set("group", exp.Group(expressions=[k.copy() for k in keys]))
        counting.set("having", exp.Having(this=exp.GT(this=exp.Count(this=exp.Star()),
                                                      expression=exp.Literal.number(1))))
        name = f"u{number}"
        return below(counting, name), joined(exp.And, [
            exp.EQ(this=exp.paren(key), expression=column(f"k{i}", name))
            for i, key in enumerate(keys)])

    def _twice(self) -> Tree:
        """The ids that more than one record has."""
        key = self.compiler.column(KEY)
        counting = select([aliased(key, "id")], self._standing(), exp.And(
            this=exp.GTE(this=column("stands"), expression=whole(Stands.BEYOND)),
            expression=exp.Not(this=exp.Is(this=key.copy(), expression=exp.Null()))))
        counting.set("group", exp.Group(expressions=[key.copy()]))
        counting.set("having", exp.Having(this=exp.GT(this=exp.Count(this=exp.Star()),
                                                      expression=exp.Literal.number(1))))
        return below(counting, "twice")


def _left(relation: Tree, on: Tree) -> exp.Join:
    return exp.Join(this=relation, side="LEFT", on=on)


def _sized(statement_: tuple[str, list[Any]]) -> tuple[str, int, list[Any]]:
    return statement_[0], SIZE, statement_[1]


def _frame(rows: Sequence[tuple[Any, ...]], schema: dict[str, Any]) -> pl.DataFrame:
    """The fields of rows, from their sixth value on; dates come as day numbers."""
    cells = zip(*(row[5 : 5 + len(schema)] for row in rows), strict=True) if rows else (
        () for _ in schema)
    return pl.DataFrame([
        pl.Series(name, values, dtype=pl.Int32).cast(pl.Date) if kind == pl.Date
        else pl.Series(name, values, dtype=kind)
        for (name, kind), values in zip(schema.items(), cells, strict=True)])
