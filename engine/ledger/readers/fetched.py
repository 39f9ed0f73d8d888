"""A table of a server whose rows were fetched. In: the table, what was asked for. Out: columns.

Columns that have their field's type come as such, the others as the texts that the server writes.
What was not asked for comes as texts too, and only of rows that may be no records or in which it
may be amiss: `ASIDE` holds these texts as one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, Literal

import orjson
import polars as pl
from msgspec import Struct
from sqlglot import exp

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.headings import HeadingMatch
from zhuanjie.engine.ledger.readers.base import Chunk, LedgerTable
from zhuanjie.engine.ledger.readers.copied import Copied
from zhuanjie.engine.ledger.readers.postgres import SAMPLE, PostgresTable
from zhuanjie.engine.ledger.row_roles import TOP, Cells, RowRole, RowRoles

ASIDE = "aside"
"""The column that holds the texts of cells that were not asked for, null in most rows."""
LAST_DAY, FIRST_DAY = 2**31 - 1, -(2**31)
"""Days that stand for no end and no beginning."""
_FAR = 90_000_000
"""Days from 1970 that Polars can write; those beyond stand in a list, by their number there."""
_CYCLE, _YEARS = 146_097, 400
"""Days and years after which the calendar repeats itself."""

_USUAL = 0.99
"""Of the ids so many look like one, where few rows leave a doubt by theirs."""

_SHORT = 12
"""Bytes up to which Polars has a text in its column, and not beside it."""
_LOOKED, _OFTEN = 10_000, 16
"""Cells that are looked at, and how often each text stands there where it pays to number them."""

Form = Literal["text", "day", "time", "int", "bool"]
"""How a column comes: a `time` as its day, its text aside where that is no day of a ledger."""

_DTYPES = {"text": pl.String, "day": pl.Int32, "time": pl.Int32, "int": pl.Int64,
           "bool": pl.String}


class Fetch(Struct, frozen=True):
    """What is fetched: by column its form and its tree, and which columns come aside.

    `quicker` are trees for days, each of which must have a number. `amiss` says of which rows what
    is aside comes, and `odd` of which besides, since they may be no records; both are None where it
    comes of none.
    """

    columns: Mapping[int, tuple[Form, exp.Expr]]
    quicker: Mapping[int, exp.Expr]
    aside: Sequence[int]
    amiss: exp.Expr | None
    odd: exp.Expr | None


class FetchedTable(LedgerTable):
    """The rows of a table in a server, as columns that are here."""

    def __init__(self, table: PostgresTable, fetch: Fetch,
                 told: Callable[[int], None] | None = None) -> None:
        """Fetches them all; raises what the server's failing is."""
        super().__init__()
        self.file, self.headings, self.match = table.file, table.headings, table.match
        self.row_rules = table.row_rules
        self._fetch, self._far = fetch, list[int]()
        self._others: list[pl.DataFrame] = []
        self._plain = RowRoles(self.match, self.headings, self.row_rules)
        self._rows = self._sorted(table, told) or self._in_order(table, told)
        self.size_hint = self._rows.rows

    def _texts(self, table: PostgresTable) -> exp.Expr:
        array = exp.Array(expressions=[table.columns[at].raw for at in self._fetch.aside])
        return exp.cast(exp.Anonymous(this="array_to_json", expressions=[
            exp.cast(array, "TEXT[]")]), "TEXT")

    def _wanted(self, table: PostgresTable,
                amiss: exp.Expr | None) -> list[tuple[exp.Expr, str, Any]]:
        wanted = [(tree, str(at), _DTYPES[form])
                  for at, (form, tree) in self._fetch.columns.items()]
        if amiss is not None:
            case = exp.Case(ifs=[exp.If(this=amiss.copy(), true=self._texts(table))])
            wanted.append((case, ASIDE, pl.String))
        return wanted

    def _in_order(self, table: PostgresTable, told: Callable[[int], None] | None) -> Copied:
        """All rows as the server puts them in order."""
        if self._fetch.amiss is None:
            return table.copied(self._wanted(table, None), self._made, told)
        amiss = exp.paren(exp.or_(self._fetch.amiss, self._fetch.odd))
        first = [text for text, in table.server.rows(
            table.selected([(self._texts(table), ASIDE)], TOP))]

        def made(part: pl.DataFrame, before: int) -> pl.DataFrame:
            top = first[before : before + part.height]
            aside = pl.Series(ASIDE, top, dtype=pl.String).extend_constant(
                None, part.height - len(top))
            out = self._made(part, before).with_columns(pl.coalesce(pl.col(ASIDE), pl.lit(aside)))
            self._look(out, before)
            return out

        return table.copied(self._wanted(table, amiss), made, told)

    def _sorted(self, table: PostgresTable,
                told: Callable[[int], None] | None) -> Copied | None:
        """All rows, put in order here, which costs less than in the server; None where that cannot
        be done.

        Those that are the first, leave a doubt, or share what they begin with are asked for once
        more: the server puts these in order, and all their cells come.
        """
        at = table.sorted_by
        if at is None or self._fetch.columns.get(at, ("",))[0] != table.columns[at].kind:
            return None
        amiss, name = self._fetch.amiss, str(at)
        looks = amiss is not None and self._can_look(table)
        wanted = amiss if amiss is None or looks else exp.paren(exp.or_(amiss, self._fetch.odd))
        rows = table.unordered(self._wanted(table, wanted), self._made, told, {
            str(at): tree for at, tree in self._fetch.quicker.items()})
        if rows[name].dtype == pl.String:  # the server has what is empty behind all others
            rows = rows.with_columns(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name))
        # In one thread: several take thrice the processor time.
        places = rows.select(pl.arg_sort_by(
            name, nulls_last=True, multithreaded=False)).to_series()
        leads = rows[name].gather(places)
        again = [leads.filter((leads == leads.shift(1)) | (leads == leads.shift(-1)))]
        if amiss is not None:
            again.append(leads.head(TOP))
        if looks:
            again.append(rows.filter(self._doubt(rows))[name])
        asked = pl.concat(again).unique().drop_nulls()
        if len(asked) or leads.has_nulls():
            some = table.those_of(self._wanted(table, None if amiss is None else exp.true()),
                                  asked.cast(pl.String).to_list(), self._made)
            if some is None:
                return None
            anew = leads.is_in(asked.implode()).fill_null(value=True)
            places = pl.select(pl.when(anew).then(rows.height + anew.cum_sum() - 1)
                               .otherwise(places)).to_series()
            rows = pl.concat([rows, some])
        # Column by column, so that never much is held twice.
        rows = pl.DataFrame([_placed(rows.drop_in_place(column), places)
                             for column in rows.columns])
        if amiss is not None:
            self._look(rows, 0)
        return table.held(rows)

    def _can_look(self, table: PostgresTable) -> bool:
        """Whether rows that may be no records are told by what is fetched in any case, and few."""
        there = self._fetch.columns
        leads = pl.Series(table.leads(SAMPLE), dtype=pl.String)
        few = leads.str.contains(self._plain.signs.key_like).fill_null(value=False).mean()
        return few is not None and float(str(few)) > _USUAL and all(
            at in there for at in self._plain.reads(self._blanks({})))

    def _blanks(self, known: Mapping[int, int]) -> dict[int, int]:
        """How many cells are blank, and of what is not here more than of anything else."""
        return {at: known.get(at, 0) if at in self._fetch.columns else sys.maxsize
                for at in self.match.fields}

    def _doubt(self, rows: pl.DataFrame) -> pl.Expr:
        """Which rows may be no records, wherever they stand."""
        read = self._plain.reads(self._blanks(
            {at: rows[str(at)].null_count() for at in self._fetch.columns}))
        cells = {at: pl.col(str(at)) for at in read}
        return self._plain.doubt(pl.lit(TOP), {
            at: cell if rows[str(at)].dtype == pl.String else
            cell.cast(pl.String) if at == self._plain.signs.key else
            pl.when(cell.is_not_null()).then(pl.lit("-")) for at, cell in cells.items()})

    def _made(self, part: pl.DataFrame, _before: int) -> pl.DataFrame:
        """A part of the rows as it is kept."""
        exprs = []
        days = [str(at) for at, (form, _) in self._fetch.columns.items() if form in ("day", "time")]
        for name in self._far_away(part, days):
            part = self._near(part, name)
        for at, (form, _) in self._fetch.columns.items():
            column = pl.col(str(at))
            if form in ("day", "time"):
                column = column.cast(pl.Date)
            elif form == "bool":
                column = column == "t"
            exprs.append(column)
        return part.select(*exprs, *((ASIDE,) if ASIDE in part.columns else ()))

    def _far_away(self, part: pl.DataFrame, days: Sequence[str]) -> list[str]:
        """The columns with days that Polars could not write."""
        if not days or part.is_empty():
            return []
        low, high = part.select(days).min().row(0), part.select(days).max().row(0)
        return [name for name, first, last in zip(days, low, high, strict=True)
                if first is not None and (first < -_FAR or last > _FAR)]

    def _near(self, part: pl.DataFrame, name: str) -> pl.DataFrame:
        """A part whose far days are those that stand for them."""
        days = part[name]
        far = days.filter(~days.is_between(-_FAR, _FAR)).unique().to_list()
        if not far:
            return part
        self._far += [day for day in far if day not in self._far]
        stand_in = {day: _FAR + 1 + self._far.index(day) for day in far}
        return part.with_columns(pl.col(name).replace(stand_in))

    def _look(self, part: pl.DataFrame, before: int) -> None:
        """Note which rows are no records."""
        if part[ASIDE].null_count() == part.height:
            return
        rows = part.with_row_index("#", before).filter(pl.col(ASIDE).is_not_null())
        cells = self.raw_cells(rows, {at: str(at) for at in self._fetch.columns}, ASIDE)
        roles = self._plain.of(cells, rows["#"])
        if roles:
            self._others.append(pl.DataFrame(
                {"place": rows["#"].gather(list(roles)), "role": [*map(str, roles.values())]},
                schema={"place": pl.Int64, "role": pl.Categorical}))

    def scan(self) -> pl.LazyFrame:
        """The rows as a query."""
        return self._rows.scan

    @property
    def columnar(self) -> bool:
        """What is not asked for is not read."""
        return True

    @property
    def at_once(self) -> int:
        """They can be read from any row on."""
        return limits().typed_rows

    @property
    def overflow(self) -> str | None:
        """The column of what is aside: a row that has it is looked at cell by cell."""
        return None if self._fetch.amiss is None else ASIDE

    @cached_property
    def roles(self) -> RowRoles:
        """Tells which rows are no records: it was found out when they came."""
        if self._fetch.amiss is None:
            return self._plain
        return _KnownRoles(self.match, self.headings, self.row_rules, self._others)

    def raw_cells(self, frame: pl.DataFrame, names: Mapping[int, str],
                  over: str | None = None) -> dict[int, pl.Series]:
        """The cells of some rows as the texts that the server writes."""
        out = {at: self._text(frame[name]) for at, name in names.items() if name in frame.columns}
        if over is None or over not in frame.columns:
            return out
        kept = frame[over]
        rows = [None if text is None else orjson.loads(text) for text in kept]
        for number, at in enumerate(self._fetch.aside):
            cells = pl.Series([None if row is None else row[number] for row in rows],
                              dtype=pl.String)
            # A time that is some day of a ledger comes with its row's other texts alone.
            out[at] = cells if at not in out else pl.select(
                pl.when(kept.is_not_null()).then(cells).otherwise(out[at])).to_series()
        return out

    def _text(self, cells: pl.Series) -> pl.Series:
        if cells.dtype == pl.Boolean:
            return cells.replace_strict({True: "true", False: "false"}, return_dtype=pl.String)
        if cells.dtype != pl.Date:
            return cells.cast(pl.String)
        days = cells.to_physical()
        return pl.Series([None if day is None else _written(
            self._far[day - _FAR - 1] if day > _FAR else day) for day in days], dtype=pl.String)

    def chunks(self, size: int) -> Iterator[Chunk]:
        """The rows in blocks; of what is not here, the cells that came aside."""
        names = {at: str(at) for at in self._fetch.columns}
        done = 0
        for start in range(0, self._rows.rows, size):
            part = self.scan().slice(start, size).collect()
            rows = pl.int_range(done + 1, done + part.height + 1, eager=True)
            yield Chunk(self.raw_cells(part, names, self.overflow), rows)
            done += part.height


