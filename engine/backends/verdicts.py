"""Verdicts, as a table or one by one. In: a plan, and either. Out: whichever is asked for.

A ledger of millions has millions of verdicts: a column engine hands them on as a frame of numbers,
and whoever needs one takes it apart; a record engine makes them one by one. Each is turned into the
other at most once, and only where it is asked for. In a table, `row` is the record's position in
the batch, `rule` the rule's in the plan, `outcome` a place in `OUTCOME_CODES`, `clause` a place in
the rule's own list of clauses (or null), `missing` a set of bits over the rule's own list of
missing fields; where anything is waived, `waiver` is a place among the waivers of the batch, where
a baseline is asked, `known` the day on which a finding was first seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import polars as pl

from zhuanjie.engine.backends.base import Backend
from zhuanjie.engine.backends.registry import column_backend_of
from zhuanjie.engine.core.results import OUTCOME_CODES, Outcome, Verdict
from zhuanjie.engine.lowering.plan import Plan

SCHEMA = pl.Schema({
    "row": pl.UInt32(), "rule": pl.Int16(), "outcome": pl.Int8(), "clause": pl.Int8(),
    "due": pl.Int32(), "late": pl.Int32(), "missing": pl.Int64(),
})
WAIVER = pl.Schema({"waiver": pl.Int32()})
"""The column there is besides where anything is waived."""
KNOWN = pl.Schema({"known": pl.Int32()})
"""The column there is besides where a baseline is asked: the day a finding was first seen."""
BITS = 62
"""Fields that the bits of `missing` have room for."""


class Verdicts:
    """The verdicts on some records under one plan, in the order of the records, then the rules."""

    __slots__ = ("_items", "_plan", "_table")

    def __init__(self, plan: Plan, *, table: pl.DataFrame | None = None,
                 items: Sequence[Verdict] | None = None) -> None:
        """Give one of the two; without either there are no verdicts."""
        self._plan, self._table = plan, table
        self._items = items if items is not None or table is not None else ()

    @property
    def table(self) -> pl.DataFrame:
        """The verdicts as a table."""
        if self._table is None:
            self._table = to_table(self._plan, self._items or ())
        return self._table

    @property
    def is_table(self) -> bool:
        """Whether they were made as a table, so that this is the cheaper form."""
        return self._items is None

    def __iter__(self) -> Iterator[Verdict]:
        if self._items is not None:
            return iter(self._items)
        assert self._table is not None
        return to_verdicts(self._plan, self._table)

    def __len__(self) -> int:
        return len(self._table if self._items is None else self._items)  # type: ignore[arg-type]

    def of_records(self) -> pl.Series:
        """The positions of the records that have verdicts, in order, each once."""
        if self._items is None:
            return self.table["row"].unique(maintain_order=True)
        return pl.Series(list(dict.fromkeys(v.row for v in self._items)), dtype=SCHEMA["row"])

    def has(self, outcome: Outcome) -> bool:
        """Whether a rule came out so for some record."""
        if self._items is None:
            return bool((self.table["outcome"] == OUTCOME_CODES.index(outcome)).any())
        return any(v.outcome is outcome for v in self._items)

    def counts(self) -> Counter[tuple[str, int, Outcome]]:
        """How often each rule came out how, under which clause."""
        own = [rule.clause for rule in self._plan.rules]
        found: Counter[tuple[str, int, Outcome]] = Counter()
        if self._items is not None:
            found.update((v.clause or own[v.rule], v.rule, v.outcome) for v in self._items)
            return found
        rows = [rule.clause for rule in self._plan.lowered]
        for rule, clause, outcome, times in self.table.group_by(
                "rule", "clause", "outcome").len().iter_rows():
            name = own[rule] if clause is None else rows[rule][clause][0]
            found[name, rule, OUTCOME_CODES[outcome]] += times
        return found


def judged_by(engine: Backend, plan: Plan, frame: pl.DataFrame, all_outcomes: bool) -> Verdicts:
    """The verdicts of an engine, as it has them."""
    columns = column_backend_of(engine)
    if columns is None:
        return Verdicts(plan, items=engine.judge(plan, frame, all_outcomes))
    return Verdicts(plan, table=columns.judge_table(plan, frame, all_outcomes))


def to_verdicts(plan: Plan, table: pl.DataFrame) -> Iterator[Verdict]:
    """The verdicts of a table, in its order."""
    missing = [tuple(f for f, _ in r.missing) for r in plan.lowered]
    clauses = [tuple(c for c, _ in r.clause) for r in plan.lowered]
    besides = [name for name in (*WAIVER, *KNOWN) if name in table.columns]
    for row, rule, outcome, clause, due, late, bits, *more in table.select(
            *SCHEMA, *besides).iter_rows():
        yield Verdict(
            row, rule, OUTCOME_CODES[outcome],
            clause=None if clause is None else clauses[rule][clause], due=due, late=late,
            missing=tuple(f for i, f in enumerate(missing[rule]) if bits >> i & 1) if bits else (),
            **dict(zip(besides, more, strict=True)),
        )


def to_table(plan: Plan, verdicts: Sequence[Verdict]) -> pl.DataFrame:
    """Verdicts as a table, in their order."""
    bits = [{f: 1 << i for i, (f, _) in enumerate(r.missing)} for r in plan.lowered]
    clauses = [{c: i for i, (c, _) in enumerate(r.clause)} for r in plan.lowered]
    codes = {outcome: code for code, outcome in enumerate(OUTCOME_CODES)}
    besides = [name for name in (*WAIVER, *KNOWN)
               if any(getattr(v, name) is not None for v in verdicts)]
    rows = [
        (v.row, v.rule, codes[v.outcome], None if v.clause is None else clauses[v.rule][v.clause],
         v.due, v.late, sum(bits[v.rule][f] for f in v.missing),
         *(getattr(v, name) for name in besides))
        for v in verdicts
    ]
    return pl.DataFrame(rows, orient="row", schema={
        **SCHEMA, **{name: kind for name, kind in {**WAIVER, **KNOWN}.items() if name in besides}})
