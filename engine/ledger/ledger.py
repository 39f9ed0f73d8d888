"""Ledgers. In: files of any kind, mappings or frames. Out: typed batches and input findings.

A ledger can be read several times; every time it gives the same batches and the same findings.
"""

from __future__ import annotations

import hashlib
import io
import json
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, UsageError, fail
from zhuanjie.engine.core.forks import use_threads
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.results import InputFinding, Skipped, TableCounts
from zhuanjie.engine.ledger.batch import Batch
from zhuanjie.engine.ledger.cells.text import whole_text
from zhuanjie.engine.ledger.documents import load_record_file, standard_input
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.meanings import names_not_kept
from zhuanjie.engine.ledger.record import no_key_notice, read_record, unknown_notices
from zhuanjie.engine.ledger.sources import STDIN, LedgerSource, check_content, find_sources, spool
from zhuanjie.engine.vocabulary.heading_text import plain_heading
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    import polars as pl

    from zhuanjie.engine.ledger.given_table import GivenTable
    from zhuanjie.engine.ledger.readers.base import LedgerTable

__all__ = ["Batch", "Ledger", "from_frame", "from_records", "from_tables", "load_record_file",
           "open_ledger", "read_record"]

IN_MEMORY = "records"
"""What stands for the file of records that come from none."""


class Ledger:
    """The records of one or many files, in order."""

    def __init__(self, tables: Sequence[LedgerTable], notices: Iterable[Diagnostic] = (),
                 sha256: str = "", is_database: bool = False,
                 skipped: Sequence[Skipped] = ()) -> None:
        from zhuanjie.engine.ledger.column_values import settle

        for table in tables:
            table.match = settle(table)
        self.tables = tables
        """What the records come from, in order."""
        self.is_database = is_database
        """Whether a table of a database is among them."""
        self.skipped = tuple(skipped)
        """The files and sheets that were not read; each is among the notices too."""
        self.sha256 = sha256
        """Digest of the bytes of all files, in order; empty where a database is among them."""
        self.waivers = tuple(entry for table in tables for entry in table.waivers)
        """The approvals that are kept with the records, as files of waivers have them."""
        self.files = tuple(dict.fromkeys(t.file for t in tables))
        self.fields = frozenset(f.name for t in tables for f in t.match.fields.values())
        """The fields that any source has a column for."""
        kept = [table.kept for table in tables if table.kept is not None]
        self.kept = frozenset.intersection(*kept) if kept else None
        """The fields that every source has a column for; None where none has columns."""
        self.keys = tuple(dict.fromkeys(
            t.match.key for t in tables if t.match.key_column is not None))
        """The fields that name the records of its tables, that of the first table first."""
        self.audited = tuple(frozenset(f.name for f in t.match.fields.values()) for t in tables)
        """The fields of each table."""
        self.input: Sequence[InputFinding] = ()
        """What was found wrong before its records are read in batches."""
        self.same_keys = 0
        """How many ids stand in another table too, with other columns, once all were read."""
        self.notices = [*(s.reason for s in self.skipped), *notices]
        """What the reader should be told that is no finding, such as unknown headings."""
        for table in tables:
            self.notices += unknown_notices(table.match, table.place)
            self.notices += table.match.notices
            self.notices += table.notices
            if table.match.key_column is None:
                self.notices.append(no_key_notice(table.match, table.place))

    @property
    def says_not_kept(self) -> bool:
        """Whether a table names what is not kept of each record."""
        return any(map(names_not_kept, (h for t in self.tables for h, _ in
                                        t.match.unknown.values())))

    @property
    def counts(self) -> Sequence[TableCounts] | None:
        """What the rows of its tables are, where that is known apart from their records."""
        return None

    def homes_of(self, row: int) -> Sequence[tuple[Location, Location]] | None:
        """Where a row of such a number stands, and where the record that it is a part of does; None
        where every record has one row.
        """
        return None

    def close(self) -> None:
        """End the sessions of databases and let go of files; the ledger is not read again."""
        for table in self.tables:
            table.close()

    @property
    def size_hint(self) -> int | None:
        """About how many records there are, where that is known without reading them all."""
        hints = [t.size_hint for t in self.tables]
        return None if None in hints else sum(h for h in hints if h is not None)

    def batches(self, size: int | None = None) -> Iterator[Batch]:
        """The records in batches of at most `size`; raises InputError when there are none."""
        from zhuanjie.engine.ledger.assemble import assemble
        from zhuanjie.engine.ledger.duplicate_ids import DuplicateIdIndex

        ids = DuplicateIdIndex()
        start = 0
        size = size or limits().batch_rows
        for table in self.tables:
            for batch in assemble(table, size, start, ids):
                start += batch.frame.height
                yield batch
        self.same_keys = ids.elsewhere
        self.check_filled(start)

    def check_filled(self, records: int) -> None:
        """Raise InputError where there are no records."""
        if not records:
            raise fail(InputError, "records.no-records", Place(file=", ".join(self.files)),
                       "records.hint.no-records")


