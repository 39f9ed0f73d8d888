"""What could not be read in a table of a server. In: raw cells of a row. Out: input findings.

They are worded and ordered as those of a file are: see `ledger/assemble.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zhuanjie.engine.backends.sql.records import Cell
from zhuanjie.engine.core.results import InputFinding
from zhuanjie.engine.ledger.cells.parser import CellError, read_cell
from zhuanjie.engine.ledger.cells.text import show
from zhuanjie.engine.ledger.readers.postgres import PostgresTable

NOTE_ROW = "records.note-row"
"""What is said of a row that is no record."""


class Faults:
    """Makes the input findings of one pass over a table; rows come in their order."""

    def __init__(self, table: PostgresTable, cells: Sequence[Cell]) -> None:
        """`cells` are those that can be unreadable, in the order in which their texts come."""
        self._key, self._fields = table.match.key, table.match.vocabulary.fields
        self._file = table.file
        self._cells = sorted(enumerate(cells), key=lambda item: item[1].field.number)
        heading = next((c.name for f, c in table.known() if f.name == self._key), None)
        self._heading = None if heading is None else " ".join(heading.split())
        self._first: dict[str, int] = {}
        self._shown = table.match.vocabulary.fields[self._key].shown

    def of(self, row: int, is_note: bool, note: str | None, record: str | None,
           texts: Sequence[str | None], again: bool) -> Iterator[InputFinding]:
        """The findings of one row: its id, its unreadable cells' raw `texts`, or that it is a note.

        `again` says that several records have its id.
        """
        shown = None if record is None else self._shown(record)
        unreadable = [cell.field.name for at, cell in self._cells if texts[at] is not None]
        if is_note:
            yield InputFinding(NOTE_ROW, None, None, row, None, show(note), self._file)
        elif self._heading is not None and self._key not in unreadable:
            yield from self._id(row, record, again)
        for at, cell in self._cells:
            text = texts[at]
            if text is None:
                continue
            try:
                read_cell(cell.field, text)
            except CellError as error:
                yield InputFinding(error.code, shown, cell.field.name, row,
                                   " ".join(cell.heading.split()), cell.field.shown(show(text)),
                                   self._file, None, error.values)

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
