"""Tables that a server holds, brought here. In: a table, a request. Out: a table to be streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from zhuanjie.engine.auditing.strategies.base import AuditRequest
from zhuanjie.engine.ledger.readers.base import LedgerTable

if TYPE_CHECKING:
    from zhuanjie.engine.ledger.readers.postgres import PostgresTable


def at_hand(table: LedgerTable, request: AuditRequest) -> LedgerTable:
    """The table; where a server holds its rows, with what the request reads of them fetched."""
    if not table.is_remote:
        return table
    # Imported late: it knows databases, which most audits have nothing to do with.
    from zhuanjie.engine.backends.sql.fetch import fetched

    told = request.reading
    return fetched(cast("PostgresTable", table), request.observed.union(request.plan.needs),
                   None if told is None else lambda rows: told(rows, table.size_hint))
