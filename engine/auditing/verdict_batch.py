"""The one datum of an audit. In: nothing. Out: records with their verdicts, and what goes along.

A strategy yields verdict batches, stages map them, the totals are counted from them, and writers
take them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
from msgspec import Struct, field

from zhuanjie.engine.backends.verdicts import Verdicts
from zhuanjie.engine.core.results import InputFinding
from zhuanjie.engine.core.shares import ShareFigures
from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.core.waiver import Waiver
from zhuanjie.engine.lowering.plan import Plan


class VerdictBatch(Struct, frozen=True):
    """Records with their verdicts: `rows` are their row numbers, `verdicts` go by the rules of
    `plan` and by the position of a record in `frame`.

    `records` says of how many records these are the ones with something to report, `out_of_scope`
    how many of those are beyond the policy, `editions` how many each rule of the plan judged that
    has editions (what was counted too often before is taken off). Texts of `untrimmed` fields may
    still have blanks behind them. `slice` is the table, and within it the slice, that the records
    belong to; None for what belongs to no slice of the ledger. `position` says how many rows have
    been read, where that is not the number of records so far. `header_row` tells the tables of a
    sheet apart, `others` counts the rows that are no records by what they are. `not_judged` says
    how often a clause, with a severity, could not be judged for want of columns; such are among
    `verdicts` where `lists_not_judged`; `waivers` are those that its verdicts name. Batches of the
    same `run` follow one another, and their records stand among one another in the ledger.
    """

    plan: Plan
    frame: pl.DataFrame
    rows: pl.Series
    verdicts: Verdicts
    file: str = ""
    sheet: str | None = None
    records: int = 0
    out_of_scope: int = 0
    input: Sequence[InputFinding] = ()
    editions: Mapping[int, int] = field(default_factory=dict)
    slice: tuple[int, int] | None = None
    untrimmed: Sequence[str] = ()
    position: int | None = None
    header_row: int | None = None
    others: Mapping[str, int] = field(default_factory=dict)
    not_judged: Mapping[tuple[str, str], int] = field(default_factory=dict)
    lists_not_judged: bool = False
    run: int | None = None
    waivers: Sequence[Waiver] = ()
    shares: Sequence[ShareFigures] = ()
    """The figures of verdicts on shares, by their row, which stands for a group and no record."""
    seen: frozenset[str] = frozenset()
    """The findings of a baseline that are among the verdicts, by their ids."""

    def reported(self) -> tuple[pl.DataFrame, pl.Series]:
        """The records that have verdicts, in order, with trimmed texts, and their row numbers."""
        places = self.verdicts.of_records()
        return trim(self.frame[places], self.untrimmed), self.rows.gather(places)


def counted(plan: Plan, *, records: int = 0, out_of_scope: int = 0,
            editions: Mapping[int, int] | None = None, file: str = "",
            not_judged: Mapping[tuple[str, str], int] | None = None,
            position: int | None = None,
            others: Mapping[str, int] | None = None) -> VerdictBatch:
    """A batch of nothing but numbers that are known before any record is judged."""
    return VerdictBatch(plan, pl.DataFrame(), pl.Series([], dtype=pl.Int64), Verdicts(plan),
                        file, records=records, out_of_scope=out_of_scope, editions=editions or {},
                        position=position, not_judged=not_judged or {}, others=others or {})


def trim(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Records without blanks behind some of their texts."""
    return frame.with_columns(pl.col(names).str.strip_chars_end(BLANKS)) if names else frame
