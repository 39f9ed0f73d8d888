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
from typing import NamedTuple

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


class VerdictKind(NamedTuple):
    """How often a rule came out so, under which clause, and how many days late it is at most."""

    clause: str
    rule: int
    outcome: Outcome
    times: int
    late: int | None


class Verdicts:
    """The verdicts on some records under one plan, in the order of the records, then the rules."""

    __slots__ = ("_items", "_kinds", "_plan", "_table")

    def __init__(self, plan: Plan, *, table: pl.DataFrame | None = None,
                 items: Sequence[Verdict] | None = None) -> None:
        """Give one of the two; without either there are no verdicts."""
        self._plan, self._table = plan, table
        self._kinds: list[VerdictKind] | None = None
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
        return len(self.table if self._items is None else self._items)

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

    def kinds(self) -> list[VerdictKind]:
        """What verdicts there are, counted."""
        if self._kinds is None:
            self._kinds = list(self._counted() if self._items is None
                               else _counted(self._plan, self._items))
        return self._kinds

    def counts(self) -> Counter[tuple[str, int, Outcome]]:
        """How often each rule came out how, under which clause."""
        found: Counter[tuple[str, int, Outcome]] = Counter()
        for kind in self.kinds():
            found[kind.clause, kind.rule, kind.outcome] += kind.times
        return found

    def _counted(self) -> Iterator[VerdictKind]:
        own = [rule.clause for rule in self._plan.rules]
        rows = [rule.clause for rule in self._plan.lowered]
        # One number for all that tells kinds apart: grouping by one is several times as fast.
        # In lists of its own, the clause of a rule comes before those of its table's rows.
        clause = pl.col("clause").cast(pl.Int64).fill_null(-1) + 1
        kind = (pl.col("rule").cast(pl.Int64) * 256 + clause) * 256 + pl.col("outcome")
        for number, times, late in self.table.group_by(kind.alias("kind")).agg(
                pl.len(), pl.col("late").max()).iter_rows():
            rule, at = number >> 16, (number >> 8 & 255) - 1
            yield VerdictKind(own[rule] if at < 0 else rows[rule][at][0], rule,
                              OUTCOME_CODES[number & 255], times, late)


def _counted(plan: Plan, verdicts: Sequence[Verdict]) -> Iterator[VerdictKind]:
    times: Counter[tuple[str, int, Outcome]] = Counter()
    longest: dict[tuple[str, int, Outcome], int] = {}
    for v in verdicts:
        kind = (v.clause or plan.rules[v.rule].clause, v.rule, v.outcome)
        times[kind] += 1
        if v.late is not None:
            longest[kind] = max(v.late, longest.get(kind, v.late))
    return (VerdictKind(*kind, n, longest.get(kind)) for kind, n in times.items())


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