def open_ledger(
    sources: Sequence[str | Path], columns: Mapping[str, str] | None = None,
    stdin: BinaryIO | None = None, *, vocabulary: Vocabulary, version: str | None = None,
) -> Ledger:
    """The ledger in files, folders, globs and standard input (`-`), as given.

    `columns` maps the ledger's own headings to field names, `version` is that of tables of a
    lakehouse. Raises InputError for what cannot be read at all, UsageError for a version where
    nothing has one.
    """
    use_threads()
    mapping = HeadingMap(vocabulary, columns)
    given = [sources] if isinstance(sources, (str, Path)) else sources
    spooled: list[Path] = []
    try:
        ledger = _read(_sources(given, stdin, spooled, version), mapping)
    except BaseException:
        for path in spooled:
            path.unlink(missing_ok=True)
        raise
    for path in spooled:
        weakref.finalize(ledger, path.unlink, missing_ok=True)
    return ledger


def from_records(
    records: Iterable[Mapping[str, object]], columns: Mapping[str, str] | None = None, *,
    vocabulary: Vocabulary,
) -> Ledger:
    """The ledger in Python mappings: nested, dotted or with Chinese headings."""
    from zhuanjie.engine.ledger.readers.objects import ObjectTable

    rows = list(records)
    try:
        content = json.dumps(rows, default=str, ensure_ascii=True).encode()
    except (ValueError, RecursionError) as error:  # it holds itself, or is as good as endless
        if "digits" not in str(error):
            raise fail(InputError, "source.too-deep") from None
        content = repr([{str(name): whole_text(cell) for name, cell in row.items()}
                        for row in rows]).encode(errors="replace")
    except TypeError:  # a key that is neither text nor number
        raise fail(InputError, "records.record-shape", hint="records.hint.record-shape") from None
    table = ObjectTable(rows, IN_MEMORY, HeadingMap(vocabulary, columns), given=True)
    return Ledger([table], sha256=hashlib.sha256(content).hexdigest())


def from_frame(frame: pl.DataFrame, columns: Mapping[str, str] | None = None, *,
               vocabulary: Vocabulary) -> Ledger:
    """The ledger in a Polars frame, with field names or Chinese headings for columns."""
    from zhuanjie.engine.ledger.readers.frames import FrameTable

    content = io.BytesIO()
    frame.write_ipc_stream(content)
    table = FrameTable(frame.lazy(), IN_MEMORY, HeadingMap(vocabulary, columns), frame.height)
    return Ledger([table], sha256=hashlib.sha256(content.getbuffer()).hexdigest())


def from_tables(tables: Sequence[GivenTable], columns: Mapping[str, str] | None = None, *,
                vocabulary: Vocabulary) -> Ledger:
    """The ledger in tables of records that were read before."""
    from zhuanjie.engine.ledger.given_table import RecordsTable

    mapping = HeadingMap(vocabulary, columns)
    return Ledger([RecordsTable(table, mapping) for table in tables])


def _sources(given: Sequence[str | Path], stdin: BinaryIO | None,
             spooled: list[Path], version: str | None) -> Iterator[LedgerSource]:
    """The files meant, standard input kept in a file that is noted in `spooled`."""
    if not given:
        raise fail(InputError, "records.no-sources", hint="records.hint.no-sources")
    files: list[LedgerSource] = []
    rest: list[str | Path] = []
    for item in given:
        if str(item) != STDIN:
            rest.append(item)
            continue
        files += find_sources(rest, version)
        rest = []
        if not spooled:
            source = spool(stdin or standard_input())
            spooled.append(source.path)
            files.append(check_content(source))
    files += find_sources(rest, version)
    if version is not None and not any(source.kind == "lakehouse" for source in files):
        raise fail(UsageError, "records.lakehouse.no-table", hint="records.lakehouse.no-table.hint")
    seen: set[Path] = set()
    for source in files:
        if source.path.resolve() not in seen:
            seen.add(source.path.resolve())
            yield source


def _read(given: Iterable[LedgerSource], mapping: HeadingMap) -> Ledger:
    from zhuanjie.engine.ledger.readers.registry import open_tables

    sources = list(given)
    digest = hashlib.sha256()
    tables: list[LedgerTable] = []
    notices: list[Diagnostic] = []
    skipped: list[Skipped] = []
    for source in sources:
        trial = digest.copy()
        try:
            if source.problem:
                raise source.problem
            found, said = open_tables(source, mapping, trial)
        except InputError as error:
            if len(sources) == 1:
                raise
            skipped += [Skipped(source.name, d.place.sheet, d, source.named)
                        for d in error.diagnostics]
            continue
        digest = trial
        tables += found
        skipped += [Skipped(source.name, d.place.sheet, d) for d in said]
    if not tables and not skipped:
        raise fail(InputError, "records.no-records", Place(", ".join(s.name for s in sources)),
                   "records.hint.no-records")
    if not tables:
        raise InputError(*(s.reason for s in skipped))
    used = {plain_heading(heading) for table in tables for heading in table.headings}
    notices += [Diagnostic("records.columns-unused", {"heading": heading})
                for heading in mapping.columns
                if plain_heading(heading) not in used and heading not in mapping.remembered]
    # Nobody reads all the bytes of a database.
    remote = any(source.kind == "database" for source in sources)
    return Ledger(tables, notices, "" if remote else digest.hexdigest(), remote, skipped)
