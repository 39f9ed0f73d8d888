"""Verdicts as a table. In: a plan, and rows of numbers. Out: verdicts, or the other way round.

A ledger of millions has millions of verdicts: a column engine hands them on as a frame of numbers,
and whoever needs one takes it apart. `row` is the record's position in the batch, `rule` the rule's
in the plan, `outcome` a place in `CODES`, `clause` a place in the rule's own list of clauses (or
null), `missing` a set of bits over the rule's own list of missing fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from zhuanjie.engine.core.results import Outcome, Verdict
from zhuanjie.engine.lowering.plan import Plan

CODES = (Outcome.VIOLATION, Outcome.UNDETERMINED, Outcome.PENDING, Outcome.SATISFIED,
         Outcome.NOT_APPLICABLE)
"""The outcomes by number; the first three are findings."""
FINDINGS = CODES[:3]

SCHEMA = pl.Schema({
    "row": pl.UInt32(), "rule": pl.Int16(), "outcome": pl.Int8(), "clause": pl.Int8(),
    "due": pl.Int32(), "late": pl.Int32(), "missing": pl.Int64(),
})
BITS = 62
"""Fields that the bits of `missing` have room for."""


def to_verdicts(plan: Plan, table: pl.DataFrame) -> Iterator[Verdict]:
    """The verdicts of a table, in its order."""
    missing = [tuple(f for f, _ in r.missing) for r in plan.lowered]
    clauses = [tuple(c for c, _ in r.clause) for r in plan.lowered]
    for row, rule, outcome, clause, due, late, bits in table.iter_rows():
        yield Verdict(
            row, rule, CODES[outcome],
            clause=None if clause is None else clauses[rule][clause], due=due, late=late,
            missing=tuple(f for i, f in enumerate(missing[rule]) if bits >> i & 1) if bits else (),
        )


def to_table(plan: Plan, verdicts: Iterable[Verdict]) -> pl.DataFrame:
    """Verdicts as a table, in their order."""
    bits = [{f: 1 << i for i, (f, _) in enumerate(r.missing)} for r in plan.lowered]
    clauses = [{c: i for i, (c, _) in enumerate(r.clause)} for r in plan.lowered]
    codes = {outcome: code for code, outcome in enumerate(CODES)}
    rows = [
        (v.row, v.rule, codes[v.outcome], None if v.clause is None else clauses[v.rule][v.clause],
         v.due, v.late, sum(bits[v.rule][f] for f in v.missing))
        for v in verdicts
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
