"""A table of a PostgreSQL database. In: its address. Out: one table, read in one state of the data.

A column is read as the text the server writes for it (`raw`), except where an engine that works in
the server uses a column as it is. Rows are numbered in the order of the address, or by the key.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import polars as pl
from sqlglot import exp

from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.address import Address
from zhuanjie.engine.ledger.readers.base import Chunk, LedgerTable
from zhuanjie.engine.ledger.readers.columns_of_server import ALIAS, DatabaseColumn, Kind, one_of
from zhuanjie.engine.ledger.readers.copied import LAST, Copied, Made, copied
from zhuanjie.engine.ledger.readers.frames import frame_chunks
from zhuanjie.engine.ledger.readers.refuse import not_a_ledger
from zhuanjie.engine.ledger.readers.server import OutOfRangeError, Server
from zhuanjie.engine.vocabulary.fields import Field

TIES = 1_000
"""Texts that several rows share up to which only these rows are told apart by all they hold."""
SAMPLE = 1_000
"""Rows up to which only those are fetched that are taken."""
SAMPLED = 2 << 20
"""Bytes of a table in which it is looked for columns that hold nothing."""
KEPT = "rvmpf"
"""Kinds of relation that hold rows: tables, views, partitioned and foreign ones."""

_TYPES: dict[str, Kind] = {
    "text": "text", "varchar": "text", "bpchar": "text", "name": "text",
    "int2": "int", "int4": "int", "int8": "int", "bool": "bool", "date": "date",
    "timestamp": "timestamp", "timestamptz": "timestamp", "float4": "float", "float8": "float",
}
_FIND = "SELECT pg_catalog.to_regclass($1)::oid"
_EXACT = ("SELECT pg_catalog.to_regclass((SELECT string_agg(pg_catalog.quote_ident(part), '.') "
          "FROM unnest($1::text[]) AS part))::oid")
_ABOUT = ("SELECT n.nspname, c.relname, c.relkind::text, c.reltuples::bigint "
          "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
          "WHERE c.oid = $1")
# A domain is read as the type it stands on.
_COLUMNS = ("SELECT a.attname, CASE WHEN t.typtype = 'd' THEN "
            "CASE WHEN b.typnamespace = 'pg_catalog'::regnamespace THEN b.typname END "
            "WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN t.typname END, "
            "a.attnotnull, coalesce(pg_catalog.to_jsonb(c) ->> 'collisdeterministic', 'true') "
            "= 'true' FROM pg_catalog.pg_attribute a "
            "JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "
            "LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype "
            "LEFT JOIN pg_catalog.pg_collation c ON c.oid = a.attcollation "
            "WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum")
# The bytes of a table with its parts; none where some of it lies elsewhere.
_SIZE = ("WITH RECURSIVE held AS (SELECT $1::oid AS oid UNION ALL SELECT i.inhrelid "
         "FROM pg_catalog.pg_inherits i JOIN held h ON i.inhparent = h.oid) "
         "SELECT CASE WHEN bool_and(c.relkind IN ('r', 'm', 'p')) "
         "THEN sum(pg_catalog.pg_table_size(c.oid))::bigint END "
         "FROM held h JOIN pg_catalog.pg_class c ON c.oid = h.oid")
_KEYS = ("SELECT (SELECT array_agg(a.attname::text) FROM pg_catalog.pg_attribute a "
         "WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])) "
         "FROM pg_catalog.pg_index i WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid "
         "AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL")


class PostgresTable(LedgerTable):
    """One table, its connection kept open: whoever reads it twice reads the same state."""

    is_remote = True

    def __init__(self, address: Address, mapping: HeadingMap) -> None:
        """Connect and look the table up.

        Raises InputError for an unknown server, table or column, or a table that is no ledger.
        """
        super().__init__()
        self.address = address
        self.file = address.shown
        self.server = Server(address.conninfo, address.place, address.secrets)
        self._finalizer = weakref.finalize(self, self.server.close)  # for who forgets to close
        self._copies: list[Copied] = []
        self._texts: Copied | None = None
        self.fetched: dict[frozenset[str], LedgerTable] = {}
        """What was fetched of it, by the fields it was fetched for."""
        try:
            self._look_up(mapping)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the session, and with it what the server keeps for it, and let go of copies."""
        self._finalizer()
        self._texts = None
        for rows in self._copies:
            rows.delete()
        self._copies.clear()
        self.fetched.clear()

    def _look_up(self, mapping: HeadingMap) -> None:
        place, name = self.address.place, self.address.table
        oid = self._find(name)
        found = self.server.rows(_ABOUT, [oid]) if oid else []
        self._oid = oid
        if not found or found[0][2] not in KEPT:
            raise fail(InputError, "records.db.unknown-table", place,
                       "records.db.hint.unknown-table", table=name)
        schema, relation, _, estimate = found[0]
        self.relation = exp.Table(
            this=exp.to_identifier(relation, quoted=True),
            db=exp.to_identifier(schema, quoted=True),
            alias=exp.TableAlias(this=exp.to_identifier(ALIAS, quoted=True)))
        self.columns = [DatabaseColumn(n, _TYPES.get(t, "other"), filled, exact)
                        for n, t, filled, exact in self.server.rows(_COLUMNS, [oid])]
        self.size_hint = estimate if estimate > 0 else None
        self.headings = [c.name for c in self.columns]
        self.match = mapping.match(self.headings, place)
        if not mapping.knows(self.match):
            raise not_a_ledger(self.file, None, [self.headings], mapping)
        self._lead = self._leading()
        self._keys = [set(names) for names, in self.server.rows(_KEYS, [oid])]
        # From here on nothing is looked up but the server's own functions.
        self.server.only("pg_catalog")

    def _find(self, name: str) -> int | None:
        """The table's number: by PostgreSQL's rules for names, else exactly as written."""
        import psycopg

        try:
            found = self.server.attempt(_FIND, [name])
        except psycopg.Error:  # no name by its rules, such as one that begins with a digit
            found = None
        try:
            number: int | None = found or self.server.attempt(_EXACT, [name.split(".")])
        except psycopg.Error:  # more parts than a name has, a part that is too long
            return None
        return number

    def _leading(self) -> list[DatabaseColumn]:
        """The columns that rows are ordered by first."""
        by_name = {c.name: c for c in self.columns}
        lead = []
        for name in self.address.order:
            column = by_name.get(name) or next(
                (self.columns[at] for at, f in self.match.fields.items() if f.name == name), None)
            if column is None:
                raise fail(InputError, "records.db.order", self.address.place,
                           "records.db.hint.order", column=name,
                           columns=", ".join(by_name))
            lead.append(column)
        key = self.match.key_column
        return lead or ([] if key is None else [self.columns[key]])

    @cached_property
    def order(self) -> list[exp.Expr]:
        """What rows are ordered by: no two rows that differ are ever equal in it."""
        trees = [c.ordered for c in self._lead]
        sure = {c.name for c in self._lead if c.filled}
        if any(names <= sure for names in self._keys):
            return trees
        # The whole row settles a tie; where something comes before it, a number made of it will do.
        if not trees:
            return [self.row]
        ties = self._ties()
        if ties is not None and not ties:
            return trees
        number: exp.Expr = self._number
        if ties is not None and [c.kind for c in self._lead] == ["text"]:
            # The text of a row takes long to make: most rows are alone with what they begin with.
            lead = self._lead[0]
            number = exp.Case(ifs=[exp.If(this=one_of(lead, [text for text, in ties]),
                                          true=number)])
        return [*trees, number]

    @property
    def _number(self) -> exp.Expr:
        return exp.Anonymous(this="hashtextextended",
                             expressions=[self.row, exp.Literal.number(0)])

    @property
    def sorted_by(self) -> int | None:
        """The column that alone says the order of most rows, where Polars has its values in the
        same order and the table is not too large to be sorted here; else None."""
        if len(self._lead) != 1 or self._lead[0].kind not in ("text", "int"):
            return None
        small = self._size is not None and self._size <= limits().copied_bytes
        return self.columns.index(self._lead[0]) if small else None

    @cached_property
    def _size(self) -> int | None:
        found: int | None = self.server.rows(_SIZE, [self._oid])[0][0]
        return found

    @cached_property
    def blank(self) -> frozenset[int]:
        """The columns that hold nothing in some parts of the table: likely in no other part."""
        if self._size is None or not self.match.fields:
            return frozenset()
        share = min(100.0, 100 * SAMPLED / max(1, self._size))
        relation = self.relation.copy()
        relation.set("sample", exp.TableSample(
            method=exp.var("SYSTEM"), percent=exp.Literal.number(share),
            seed=exp.Literal.number(0)))
        columns = sorted(self.match.fields)
        select = exp.Select(expressions=[
            exp.Count(this=self.columns[at].tree) for at in columns])
        select.set("from_", exp.From(this=relation))
        counts = self.server.rows(select.sql("postgres"))[0]
        return frozenset(at for at, count in zip(columns, counts, strict=True) if not count)

    def leads(self, most: int) -> list[str | None]:
        """What some rows, no matter which, begin with in their order."""
        select = self._select([(self._lead[0].raw, "lead")])
        select.set("limit", exp.Limit(expression=exp.Literal.number(most)))
        return [text for text, in self.server.rows(select.sql("postgres"))]

    def _ties(self) -> list[tuple[str | None, ...]] | None:
        """What rows have in common with others in the columns that come first; None where that is
        not known, or too much to name."""
        if not all(c.exact or c.kind == "text" for c in self._lead):
            return None
        names = [f"k{at}" for at in range(len(self._lead))]
        inner = exp.Select(expressions=[exp.alias_(c.ordered, name)
                                        for c, name in zip(self._lead, names, strict=True)])
        inner.set("from_", exp.From(this=self.relation.copy()))
        keys = [exp.column(name) for name in names]
        query = exp.Select(expressions=[exp.cast(key.copy(), "TEXT") for key in keys])
        query.set("from_", exp.From(this=inner.subquery("held")))
        query.set("group", exp.Group(expressions=keys))
        query.set("having", exp.Having(this=exp.GT(this=exp.Count(this=exp.Star()),
                                                   expression=exp.Literal.number(1))))
        query.set("limit", exp.Limit(expression=exp.Literal.number(TIES + 1)))
        found = self.server.rows(query.sql("postgres"))
        return found if len(found) <= TIES else None

    @property
    def row(self) -> exp.Expr:
        """The text the server writes for a whole row."""
        return exp.Collate(this=exp.cast(exp.column(ALIAS, quoted=True), "TEXT"),
                           expression=exp.to_identifier("C", quoted=True))

    def known(self) -> list[tuple[Field, DatabaseColumn]]:
        """The fields the table has columns for, with these."""
        return [(field, self.columns[at]) for at, field in self.match.fields.items()]

    def chunks(self, size: int) -> Iterator[Chunk]:
        """The rows in blocks, every cell as text."""
        wanted = sorted({*self.match.fields, *self.match.unknown})
        if size <= SAMPLE:
            yield from self._first(wanted, size)
            return
        if self._texts is None:
            self._texts = self.copied([(self.columns[at].raw, str(at), pl.String)
                                       for at in wanted])
        yield from frame_chunks(self._texts.scan, wanted, size)

    def _first(self, wanted: Sequence[int], size: int) -> Iterator[Chunk]:
        """The rows as they are asked for: whoever takes a few fetches no more."""
        select = self.selected([(self.columns[at].raw, f"c{at}") for at in wanted])
        number = 1
        for rows in self.server.batches(select, size):
            cells = {at: pl.Series(values, dtype=pl.String)
                     for at, values in zip(wanted, zip(*rows, strict=True), strict=True)}
            yield Chunk(cells, pl.int_range(number, number + len(rows), eager=True))
            number += len(rows)

    def selected(self, columns: Sequence[tuple[exp.Expr, str]], most: int | None = None) -> str:
        """The statement for some columns, with their names, of all rows (or `most`) in order."""
        select = exp.Select(expressions=[exp.alias_(tree, name) for tree, name in columns])
        relation = self.relation.copy() if most is None else self.top(most)
        select.set("from_", exp.From(this=relation))
        select.set("order", exp.Order(expressions=[tree.copy() for tree in self.order]))
        return select.sql("postgres")

    def top(self, most: int) -> exp.Expr:
        """The first rows in order, as a relation: what is made of them is made of no others."""
        inner = exp.Select(expressions=[exp.Star()])
        inner.set("from_", exp.From(this=self.relation.copy()))
        inner.set("order", exp.Order(expressions=[tree.copy() for tree in self.order]))
        inner.set("limit", exp.Limit(expression=exp.Literal.number(most)))
        return exp.Subquery(this=inner, alias=exp.TableAlias(
            this=exp.to_identifier(ALIAS, quoted=True)))

    def copied(self, columns: Sequence[tuple[exp.Expr, str, Any]], made: Made | None = None,
               told: Callable[[int], None] | None = None) -> Copied:
        """All rows with some columns, their names and types in CSV; see `copied`."""
        rows = copied(self.server, self.selected(_named(columns)), _types(columns), made, told)
        self._copies.append(rows)
        return rows

    def held(self, frame: pl.DataFrame) -> Copied:
        """Rows that are all here, in order."""
        rows = Copied()
        rows.replace(frame)
        self._copies.append(rows)
        return rows

    def unordered(self, columns: Sequence[tuple[exp.Expr, str, Any]], made: Made,
                  told: Callable[[int], None] | None,
                  quicker: Mapping[str, exp.Expr]) -> pl.DataFrame:
        """The same rows as `copied` has, in no order, in memory.

        `quicker` are trees for some columns that fail where a day has no number.
        """
        self.server.alone()

        def taken(trees: Mapping[str, exp.Expr]) -> pl.DataFrame:
            select = self._select(_named([(trees.get(name, tree), name, kind)
                                          for tree, name, kind in columns]))
            return copied(self.server, select.sql("postgres"), _types(columns), made, told,
                          kept=False).frame

        try:
            with self.server.trying():
                return taken(quicker)
        except OutOfRangeError:
            return taken({})

    def those_of(self, columns: Sequence[tuple[exp.Expr, str, Any]],
                 leads: Sequence[str | None], made: Made) -> pl.DataFrame | None:
        """The rows that begin with one of some values in what they are ordered by, in order; None
        where these are too many to name."""
        if len(leads) > TIES:
            return None
        lead = self._lead[0]
        select = self._select(_named(columns))
        select.set("where", exp.Where(this=one_of(lead, leads)))
        select.set("order", exp.Order(expressions=[lead.ordered, self._number]))
        return copied(self.server, select.sql("postgres"), _types(columns), made,
                      kept=False).frame

    def _select(self, columns: Sequence[tuple[exp.Expr, str]]) -> exp.Select:
        select = exp.Select(expressions=[exp.alias_(tree, name) for tree, name in columns])
        select.set("from_", exp.From(this=self.relation.copy()))
        return select


def _named(columns: Sequence[tuple[exp.Expr, str, Any]]) -> list[tuple[exp.Expr, str]]:
    return [*((tree, name) for tree, name, _ in columns), (exp.true(), LAST)]


def _types(columns: Sequence[tuple[exp.Expr, str, Any]]) -> dict[str, Any]:
    return {name: kind for _, name, kind in columns}
