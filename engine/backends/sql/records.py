"""The rows of a table as records to judge. In: how cells are read. Out: relations as trees.

Rows become typed cells; each is blank, a note or a record, in the policy's scope or beyond it; the
counts of `unique` rules and what is amiss come as further columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import IntEnum

from msgspec import Struct
from sqlglot import exp

from zhuanjie.engine.backends.masks import BitmaskLayout
from zhuanjie.engine.backends.sql.checks import suspect
from zhuanjie.engine.backends.sql.conditions import Compiler, aliased, column, joined
from zhuanjie.engine.backends.sql.dialects import Dialect, Tree, call, group, whole
from zhuanjie.engine.backends.sql.statement import ROW, below, masks, select
from zhuanjie.engine.expr.nodes import FieldRef as FieldNode
from zhuanjie.engine.ledger.assemble import SAID
from zhuanjie.engine.ledger.row_roles import COUNTED
from zhuanjie.engine.lowering.conditions import Cond
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.rules import UNIQUE_ALL, UNIQUE_SURE
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.vocabulary.fields import Field

_KINDS = {"date": "BIGINT", "month": "BIGINT", "int": "BIGINT", "bool": "BOOLEAN"}

Source = Callable[[bool], Tree]
"""The relation of raw cells (x0, x1, ...); with row numbers if asked."""


class RowKind(IntEnum):
    """What a row of the table is: no record, of whichever kind, or one."""

    EMPTY = 0
    BLANK = 1
    NOTE = 2
    HEADING = 3
    SUM = 4
    EXAMPLE = 5
    BEYOND = 6
    """A record that is certainly beyond the policy's scope."""
    IN_SCOPE = 7


SAID_OF = {RowKind[role.name]: code for role, code in SAID.items()}
"""What is said of rows that are no records."""


class Cell(Struct, frozen=True):
    """How one field is read from its raw cell.

    `heading` is the column's own name. `value` is the typed cell, dates as day numbers; `fault` the
    raw text of a cell that cannot be read, or None where there can be no such cell.
    """

    field: Field
    heading: str
    value: Tree
    fault: Tree | None


class Counts(Struct, frozen=True):
    """How many records there are, in scope and beyond, and `rows` of any sort.

    `held` says for each condition that was asked of how many in scope it holds, `others` how many
    rows are no records, by what they are.
    """

    in_scope: int
    beyond: int
    rows: int
    held: tuple[int, ...]
    others: Mapping[str, int]

    @property
    def records(self) -> int:
        """All records."""
        return self.in_scope + self.beyond

    @staticmethod
    def of(found: Iterable[Sequence[int]], conditions: int) -> Counts:
        """From the rows of `Records.counting`."""
        sorts = {RowKind(stands): counts for stands, *counts in found}
        inside = sorts.get(RowKind.IN_SCOPE, [0] * (conditions + 1))
        return Counts(inside[0], sorts.get(RowKind.BEYOND, [0])[0],
                      sum(c[0] for c in sorts.values()), tuple(inside[1:]),
                      {str(role): sorts[kind][0] for role in COUNTED
                       if (kind := RowKind[role.name]) in sorts})


