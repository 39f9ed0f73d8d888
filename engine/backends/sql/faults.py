"""What could not be read in a table of a server. In: raw cells of a row. Out: input findings.

They are worded and ordered as those of a file are: see `ledger/assemble.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zhuanjie.engine.backends.sql.records import SAID_OF, Cell, RowKind
from zhuanjie.engine.core.results import InputFinding
from zhuanjie.engine.ledger.cells.faults import fault
from zhuanjie.engine.ledger.cells.parser import CellError, read_cell
from zhuanjie.engine.ledger.cells.text import show
from zhuanjie.engine.ledger.readers.postgres import PostgresTable


class Faults:
    """Makes the input findings of one pass over a table; rows come in their order."""

    def __init__(self, table: PostgresTable, cells: Sequence[Cell],
                 checked: Sequence[Cell]) -> None:
        """`cells` are those that can be unreadable, `checked` those whose values may have been
        copied wrong, in the order in which their texts come."""
        self._key, self._fields = table.match.key, table.match.vocabulary.fields
        self._file = table.file
        self._cells, self._checked = list(enumerate(cells)), list(enumerate(checked))
        heading = next((c.name for f, c in table.known() if f.name == self._key), None)
        self._heading = None if heading is None else " ".join(heading.split())
        self._first: dict[str, int] = {}
        self._shown = table.match.vocabulary.fields[self._key].shown

    def of(self, row: int, kind: RowKind, note: str | None, record: str | None,
           texts: Sequence[str | None], values: Sequence[str | None],
           again: bool) -> Iterator[InputFinding]:
        """The findings of one row: its id, its unreadable cells' raw `texts` and its `values` that
        may be wrong, or that it is no record.

        `again` says that several records have its id.
        """
        if kind < RowKind.BEYOND:
            if kind in SAID_OF:
                yield InputFinding(SAID_OF[kind], None, None, row, None, note or "", self._file)
            return
        unreadable = [cell.field.name for at, cell in self._cells if texts[at] is not None]
        if self._heading is not None and self._key not in unreadable:
            yield from self._id(row, record, again)
        found = [*self._unread(texts), *self._wrong(values)]
        shown = None if record is None else self._shown(record)
        for cell, text, error in sorted(found, key=lambda item: item[0].field.number):
            yield InputFinding(error.code, shown, cell.field.name, row,
                               " ".join(cell.heading.split()), cell.field.shown(show(text)),
                               self._file, None, error.values)

    def _unread(self, texts: Sequence[str | None]) -> Iterator[tuple[Cell, str, CellError]]:
        for at, cell in self._cells:
            text = texts[at]
            if text is None:
                continue
            try:
                read_cell(cell.field, text)
            except CellError as error:
                yield cell, text, error

    def _wrong(self, values: Sequence[str | None]) -> Iterator[tuple[Cell, str, CellError]]:
        for at, cell in self._checked:
            text = values[at]
            if text is not None and (error := fault(cell.field, text)) is not None:
                yield cell, text, error

    def _id(self, row: int, record: str | None, again: bool) -> Iterator[InputFinding]:
        if record is None:
            yield InputFinding(
                "records.no-id", None, self._key, row, self._heading, None, self._file
            )
        elif again:
            first = self._first.setdefault(self._fields[self._key].compared(record), row)
            if first != row:
                yield InputFinding("records.same-id", self._shown(record), self._key, row,
                                   self._heading, self._shown(record), self._file, None,
                                   {"first": self._file, "first_row": first})