class _KnownRoles(RowRoles):
    """Says of rows what was found out of them before."""

    def __init__(self, match: HeadingMatch, headings: Sequence[str], rules: object,
                 found: Sequence[pl.DataFrame]) -> None:
        super().__init__(match, headings, "words")
        self._found = pl.concat(found) if found else pl.DataFrame(
            schema={"place": pl.Int64, "role": pl.Categorical})

    def reads(self, blanks: Mapping[int, int]) -> list[int]:
        """See `RowRoles.reads`."""
        return []

    def doubt(self, place: pl.Expr, cells: Mapping[int, pl.Expr]) -> pl.Expr:
        """See `RowRoles.doubt`."""
        return place.is_in(self._found["place"].implode())

    def of(self, cells: Mapping[int, Cells], places: pl.Series) -> dict[int, RowRole]:
        """See `RowRoles.of`."""
        asked = pl.DataFrame({"place": places.cast(pl.Int64)}).with_row_index("at")
        return {at: RowRole(role) for at, role in asked.join(
            self._found, on="place").sort("at").select("at", "role").iter_rows()}


def _placed(column: pl.Series, places: pl.Series) -> pl.Series:
    """The cells at some places: one piece is far quicker to pick from than many."""
    if column.null_count() == len(column):
        return column.clear(len(places))
    return _numbered(column).rechunk().gather(places)


def _numbered(column: pl.Series) -> pl.Series:
    """Long texts of which there are few as numbers: in another order texts would lie all over
    memory, and whoever reads them would wait for it at each."""
    if column.dtype != pl.String:
        return column
    some = column.head(_LOOKED).drop_nulls()
    length = some.str.len_bytes().mean()
    if length is None or float(str(length)) <= _SHORT or some.n_unique() * _OFTEN > len(some):
        return column
    return column.cast(pl.Categorical(pl.Categories.random()))


def _written(day: int) -> str:
    """A day as the server writes it."""
    if day in (FIRST_DAY, LAST_DAY):
        return "infinity" if day == LAST_DAY else "-infinity"
    cycles, within = divmod(day + date(1970, 1, 1).toordinal() - 1, _CYCLE)
    found = date.fromordinal(within + 1)
    year = found.year + cycles * _YEARS
    written = f"{year if year > 0 else 1 - year:04}-{found.month:02}-{found.day:02}"
    return written if year > 0 else f"{written} BC"
