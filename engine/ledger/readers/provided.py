"""Ledgers that another package hands out. In: an address. Out: tables of records, typed already."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import cast

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.ledger.given_table import LedgerProvider, RecordsTable
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.encoding import Digest
from zhuanjie.engine.ledger.readers.provided_address import PROVIDERS


def provided_tables(address: str, shown: str, mapping: HeadingMap,
                    digest: Digest) -> tuple[Sequence[RecordsTable], Sequence[Diagnostic]]:
    """The tables of the ledger that an address names, and what to say of it."""
    head, _, where = address.partition(":")
    given = _provider(head.lower()).open_ledger(where, shown, mapping.vocabulary)
    digest.update(given.digest.encode())
    tables = [RecordsTable(table, mapping) for table in given.tables]
    for table in tables[:1]:
        table.waivers = given.waivers
    return tables, given.notices


@cache
def _provider(name: str) -> LedgerProvider:
    from importlib.metadata import entry_points

    return cast("LedgerProvider", entry_points(group=PROVIDERS)[name].load())
