"""A table of a PostgreSQL database. In: its address. Out: one table, read in one state of the data.

A column is read as the text the server writes for it (`raw`), except where an engine that works in
the server uses a column as it is. Rows are numbered in the order of the address, or by the key.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl
from sqlglot import exp

from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.address import Address
from zhuanjie.engine.ledger.readers.base import Chunk, LedgerTable
from zhuanjie.engine.ledger.readers.refuse import not_a_ledger
from zhuanjie.engine.ledger.readers.server import Server
from zhuanjie.engine.vocabulary.fields import Field

Kind = Literal["text", "int", "bool", "date", "timestamp", "float", "other"]

ALIAS = "the ledger"
"""What statements call the table; a column of this name is not likely."""
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
            "a.attnotnull FROM pg_catalog.pg_attribute a "
            "JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "
            "LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype "
            "WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum")
_KEYS = ("SELECT (SELECT array_agg(a.attname::text) FROM pg_catalog.pg_attribute a "
         "WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])) "
         "FROM pg_catalog.pg_index i WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid "
         "AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL")


@dataclass(frozen=True, slots=True)
class DatabaseColumn:
    """A column of the table: its name, what sort of values it has, whether it can be null."""

    name: str
    kind: Kind
    filled: bool

    @property
    def tree(self) -> exp.Expr:
        """The column itself."""
        return exp.column(self.name, table=ALIAS, quoted=True)

    @property
    def raw(self) -> exp.Expr:
        """The text the server writes for a value; no number at all is nothing."""
        tree = self.tree
        if self.kind == "timestamp":
            tree = exp.cast(tree, "TIMESTAMP")
        text = exp.cast(tree, "TEXT")
        if self.kind == "float":
            return exp.Nullif(this=text, expression=exp.Literal.string("NaN"))
        return exp.Collate(this=text, expression=exp.to_identifier("C", quoted=True))


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
        try:
            self._look_up(mapping)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the session, and with it what the server keeps for it."""
        self._finalizer()

    def _look_up(self, mapping: HeadingMap) -> None:
        place, name = self.address.place, self.address.table
        oid = self._find(name)
        found = self.server.rows(_ABOUT, [oid]) if oid else []
        if not found or found[0][2] not in KEPT:
            raise fail(InputError, "records.db.unknown-table", place,
                       "records.db.hint.unknown-table", table=name)
        schema, relation, _, estimate = found[0]
        self.relation = exp.Table(
            this=exp.to_identifier(relation, quoted=True),
            db=exp.to_identifier(schema, quoted=True),
            alias=exp.TableAlias(this=exp.to_identifier(ALIAS, quoted=True)))
        self.columns = [DatabaseColumn(n, _TYPES.get(t, "other"), filled)
                        for n, t, filled in self.server.rows(_COLUMNS, [oid])]
        self.size_hint = estimate if estimate > 0 else None
        self.headings = [c.name for c in self.columns]
        self.match = mapping.match(self.headings, place)
        if not mapping.knows(self.match):
            raise not_a_ledger(self.file, None, [self.headings], mapping)
        self.order = self._order([set(names) for names, in self.server.rows(_KEYS, [oid])])
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

    def _order(self, keys: Sequence[set[str]]) -> list[exp.Expr]:
        """What rows are ordered by: no two rows that differ are ever equal in it."""
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
        lead = lead or ([] if key is None else [self.columns[key]])
        trees = [c.tree for c in lead]
        sure = {c.name for c in lead if c.filled}
        if any(names <= sure for names in keys):
            return trees
        row = self.row
        # The whole row settles a tie; where something comes before it, a number made of it will do.
        if trees:
            row = exp.Anonymous(this="hashtextextended",
                                expressions=[row, exp.Literal.number(0)])
        return [*trees, row]

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
        select = exp.Select(
            expressions=[exp.alias_(self.columns[at].raw, f"c{at}") for at in wanted])
        select.set("from_", exp.From(this=self.relation.copy()))
        select.set("order", exp.Order(expressions=[tree.copy() for tree in self.order]))
        number = 1
        for rows in self.server.batches(select.sql("postgres"), min(size, limits().object_rows)):
            cells = {at: pl.Series(values, dtype=pl.String)
                     for at, values in zip(wanted, zip(*rows, strict=True), strict=True)}
            yield Chunk(cells, pl.int_range(number, number + len(rows), eager=True))
            number += len(rows)
