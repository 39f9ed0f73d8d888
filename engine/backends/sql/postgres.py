"""PostgreSQL as an engine. In: statements and frames. Out: rows.

A frame goes over as bound arrays, one for each column, so that nothing is written to the server.
Which server it is, libpq's own variables say (PGHOST, PGUSER, PGSERVICE and the like).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import polars as pl
from sqlglot import exp

from zhuanjie.engine.backends.sql.backend import Query, SqlBackend
from zhuanjie.engine.backends.sql.conditions import aliased, column
from zhuanjie.engine.backends.sql.dialects import POSTGRES, Tree, call
from zhuanjie.engine.backends.sql.statement import below, select
from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import UnsupportedError, fail
from zhuanjie.engine.ledger.readers.server import NAME, Server

_ARRAYS = {pl.Boolean: "BOOLEAN", pl.String: "TEXT"}


class PostgresBackend(SqlBackend):
    """Judges in a server: the one that is given, or else the one the environment names."""

    name = NAME
    dialect = POSTGRES

    def __init__(self, server: Server | None = None) -> None:
        self._server = server

    def rows(self, frame: pl.DataFrame, query: Query) -> list[tuple[Any, ...]]:
        """See `SqlBackend.rows`; raises InputError where there is no server."""
        _refuse_nul(frame)
        statement = self.dialect.sql(query(_relation(frame)))
        with self._connected() as server:
            return server.rows(statement, [c.to_list() for c in frame.get_columns()])

    def row(self, select: exp.Select) -> Sequence[Any]:
        """See `SqlBackend.row`; raises InputError where there is no server."""
        with self._connected() as server:
            return server.rows(self.dialect.sql(select))[0]

    @contextmanager
    def _connected(self) -> Iterator[Server]:
        if self._server is not None:
            yield self._server
            return
        server = Server("", Place(file="postgresql://"))
        try:
            yield server
        finally:
            server.close()


def param(number: int, kind: str) -> Tree:
    """A bound parameter (the first is 1), as a value of some type."""
    return exp.cast(exp.Parameter(this=exp.Literal.number(number)), kind)


def _relation(frame: pl.DataFrame) -> Tree:
    """Bound arrays as a relation; texts compare by code points."""
    arrays = [param(i, f"{_ARRAYS.get(type(kind), 'BIGINT')}[]")
              for i, kind in enumerate(frame.dtypes, 1)]
    alias = exp.TableAlias(this=exp.to_identifier("given"), columns=[
        exp.to_identifier(name, quoted=True) for name in frame.columns])
    given = exp.Table(this=call("unnest", *arrays), alias=alias)
    columns = [aliased(POSTGRES.ordered(column(name)) if kind == pl.String else column(name), name)
               for name, kind in frame.schema.items()]
    return below(select(columns, given), "records")


def _refuse_nul(frame: pl.DataFrame) -> None:
    """Refuse what the server's texts cannot hold."""
    texts = frame.select(pl.col(pl.String).str.contains("\0", literal=True).any())
    if any(texts.row(0)) if texts.width else False:
        raise fail(UnsupportedError, "backend.postgresql.nul", hint="backend.hint.other",
                   name=NAME)


ENGINE = PostgresBackend()
