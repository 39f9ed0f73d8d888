"""What judges the records of one table. In: a table, a request. Out: a plan for each group of them.

Records put together from several tables have different columns behind them: each group has a plan
of its own. What no field of such difference decides is asked once for all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import polars as pl

from zhuanjie.engine.auditing.column_gaps import ColumnGaps, Gap
from zhuanjie.engine.auditing.editions import EditionIndex
from zhuanjie.engine.auditing.strategies.base import AuditRequest
from zhuanjie.engine.auditing.uniqueness import DuplicateCounter
from zhuanjie.engine.backends.base import SETTLED, ColumnBackend
from zhuanjie.engine.expr.nodes import field_names
from zhuanjie.engine.ledger.joining.joined_table import GROUP, ROW, JoinedTable, RecordGroup
from zhuanjie.engine.ledger.readers.base import LedgerTable
from zhuanjie.engine.lowering.plan import Plan

MAIN = 4
"""Groups that are judged in the stream; the records of smaller ones always leave it."""


class TablePlans:
    """The plans for one table, by the number of their group."""

    def __init__(self, table: LedgerTable, request: AuditRequest, engine: ColumnBackend) -> None:
        self._engine, self._scope = engine, request.plan.policy.scope
        self.columns: list[pl.Expr] = []
        """The columns that say which group a record is of, and where it stands."""
        groups = {0: RecordGroup(table.kept or frozenset())}
        self.main = [0]
        """The groups that are judged in the stream."""
        self.row_numbers: str | None = None
        """The column that has the row numbers, where they do not follow from the positions."""
        if isinstance(table, JoinedTable):
            groups = {number: table.groups[number] for number in table.sizes}
            self.main = [number for number in table.sizes if not groups[number].doubted][:MAIN]
            self.columns, self.row_numbers = [pl.col(ROW), pl.col(GROUP)], ROW
        vocabulary = request.plan.policy.vocabulary
        self.keys = {number: vocabulary.key_of(group.kept) if self.columns else table.match.key
                     for number, group in groups.items()}
        # What is not judged for want of columns is counted in the first pass, and not reported.
        self.plans = {number: request.plan_for(
            group.kept if self.columns else table.kept, group.doubted,
            lists_all=request.all_outcomes or number not in self.main)
            for number, group in groups.items()}
        self.gaps: dict[int, ColumnGaps] = {}

    def count_gaps(self, size: int) -> None:
        """Make ready to count what is not judged, `size` being about the number of records."""
        self.gaps = {number: ColumnGaps(self.plans[number], self._engine, size, number)
                     for number in self.main}

    def gap_exprs(self, among: pl.Expr) -> Iterable[pl.Expr]:
        """Columns for the counting, true only where `among` is."""
        for number, gaps in self.gaps.items():
            yield from gaps.exprs(among & (pl.col(GROUP) == number) if self.columns else among)

    def add_gaps(self, frame: pl.DataFrame) -> None:
        """Count in some records that have these columns."""
        for gaps in self.gaps.values():
            gaps.add(frame)

    def gap_counts(self, blanks: int) -> Counter[Gap]:
        """How often each clause is not judged, were there so many blank records more."""
        found: Counter[Gap] = Counter()
        for gaps in self.gaps.values():
            found += gaps.counts(0 if self.columns else blanks)
        return found

    def gaps_of_blanks(self, records: int) -> Counter[Gap]:
        """How often each clause is not judged, of so many blank records."""
        return Counter() if self.columns else self.gaps[0].of_blanks(records)

    def specialize(self, editions: Counter[int], size: int) -> None:
        """Narrow the plans to the editions that judge some of so many records."""
        self.plans = {number: EditionIndex(plan).specialize(editions, size)
                      for number, plan in self.plans.items()}

    def by_group(self, names: Iterable[str], make: Callable[[int], pl.Expr],
                 among: Iterable[int] | None = None) -> pl.Expr:
        """What `make` makes for a group, for each record; it depends on the fields `names`.

        Groups that know the same of these fields share it.
        """
        alike: dict[frozenset[str], list[int]] = {}
        for number in self.plans if among is None else among:
            alike.setdefault(self.plans[number].absent.intersection(names), []).append(number)
        first, *others = alike.values()
        made = make(first[0])
        for numbers in others:
            made = pl.when(pl.col(GROUP).is_in(numbers)).then(make(numbers[0])).otherwise(made)
        return made

    def truth(self, counter: DuplicateCounter, size: int) -> pl.Expr:
        """Whether records take part in a counting, null where that is unknown."""
        def truth(number: int) -> pl.Expr:
            plan = self.plans[number]
            when = counter.when(plan)
            return pl.lit(value=True) if when is None else self._engine.truth_expr(
                plan, when, size)

        rule = counter.rule
        return self.by_group(
            field_names(rule.when).union(rule.edition.dates if rule.edition else ()), truth)

    def in_scope(self, size: int) -> pl.Expr:
        """Whether the policy may speak of a record, never null."""
        return ~self.out_of_scope(size)

    def out_of_scope(self, size: int) -> pl.Expr:
        """Whether the policy surely does not speak of a record, never null."""
        scope = self._scope
        if scope is None:
            return pl.lit(value=False)
        return self.by_group(field_names(scope), lambda number: (
            ~self._engine.truth_expr(self.plans[number], scope, size)).fill_null(value=False))

    def settled(self, size: int) -> list[pl.Expr]:
        """See `ColumnBackend.settled`; records of small groups are always open."""
        made = {number: self._engine.settled(self.plans[number], size) for number in self.main}
        if not self.columns:
            return made[0]
        out = []
        for at, rule in enumerate(next(iter(self.plans.values())).rules):
            names = rule.fields | field_names(rule.when) | (
                frozenset(rule.edition.dates) if rule.edition else frozenset())
            here = {number: columns[at] for number, columns in made.items()}
            found = self.by_group(names, here.__getitem__, self.main) \
                if self.main else pl.lit(value=False)
            if len(self.main) < len(self.plans):
                found = pl.col(GROUP).is_in(self.main) & found
            out.append(found.alias(SETTLED.format(rule=at)))
        return out

    def parts(self, frame: pl.DataFrame) -> list[tuple[int, pl.DataFrame]]:
        """Records by their groups."""
        if not self.columns or not len(frame):
            return [(self.main[0] if self.main else next(iter(self.plans)), frame)]
        return [(number, frame.filter(pl.col(GROUP) == number))
                for number in frame[GROUP].unique(maintain_order=True)]

    @property
    def all_plans(self) -> list[Plan]:
        """The plans that are asked in the stream."""
        return [self.plans[number] for number in self.main]
