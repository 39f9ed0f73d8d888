"""Workbooks in Excel's XML of 2003. In: the text of one. Out: a grid a sheet."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from xml.parsers import expat

from zhuanjie.engine.ledger.readers.laid_out import Grid
from zhuanjie.engine.ledger.readers.number_formats import DateParts, NumberFormat, read_format
from zhuanjie.engine.ledger.readers.package_xml import refuse
from zhuanjie.engine.ledger.readers.sheet_extras import DAY_ZERO

ROWS, COLUMNS = 1 << 20, 1 << 14
"""As far as a sheet can reach."""
_SPACE = "urn:schemas-microsoft-com:office:spreadsheet "
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")


def read_workbook(text: str) -> list[Grid]:
    """The sheets; raises ExpatError or ValueError for what is no such workbook."""
    reader = _Reader()
    # It is text by now, whatever encoding it says it was in.
    reader.parser.Parse(_DECLARATION.sub("", text, count=1).encode(), True)
    return reader.grids


class _Reader:
    """Takes in the elements as they come."""

    def __init__(self) -> None:
        self.grids: list[Grid] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._take
        self._formats: dict[str, NumberFormat] = {}
        self._style = self._kind = ""
        self._cell_style: NumberFormat | None = None
        self._text: list[str] | None = None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        given = {key.removeprefix(_SPACE): value for key, value in attributes.items()}
        if tag == "Style":
            self._style = given.get("ID", "")
        elif tag == "NumberFormat":
            if shown := read_format(given.get("Format", "")):
                self._formats[self._style] = shown
        elif tag == "Worksheet":
            self.grids.append(Grid(given.get("Name"), day_zero=DAY_ZERO))
        elif tag == "Row" and self.grids:
            self._begin_row(given)
        elif tag == "Cell" and self.grids and self.grids[-1].rows:
            self._begin_cell(given)
        elif tag == "Data":
            self._kind, self._text = given.get("Type", "String"), []
        elif tag == "Visible":
            self._text = []

    def _begin_row(self, given: dict[str, str]) -> None:
        grid = self.grids[-1]
        if (at := int(given.get("Index", len(grid.rows) + 1))) > ROWS:
            raise ValueError(f"Row {at}")
        grid.rows += [[] for _ in range(at - len(grid.rows))]
        if given.get("Hidden") == "1":
            grid.hidden_rows.add(at)

    def _begin_cell(self, given: dict[str, str]) -> None:
        grid = self.grids[-1]
        row, top = grid.rows[-1], len(grid.rows) - 1
        left = int(given["Index"]) - 1 if "Index" in given else len(row)
        across, down = int(given.get("MergeAcross", 0)), int(given.get("MergeDown", 0))
        if left + across >= COLUMNS or down > ROWS:
            raise ValueError(f"Cell {left + across + 1}")
        row += [""] * (left + across + 1 - len(row))
        if across or down:
            grid.merged.append(((top, left), (top + down, left + across)))
        self._left, self._cell_style = left, self._formats.get(given.get("StyleID", ""))

    def _take(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, name: str) -> None:
        tag = name.rpartition(" ")[2]
        if tag not in ("Data", "Visible") or self._text is None:
            return
        text, self._text = "".join(self._text), None
        if tag == "Data" and self.grids and self.grids[-1].rows:
            self.grids[-1].rows[-1][self._left] = self._value(text)
        elif tag == "Visible" and self.grids:
            self.grids[-1].hidden = text.startswith("SheetHidden") or (
                text.startswith("SheetVeryHidden"))

    def _value(self, text: str) -> object:
        shown = self._cell_style
        try:
            if self._kind == "Number":
                return (shown and shown.show(float(text), DAY_ZERO)) or float(text)
            if self._kind == "DateTime":
                day = datetime.fromisoformat(text)
                if isinstance(shown, DateParts):
                    return shown.show_day(day.date())
                return _whole(day)
        except (ValueError, OverflowError):  # not what it says it is
            return text
        return {"0": False, "1": True}.get(text, text) if self._kind == "Boolean" else text


def _whole(moment: datetime) -> date:
    return moment.date() if moment.time() == time() else moment
