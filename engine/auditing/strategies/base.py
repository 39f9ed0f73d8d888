"""What a strategy is. In: nothing. Out: the protocols, and what a strategy is chosen and made by.

A strategy is one way to pass a ledger through an engine. It yields verdict batches, in the order of
the ledger, and writes nothing down elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import polars as pl
from msgspec import Struct

from zhuanjie.engine.auditing.frames import RecordFrame
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.backends.base import Backend
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.results import InputFinding, Skipped, TableCounts
from zhuanjie.engine.ledger.ledger import Ledger
from zhuanjie.engine.ledger.readers.base import LedgerTable
from zhuanjie.engine.lowering.absent import without_columns
from zhuanjie.engine.lowering.plan import Plan


class LedgerFacts(Protocol):
    """What is known of a ledger without judging it."""

    @property
    def files(self) -> Sequence[str]:
        """What its records come from."""
        ...

    @property
    def tables(self) -> Sequence[LedgerTable]:
        """Its tables, where they are read here."""
        ...

    @property
    def fields(self) -> frozenset[str]:
        """The fields it has a column for, in some part of it."""
        ...

    @property
    def kept(self) -> frozenset[str] | None:
        """The fields that every part of it has a column for; None where it has no columns."""
        ...

    @property
    def counts(self) -> Sequence[TableCounts] | None:
        """What the rows of its tables are, where that is known apart from their records."""
        ...

    @property
    def input(self) -> Sequence[InputFinding]:
        """What was found wrong before its records are read."""
        ...

    @property
    def same_keys(self) -> int:
        """How many ids stand in another table too, with other columns, once all were read."""
        ...

    @property
    def notices(self) -> Sequence[Diagnostic]:
        """What the reader should be told of it."""
        ...

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """The files and sheets that were not read."""
        ...

    @property
    def sha256(self) -> str:
        """Digest of its bytes, where somebody reads them all."""
        ...

    @property
    def size_hint(self) -> int | None:
        """About how many records there are, where that is known."""
        ...

    def homes_of(self, row: int) -> Sequence[tuple[Location, Location]] | None:
        """Where a row of such a number stands, and where the record that it is a part of does; None
        where every record has one row.
        """
        ...

    def check_filled(self, records: int) -> None:
        """Raise InputError where there are no records."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Strategy(Protocol):
    """One way to pass a ledger through an engine."""

    backend: Backend
    sliced: bool
    """Whether the ledger passes slice by slice, so that one can begin in the middle."""

    @property
    def ledger(self) -> LedgerFacts:
        """What is judged."""
        ...

    @property
    def size(self) -> int | None:
        """Of how many rows `position` of a batch, or the records so far, are a part."""
        ...

    def batches(self, start: tuple[int, int] = (0, 0)) -> Iterator[VerdictBatch]:
        """Records with their verdicts, in order; `start` passes over the slices before it."""
        ...

    def shares(self) -> pl.DataFrame | None:
        """The counts of the plan's rules on shares (`zhuanjie.engine.auditing.shares`), once all
        records were judged; None where they are counted elsewhere."""
        ...

    def values(self, field: str, wanted: pl.Series) -> Iterator[pl.Series]:
        """The values of a field, of all records, once they were judged.

        Those that are none of `wanted` may be left out.
        """
        ...


class LedgerStrategy(Strategy, Protocol):
    """A strategy that can also hand out records unjudged."""

    def frames(self, record: str | None = None) -> Iterator[RecordFrame]:
        """The records in scope, ready to judge; those not called `record` may be left out."""
        ...


class AuditRequest(Struct, frozen=True):
    """What a strategy is chosen and made by.

    `backend` is None where no engine was asked for; `bulk` has the ledger read as one stream even
    if it is small (or, where False, never); `observed` are the fields whose `values` will be asked
    for. `absent_is_blank` takes a column that is not there for a blank one.
    """

    ledger: Ledger
    plan: Plan
    backend: Backend | None
    all_outcomes: bool
    bulk: bool | None
    observed: frozenset[str] = frozenset()
    absent_is_blank: bool = False
    reading: Callable[[int, int | None], None] | None = None
    """Told how many rows were read, where reading is a pass of its own."""

    def plan_for(self, kept: frozenset[str] | None, doubted: frozenset[str] = frozenset(), *,
                 lists_all: bool = True) -> Plan:
        """The plan for records of a table that keeps these fields; see `without_columns`."""
        known = kept is None or self.absent_is_blank
        absent = frozenset(self.plan.needs) - kept if kept is not None and not known \
            else frozenset[str]()
        if known and not doubted:
            return self.plan
        return without_columns(self.plan, absent, doubted=doubted, lists_all=lists_all)