class Records:
    """The records of one table under one plan."""

    def __init__(self, dialect: Dialect, cells: Sequence[Cell], plan: Plan, needs: Sequence[str],
                 source: Source, *, said: bool = True) -> None:
        """`needs` are the fields that must have a column, if only of nulls.

        `said` tells whether the source has a column of what rows are (see `row_roles`); without it
        all are records.
        """
        self.dialect, self.cells, self.plan, self._source = dialect, cells, plan, source
        self._needs, self._said = needs, said
        self.names = {cell.field.name: f"c{at}" for at, cell in enumerate(cells)}
        self.has_key = plan.key in self.names
        self.absent = [name for name in needs if name not in self.names]
        self.names |= {name: f"m{at}" for at, name in enumerate(self.absent)}
        for number, rule in enumerate(plan.unique):
            self.names[UNIQUE_SURE.format(rule=rule.id)] = f"sure{number}"
            self.names[UNIQUE_ALL.format(rule=rule.id)] = f"all{number}"
        self.kleene = plan.kleene
        self.compiler = Compiler(dialect, self.names)
        self.faults = [at for at, cell in enumerate(cells) if cell.fault is not None]
        self.checked = [at for at, cell in enumerate(cells) if cell.field.check is not None]

    def by(self, plan: Plan) -> Records:
        """The same under another plan, one with the same rules."""
        return Records(self.dialect, self.cells, plan, self._needs, self._source, said=self._said)

    def compared(self, name: str) -> Tree:
        """The column of a field, as the field is compared."""
        field = self.plan.fields[name]
        how = field.compare if field.type == "string" else "text"
        return self.dialect.compared(self.compiler.column(name), how)

    def _typed(self, numbered: bool) -> Tree:
        """Typed cells, the raw texts of those that cannot be read, and what each row holds."""
        columns = [aliased(cell.value.copy(), f"c{at}") for at, cell in enumerate(self.cells)]
        columns += [aliased(self.cells[at].fault.copy(), f"e{at}")  # type: ignore[union-attr]  # only cells with one are in it
                    for at in self.faults]
        columns += [aliased(exp.cast(exp.Null(), _KINDS.get(self.plan.fields[name].type, "TEXT")),
                            self.names[name]) for name in self.absent]
        kind, text = column("said"), exp.cast(exp.Null(), "TEXT")
        holds = call("coalesce", kind_of(kind), whole(RowKind.IN_SCOPE))
        columns += [aliased(holds if self._said else whole(RowKind.IN_SCOPE), "holds"),
                    aliased(quoted(kind.copy()) if self._said else text, "first")]
        columns += [aliased(self._suspect(at), f"s{at}") for at in self.checked]
        if numbered:
            columns.append(column(ROW))
        return below(self.dialect.fenced(select(columns, self._source(numbered))), "typed")

    def _suspect(self, at: int) -> Tree:
        """The value of a field that is checked, where it may be wrong."""
        cell = self.cells[at]
        test = suspect(self.dialect, cell.field, cell.value)
        assert test is not None
        return self.compiler.choice([(test, cell.value.copy())])

    def standing(self, numbered: bool = False) -> Tree:
        """Typed rows, and what each of them is to the policy."""
        stands: Tree = column("holds")
        if self.plan.policy.scope is not None:
            beyond = exp.And(
                this=exp.EQ(this=stands, expression=whole(RowKind.IN_SCOPE)),
                expression=group(self.compiler.condition(
                    self.kleene.must_be_false(self.plan.policy.scope))))
            stands = self.compiler.choice([(beyond, whole(RowKind.BEYOND))], stands.copy())
        return below(self.dialect.fenced(select([exp.Star(), aliased(stands, "stands")],
                                            self._typed(numbered))), "standing")

    def counting(self, conditions: Sequence[Cond]) -> exp.Select:
        """How many rows stand how, and of how many of these each condition holds."""
        surely = [self.compiler.choice([(self.compiler.condition(c), whole(1))])
                  for c in conditions]
        query = select([column("stands"), exp.Count(this=exp.Star()),
                        *(exp.Count(this=tree) for tree in surely)], self.standing())
        query.set("group", exp.Group(expressions=[column("stands")]))
        return query

    def sharing(self, by: str | None, conditions: Sequence[Cond]) -> exp.Select:
        """Of how many records in scope each condition holds, by the value of a field: as it is
        compared, and the first that is written so."""
        surely = [self.compiler.choice([(self.compiler.condition(c), whole(1))])
                  for c in conditions]
        form: Tree = exp.cast(exp.Null(), "TEXT")
        shown = form
        if by is not None:
            shown = exp.cast(group(self.compiler.column(by)), "TEXT")
            form = self.compared(by) if self.plan.fields[by].type == "string" else shown
        query = select(
            [form, exp.Min(this=self.dialect.ordered(shown.copy())),
             *(exp.Count(this=tree) for tree in surely)], self.standing(),
            exp.EQ(this=column("stands"), expression=whole(RowKind.IN_SCOPE)))
        query.set("group", exp.Group(expressions=[form.copy()]))
        return query

    def joined(self) -> Tree:
        """Numbered rows with the counts of `unique` rules, and what is amiss in them."""
        query = select([], self.standing(numbered=True))
        columns: list[Tree] = [exp.Column(this=exp.Star(),
                                          table=exp.to_identifier("standing", quoted=True))]
        joins = []
        for number, rule in enumerate(self.plan.unique):
            shared, on = self._shared(number, rule)
            joins.append(_left(shared, on))
            for name, otherwise in (("sure", 0), ("all", 1)):
                columns.append(aliased(call("coalesce", column(f"{name}{number}", f"u{number}"),
                                            whole(otherwise)), f"{name}{number}"))
        is_duplicate_id: Tree = exp.false()
        is_other = exp.Between(this=column("stands"), low=whole(RowKind.NOTE),
                               high=whole(RowKind.EXAMPLE))
        is_record = exp.GTE(this=column("stands"), expression=whole(RowKind.BEYOND))
        cells = [*(f"e{at}" for at in self.faults), *(f"s{at}" for at in self.checked)]
        has_input_finding: list[Tree] = [is_other, *(exp.And(
            this=is_record.copy(),
            expression=exp.Not(this=exp.Is(this=column(name), expression=exp.Null())))
            for name in cells)]
        if self.has_key:
            twice = self._twice()
            key = self.compared(self.plan.key)
            joins.append(_left(twice, exp.EQ(this=group(key), expression=column("id", "twice"))))
            is_duplicate_id = exp.Not(
                this=exp.Is(this=column("id", "twice"), expression=exp.Null())
            )
            unnamed = exp.Is(this=self.compiler.column(self.plan.key), expression=exp.Null())
            has_input_finding.append(exp.And(this=is_record, expression=exp.paren(
                exp.Or(this=unnamed, expression=is_duplicate_id.copy()))))
        columns += [
            aliased(is_duplicate_id, "again"),
            aliased(joined(exp.Or, has_input_finding), "amiss"),
            aliased(self.compiler.choice([(has_input_finding[0].copy(), column("first"))]), "note"),
        ]
        query.set("expressions", columns)
        query.set("joins", joins)
        return below(self.dialect.fenced(query), "joined")

    def judged(self, layout: BitmaskLayout) -> Tree:
        """Joined rows with the words of all rules, nought for what is no record in scope."""
        live = exp.EQ(this=column("stands"), expression=whole(RowKind.IN_SCOPE))
        words = masks(layout, self.compiler, live)
        return below(self.dialect.fenced(select([exp.Star(), *words], self.joined())), "judged")

    def _shared(self, number: int, rule: TypedRule) -> tuple[Tree, Tree]:
        """The keys of a `unique` rule that more than one record has, and how rows join them."""
        assert isinstance(rule.key, FieldNode)
        keys = [self.compared(rule.key.name)]
        if isinstance(rule.within, FieldNode):
            within = self.compared(rule.within.name)
            keys += [exp.Is(this=within, expression=exp.Null()),
                     call("coalesce", exp.cast(within.copy(), "TEXT"), exp.Literal.string(""))]
        every = exp.Count(this=exp.Star())
        sure: Tree = every.copy()
        where: list[Tree] = [
            exp.EQ(this=column("stands"), expression=whole(RowKind.IN_SCOPE)),
            exp.Not(this=exp.Is(this=group(keys[0].copy()), expression=exp.Null()))]
        if rule.when is not None:
            surely = self.compiler.condition(self.kleene.must_be_true(rule.when))
            sure = exp.Count(this=self.compiler.choice([(surely, whole(1))]))
            where.append(exp.Not(this=exp.paren(exp.Is(
                this=exp.paren(self.compiler.condition(self.kleene.must_be_false(rule.when))),
                expression=exp.true()))))
        counting = select(
            [*(aliased(k.copy(), f"k{i}") for i, k in enumerate(keys)),
             aliased(sure, f"sure{number}"), aliased(every, f"all{number}")],
            self.standing(), joined(exp.And, where))
        counting.set("group", exp.Group(expressions=[k.copy() for k in keys]))
        counting.set("having", exp.Having(this=exp.GT(this=exp.Count(this=exp.Star()),
                                                      expression=exp.Literal.number(1))))
        name = f"u{number}"
        return below(counting, name), joined(exp.And, [
            exp.EQ(this=exp.paren(key), expression=column(f"k{i}", name))
            for i, key in enumerate(keys)])

    def _twice(self) -> Tree:
        """The ids that more than one record has."""
        key = self.compared(self.plan.key)
        filled = _filled(self.compiler.column(self.plan.key))
        counting = select([aliased(key, "id")], self.standing(), exp.And(
            this=exp.GTE(this=column("stands"), expression=whole(RowKind.BEYOND)),
            expression=filled))
        counting.set("group", exp.Group(expressions=[key.copy()]))
        counting.set("having", exp.Having(this=exp.GT(this=exp.Count(this=exp.Star()),
                                                      expression=exp.Literal.number(1))))
        return below(counting, "twice")


def kind_of(said: Tree) -> Tree:
    """The number of a row's kind, null for a record."""
    one = exp.Literal.number(1)
    return exp.cast(call("substr", group(said), one, one.copy()), "BIGINT")


def quoted(said: Tree) -> Tree:
    """What a finding quotes of a row."""
    return call("substr", group(said.copy()), exp.Literal.number(2))


def _filled(tree: Tree) -> Tree:
    return exp.Not(this=exp.Is(this=group(tree.copy()), expression=exp.Null()))


def _left(relation: Tree, on: Tree) -> exp.Join:
    return exp.Join(this=relation, side="LEFT", on=on)
