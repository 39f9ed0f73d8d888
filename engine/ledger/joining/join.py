"""Records told apart from rows. In: a ledger. Out: a ledger of whole records.

Rows of several tables are put together, and records whose tables have different columns are told
apart. Each table is read once, as without joining; what is said of its rows is said of them here.
The records keep the order of the first row of each.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import accumulate
from pathlib import Path
from typing import Any

import polars as pl

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.results import InputFinding, TableCounts
from zhuanjie.engine.ledger.batch import Batch
from zhuanjie.engine.ledger.joining.groups import group_rows
from zhuanjie.engine.ledger.joining.joined_table import GROUP, ROW, JoinedTable, RecordGroup
from zhuanjie.engine.ledger.joining.merge import HOME, NO, Conflict, RecordMerge, merge
from zhuanjie.engine.ledger.joining.same_records import NUMBER, find_homes, homes_apart
from zhuanjie.engine.ledger.joining.typed_parts import AT, PartFolder, Reading, TableParts
from zhuanjie.engine.ledger.ledger import Ledger
from zhuanjie.engine.vocabulary.fields import Field

__all__ = ["JoinedLedger", "join_tables"]


class JoinedLedger(Ledger):
    """Records put together from several tables."""

    def __init__(self, source: Ledger, tables: Sequence[JoinedTable],
                 groups: Sequence[RecordGroup], counts: Sequence[TableCounts],
                 found: Sequence[InputFinding], notices: Sequence[Diagnostic], folder: PartFolder,
                 home_of: Callable[[int], list[tuple[Location, Location]]] | None,
                 same_keys: int) -> None:
        super().__init__(tables, sha256=source.sha256)
        self.skipped, self.files, self.fields = source.skipped, source.files, source.fields
        self.notices = [*source.notices, *notices]
        self.groups, self._source, self._folder = groups, source, folder
        kept = [group.kept for group in groups]
        self.kept = frozenset.intersection(*kept) if kept else source.kept
        self.audited = tuple(dict.fromkeys(kept)) or source.audited
        vocabulary = source.tables[0].match.vocabulary
        self.keys = tuple(dict.fromkeys(
            key for key in map(vocabulary.key_of, kept) if key in source.keys)) or source.keys
        self.input, self.same_keys = found, same_keys
        self._counts, self._home_of = counts, home_of

    @property
    def counts(self) -> Sequence[TableCounts]:
        """What the rows of each table are that records were put together from."""
        return self._counts

    def homes_of(self, row: int) -> Sequence[tuple[Location, Location]] | None:
        """See `Ledger.homes_of`."""
        return None if self._home_of is None else self._home_of(row)

    def close(self) -> None:
        """Delete what was kept, and let go of the tables."""
        self._source.close()
        self._folder.delete()

    def batches(self, size: int | None = None) -> Iterator[Batch]:
        """The records in batches of at most `size`; raises InputError when there are none."""
        start = run = 0
        for table in self.tables:
            assert isinstance(table, JoinedTable)
            for batch in table.batches(size or limits().batch_rows, start, run):
                start += batch.frame.height
                run = batch.run or run
                yield batch
        self.check_filled(start)


def join_tables(ledger: Ledger, reading: Reading | None = None, *, join: bool = True) -> Ledger:
    """The ledger, with `join` the rows of its tables that have the same key put together; without
    it each row is a record, and those that say which fields nobody keeps of them are taken at it.

    Raises UsageError for a table of a database, InputError for what cannot be read.
    """
    says = ledger.says_not_kept
    if ledger.is_database and (join or says):
        raise fail(UsageError, "records.join-database" if join else "records.not-kept-database",
                   hint="records.hint.join-database" if join
                   else "records.hint.not-kept-elsewhere")
    if not says and (not join or len(ledger.tables) < 2):
        return ledger
    return _Joining(ledger, reading or (lambda _done, _total: None),
                    join=join and len(ledger.tables) > 1).ledger()


class _Joining:
    """One joining."""

    def __init__(self, ledger: Ledger, reading: Reading, *, join: bool) -> None:
        self.source, self.folder, self.join = ledger, PartFolder(), join
        self.vocabulary = ledger.tables[0].match.vocabulary
        self.tables = [TableParts(table, number, self.folder)
                       for number, table in enumerate(ledger.tables)]
        before = 0
        for table in self.tables:
            table.read(reading, before)
            before += table.records
        heights = [table.records for table in self.tables]
        self.starts = [sum(heights[:number]) for number in range(len(heights))]
        kept, keys = [t.kept for t in self.tables], [t.keys for t in self.tables]
        self.homes = find_homes(keys, heights, self.vocabulary.keys) if join else homes_apart(
            keys, heights, kept, self.vocabulary.keys)
        self.groups, self.group = group_rows(
            self.homes.home, kept, heights, [t.not_kept for t in self.tables])
        self.numbers = {group: number for number, group in enumerate(self.groups)}
        self.found = [list(table.input) for table in self.tables]

    def ledger(self) -> Ledger:
        """The ledger of what was put together."""
        moved = self._move()
        sections = [self._section(number, moved) for number in range(len(self.tables))]
        self._say_of_keys()
        order = self.vocabulary.fields.order
        for found in self.found:
            found.sort(key=lambda f: (f.row or 0, -1 if f.field is None else order[f.field]))
        home = self.homes.home
        notices = [Diagnostic("records.joined", {
            "tables": len(self.tables), "rows": len(home), "records": home.n_unique(),
            "several": home.filter(home.is_duplicated()).n_unique()})] if self.join else []
        return JoinedLedger(
            self.source, [section for section in sections if section is not None], self.groups,
            [table.counts for table in self.tables],
            [found for of_table in self.found for found in of_table], notices, self.folder,
            self._home_of if self.join else None, 0 if self.join else self._same_keys())

    def _same_keys(self) -> int:
        """How many keys came before in a table with other columns."""
        every = homes_apart([t.keys for t in self.tables], [t.records for t in self.tables],
                            [None] * len(self.tables), self.vocabulary.keys)
        return len(every.repeated) - len(self.homes.repeated)

    def _home_of(self, row: int) -> list[tuple[Location, Location]]:
        """Where rows of this number stand, and the first rows of their records."""
        found = []
        for table, start in zip(self.tables, self.starts, strict=True):
            if (place := table.place_of(row)) is not None:
                home = self.homes.home[start + place]
                first, record = self._records(pl.Series([home], dtype=NUMBER))[home]
                found.append((
                    Location(table.table.file, table.table.sheet, row),
                    Location(first.table.file, first.table.sheet, first.first + record[AT])))
        return found

    def _move(self) -> Mapping[tuple[int, int], Mapping[int, Sequence[str]]]:
        """Put rows where the first rows of their records are; says which parts of which tables have
        rows of which others, and where these are kept."""
        parts = [(table.number, part, start) for table in self.tables
                 for part, start in enumerate(_starts(table.heights, self.starts[table.number]))]
        bounds = pl.Series([start for *_, start in parts], dtype=pl.Int64)
        moved: defaultdict[tuple[int, int], defaultdict[int, list[str]]] = defaultdict(
            lambda: defaultdict(list))
        for table, part, start in parts:
            height = self.tables[table].heights[part]
            home = self.homes.home.slice(start, height)
            numbers = pl.int_range(start, start + height, dtype=NUMBER, eager=True)
            away = home != numbers
            if not away.any():
                continue
            rows = self.tables[table].part(part).with_columns(home.alias(HOME)).filter(away)
            where = bounds.search_sorted(rows[HOME].cast(pl.Int64), side="right") - 1
            for (at,), some in rows.with_columns(where.alias("#part")).partition_by(
                    "#part", as_dict=True, include_key=False, maintain_order=True).items():
                name = f"moved-{at}-{table}-{part}"
                self.folder.put(name, some)
                moved[parts[at][:2]][table].append(name)
        return moved

    def _section(self, number: int, moved: Mapping[tuple[int, int], Mapping[int, Sequence[str]]],
                 ) -> JoinedTable | None:
        """The records at home in a table; None where there are none."""
        table = self.tables[number]
        others = {other for part in range(len(table.heights))
                  for other in moved.get((number, part), ())}
        names = self.vocabulary.fields.sort(
            {*table.names, *(n for other in others for n in self.tables[other].names)})
        paths: list[Path] = []
        sizes: Counter[int] = Counter()
        for part, start in enumerate(_starts(table.heights, self.starts[number])):
            height = table.heights[part]
            numbers = pl.int_range(start, start + height, dtype=NUMBER, eager=True)
            here = self.homes.home.slice(start, height) == numbers
            rows = table.part(part).with_columns(numbers.alias(NO)).filter(here)
            if not len(rows):
                continue
            beside = [(other, pl.concat(map(self.folder.get, kept)))
                      for other, kept in sorted(moved.get((number, part), {}).items())]
            merged = merge(rows, number, beside, self.vocabulary.fields)
            self._say_conflicts(merged)
            frame = self._shaped(merged, table, names)
            paths.append(self.folder.put(f"joined-{number}-{part}", frame))
            sizes.update(dict(frame[GROUP].value_counts().iter_rows()))
        if not paths:
            return None
        return JoinedTable(table.table, names, paths, self.groups, sizes, self.vocabulary)

    def _shaped(self, merged: RecordMerge, table: TableParts, names: Sequence[str]) -> pl.DataFrame:
        """Records with all fields of their section, their row numbers and groups."""
        from zhuanjie.engine.ledger.cells.parser import dtype_of

        frame = merged.frame
        groups = self.group.gather(frame[NO])
        if merged.doubted:
            places = sorted(merged.doubted)
            own = [self._group(groups[at], merged.doubted[at]) for at in places]
            groups = groups.scatter(places, own)
        fields = self.vocabulary.fields
        lacking = [pl.lit(None, dtype=dtype_of(fields[n])).alias(n) for n in names
                   if n not in frame.columns]
        return frame.with_columns(
            *lacking, table.rows_of(frame[AT]).alias(ROW), groups.alias(GROUP)).select(
            *names, ROW, GROUP)

    def _group(self, kept: int, doubted: frozenset[str]) -> int:
        """The number of a group of records that are in doubt about some fields."""
        group = RecordGroup(self.groups[kept].kept, doubted)
        if group not in self.numbers:
            self.numbers[group] = len(self.groups)
            self.groups.append(group)
        return self.numbers[group]

    def _say_conflicts(self, merged: RecordMerge) -> None:
        """Each contradiction, where the later of the two cells stands."""
        fields = self.vocabulary.fields
        for conflict in merged.conflicts:
            field = fields[conflict.field]
            first = self.tables[conflict.first.table]
            second = self.tables[conflict.second.table]
            self.found[second.number].append(InputFinding(
                "records.contradiction", self._named(merged.frame, conflict), field.name,
                second.first + conflict.second.at, second.headings[field.name],
                _shown(field, conflict.second.value), second.table.file, second.table.sheet,
                {"first": _place(first, second), "first_row": first.first + conflict.first.at,
                 "first_column": first.headings[field.name],
                 "first_value": _shown(field, conflict.first.value)}))

    def _named(self, frame: pl.DataFrame, conflict: Conflict) -> str | None:
        """What a record is called."""
        for key in self.vocabulary.keys:
            if key in frame.columns and (value := frame[key][conflict.record]) is not None:
                return self.vocabulary.fields[key].shown(value)
        return None

    def _say_of_keys(self) -> None:
        """Keys that stand in one table more than once, and those that go with several others."""
        repeated, unclear = self.homes.repeated, self.homes.unclear
        records = self._records(pl.concat([repeated["row"], repeated["first"], unclear]).unique())
        for row, first in repeated.iter_rows():
            table, record = records[first]
            self._say_of(*records[row], "records.same-id", {
                "first": _place(table, records[row][0]), "first_row": table.first + record[AT]})
        for row in unclear:
            self._say_of(*records[row], "records.join-unclear", {})

    def _say_of(self, table: TableParts, record: Mapping[str, Any], code: str,
                args: Mapping[str, object]) -> None:
        key = next(k for k in self.vocabulary.keys if record.get(k) is not None)
        value = self.vocabulary.fields[key].shown(record[key])
        self.found[table.number].append(InputFinding(
            code, value, key, table.first + record[AT], table.headings[key], value,
            table.table.file, table.table.sheet, args))

    def _records(self, rows: pl.Series) -> dict[int, tuple[TableParts, dict[str, Any]]]:
        """Some rows, by their numbers over all tables, as their tables have them."""
        found = {}
        for table, start in zip(self.tables, self.starts, strict=True):
            here = rows.filter(rows.is_between(start, start + table.records, closed="left"))
            places = (here.cast(pl.Int64) - start).sort()
            for record in table.records_at(places).iter_rows(named=True):
                found[start + record["#place"]] = table, record
        return found


def _starts(heights: Sequence[int], first: int) -> list[int]:
    """Where parts of some heights start, one behind another."""
    return list(accumulate(heights[:-1], initial=first)) if heights else []


def _place(table: TableParts, beside: TableParts) -> str:
    """A table as messages name it that are about another."""
    source = table.table
    if source.sheet and source.file == beside.table.file:
        return source.sheet
    return f"{source.file}[{source.sheet}]" if source.sheet else source.file


def _shown(field: Field, value: object) -> str:
    """A value as a ledger shows it, masked where its field is."""
    if field.values:
        return field.values[str(value).lower() if isinstance(value, bool) else str(value)]
    if isinstance(value, date):
        return value.isoformat()[:7] if field.type == "month" else value.isoformat()
    return field.shown(str(value))
