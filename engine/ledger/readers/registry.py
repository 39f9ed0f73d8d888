"""Which reader reads which kind of file. In: a source. Out: its tables and notices."""

from __future__ import annotations

from collections.abc import Sequence

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.address import address_of
from zhuanjie.engine.ledger.readers.base import LedgerTable
from zhuanjie.engine.ledger.readers.delimited import DelimitedTable
from zhuanjie.engine.ledger.readers.encoding import Digest, blocks
from zhuanjie.engine.ledger.readers.frames import open_parquet
from zhuanjie.engine.ledger.sources import LedgerSource


def open_tables(
    source: LedgerSource, mapping: HeadingMap, digest: Digest
) -> tuple[Sequence[LedgerTable], Sequence[Diagnostic]]:
    """The tables of a file, and what to say about it; its bytes go into the digest."""
    path, name = source.path, source.name
    match source.kind:
        case "delimited":
            table = DelimitedTable(path, name, mapping, digest)
            return [table, *table.below(mapping)], []
        case "lines":
            # Loaded only for such files.
            from zhuanjie.engine.ledger.readers.json_lines import LinesTable

            return [LinesTable(path, name, mapping, digest)], []
        case "json":
            from zhuanjie.engine.ledger.readers.json_document import open_json

            return [open_json(path, name, mapping, digest)], []
        case "database":
            address = address_of(source.address)  # says what to install
            # Loaded only for databases: a file does not wait for it.
            from zhuanjie.engine.ledger.readers.postgres import PostgresTable

            return [PostgresTable(address, mapping)], []
        case "lakehouse":
            from zhuanjie.engine.ledger.readers.lakehouse import open_lakehouse

            return [open_lakehouse(source.address, source.version, name, mapping, digest)], []
        case "provided":
            from zhuanjie.engine.ledger.readers.provided import provided_tables

            return provided_tables(source.address, name, mapping, digest)
    for block in blocks(path):
        digest.update(block)
    if source.kind == "markup":
        from zhuanjie.engine.ledger.readers.markup import open_markup

        return open_markup(path, name, mapping)
    if source.kind == "parquet":
        return [open_parquet(path, name, mapping)], []
    # Loaded only for workbooks: a .csv does not wait for it.
    from zhuanjie.engine.ledger.readers.workbook import open_workbook

    return open_workbook(path, name, mapping)
