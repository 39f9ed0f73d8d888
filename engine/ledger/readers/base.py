"""What every reader makes. In: nothing. Out: tables, their raw chunks, and the parts they share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from msgspec import Struct, field

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.panics import PanicError, contained
from zhuanjie.engine.core.results import TableRef
from zhuanjie.engine.ledger.headings import HeadingMatch
from zhuanjie.engine.ledger.row_roles import RowRoles, RowRules

Cells = pl.Series | Sequence[object]
"""One column of raw cells."""

Part = Callable[[Mapping[str, pl.DataType]], pl.LazyFrame]
"""Consecutive rows of a table as a query, asked for with the columns that are to be no texts."""


class RowFinding(Struct, frozen=True):
    """Something wrong with a whole row: its position in the chunk, a message code, its values."""

    position: int
    code: str
    value: str | None = None
    args: Mapping[str, object] = field(default_factory=dict)


class Chunk(Struct, frozen=True):
    """Some consecutive rows of a table, as raw as they came.

    `cells` holds the table's columns by position; a column may be left out where it has no cells.
    `rows` are the row numbers.
    """

    cells: Mapping[int, Cells]
    rows: pl.Series
    findings: Sequence[RowFinding] = ()


class LedgerTable(ABC):
    """One table of a file: a sheet of a workbook, a whole .csv. Can be read several times."""

    file: str
    sheet: str | None = None
    headings: list[str]
    match: HeadingMatch
    size_hint: int | None = None
    day_zero: date | None = None
    """What plain numbers in date columns count from (spreadsheets only)."""
    header_row: int | None = None
    hidden_rows: frozenset[int] = frozenset()
    """Rows that the file's own program does not show: hidden, or filtered out."""
    struck_rows: frozenset[int] = frozenset()
    """Rows whose filled cells are all struck through."""
    hidden: bool = False
    """The whole sheet is hidden; it is read like hidden rows."""
    filtered: bool = False
    """A filter is set, which hides rows."""
    path: Path | None = None
    """The file that its cells stand in, where it is not the one it is called after."""
    is_grid = False
    """Whether a spreadsheet program shows it, so that its cells have names such as `P14`."""
    is_remote = False
    """Whether a server holds the rows, so that looking at some of them is work for it."""
    row_rules: RowRules = "words"
    """How rows that are no records are told."""
    is_typed = False
    """Whether its cells were read before: they are values, and what is wrong with them was said."""
    beside: tuple[str, ...] = ()
    """Columns of `scan` that are no cells."""
    looked: pl.Series | None = None
    """The positions of the rows that may turn out to be no records, in order; None where any may.
    """
    waivers: Sequence[Mapping[str, Any]] = ()
    """The approvals that are kept with the records, as files of waivers have them."""
    has_columns = True
    """Whether what it lacks is a column; records by themselves have none to lack."""

    def __init__(self) -> None:
        self.notices: list[Diagnostic] = []
        self.on_close: list[Callable[[], object]] = []
        """What is let go of besides."""

    @abstractmethod
    def chunks(self, size: int) -> Iterator[Chunk]:
        """The rows below the header, at most `size` at a time."""

    @property
    def kept(self) -> frozenset[str] | None:
        """The fields that it has a column for; None where it has no columns at all."""
        if not self.has_columns:
            return None
        return frozenset(field.name for field in self.match.fields.values())

    @property
    def field_columns(self) -> Mapping[str, int]:
        """In which column of its file each field stands, from 0."""
        return {field.name: at for at, field in self.match.fields.items()}

    def hide(self) -> None:
        """Note that the sheet is hidden; it is read like the others."""
        self.hidden = True
        self.notices.append(Diagnostic("records.hidden-sheet", {}, self.place))

    def close(self) -> None:
        """Let go of what is held open; the table is not read again."""
        while self.on_close:
            self.on_close.pop()()

    def damaged(self, error: Exception) -> InputError:
        """What to raise where the file could not be read to its end."""
        return fail(InputError, "records.damaged", Place(file=self.file), "records.hint.damaged",
                    detail=type(error).__name__)

    def collected(self, query: pl.LazyFrame) -> pl.DataFrame:
        """A few rows of a query on the table; raises InputError where the file is damaged."""
        try:
            with contained():
                return query.collect()
        except (pl.exceptions.PolarsError, PanicError, OSError) as error:
            raise self.damaged(error) from None

    @cached_property
    def roles(self) -> RowRoles:
        """Tells which rows are no records."""
        return RowRoles(self.match, self.headings, self.row_rules)

    @property
    def columnar(self) -> bool:
        """Whether a column can be left unread, so that `scan` is asked for no more than it must."""
        return False

    @property
    def at_once(self) -> int | None:
        """How many rows of `scan` are best read at a time; `size_hint` is exact.

        None where it cannot begin at any row without reading those before.
        """
        return None

    @property
    def parts(self) -> Sequence[Part]:
        """The rows of `scan` in parts that are each best read by themselves; none where there is
        but one.
        """
        return ()

    @property
    def overflow(self) -> str | None:
        """The column of `scan` that takes a cell beyond the last heading."""
        return None

    def scan(self) -> pl.LazyFrame | None:
        """The rows below the header as a query, its columns named by position.

        None where the cells are not columns that Polars reads by itself.
        """
        return None

    def first_rows(self, rows: int) -> pl.LazyFrame:
        """The first rows of `scan`, which there is."""
        scan = self.scan()
        assert scan is not None
        return scan.head(rows)

    def raw_cells(self, frame: pl.DataFrame, names: Mapping[int, str],
                  over: str | None) -> dict[int, pl.Series]:
        """The cells of some rows of `scan`, whose columns have other `names` there.

        `over` is the name of `overflow`, where it is among them.
        """
        return {at: frame[name] for at, name in names.items() if name in frame.columns}

    def raw(self, cells: Mapping[int, pl.Series]) -> Mapping[int, Cells]:
        """Columns of `scan`, or parts of them, as cells: a column may hold what is no text of its
        own as a text that stands for it."""
        return cells

    def too_wide(self, over: pl.Series) -> list[RowFinding]:
        """What is wrong with rows that have cells in `overflow`."""
        return []

    @cached_property
    def marked(self) -> Mapping[str, int]:
        """How many records are hidden, filtered away or struck through; they are read all the same.
        """
        away = "filtered" if self.filtered else "hidden"
        sought = {away: self.hidden_rows, "struck": self.struck_rows}
        if not self.hidden and not any(sought.values()):
            return {}
        counts: Counter[str] = Counter()
        first = (self.header_row or 0) + 1
        for chunk in self.chunks(limits().chunk_rows):
            roles = self.roles.of(chunk.cells, chunk.rows - first)
            for at, row in enumerate(chunk.rows):
                if at not in roles:
                    counts.update(name for name, rows in sought.items()
                                  if row in rows or (self.hidden and rows is not self.struck_rows))
        return counts

    @property
    def ref(self) -> TableRef:
        """The table, as a report names it."""
        return TableRef(self.file, self.sheet, self.header_row, self.field_columns)

    @property
    def place(self) -> Place:
        """Where the table's header stands."""
        return Place(file=self.file, sheet=self.sheet, line=self.header_row)
