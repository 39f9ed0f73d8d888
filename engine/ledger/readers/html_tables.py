"""The tables of an HTML page. In: its text. Out: a grid a table, in the order they begin."""

from __future__ import annotations

from html.parser import HTMLParser

from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.ledger.readers.laid_out import Grid

WIDEST, DEEPEST = 1000, 65534
"""Columns and rows that a cell may span, as browsers have it."""
_UNSEEN = ("script", "style", "template", "title")
_BREAKS = ("br", "p", "div", "li")


def read_tables(text: str) -> list[Grid]:
    """Every table; one that stands in a cell of another is a table of its own."""
    parser = _TableParser()
    parser.feed(text)
    parser.close()
    grids = [table.grid for table in parser.tables if table.grid.rows]
    if len(grids) > 1:
        for number, grid in enumerate(grids, 1):
            grid.name = grid.name or f"{number}"
    return grids


class _Table:
    """A table that is being read."""

    def __init__(self) -> None:
        self.grid = Grid()
        self.spans: dict[int, int] = {}
        """By column, how many more rows a cell from above takes."""
        self.text: list[str] | None = None
        self.column = 0

    def begin_row(self, *, hidden: bool) -> None:
        """A row begins, and the one before ends."""
        self.end_cell()
        if self.grid.rows:
            self.spans = {c: left - 1 for c, left in self.spans.items() if left > 1}
        self.grid.rows.append([])
        if hidden:
            self.grid.hidden_rows.add(len(self.grid.rows))

    def begin_cell(self, width: int, height: int) -> None:
        """A cell begins, and the one before ends."""
        if not self.grid.rows:
            self.begin_row(hidden=False)
        self.end_cell()
        row, at = self.grid.rows[-1], len(self.grid.rows) - 1
        while self.spans.get(len(row), 0) > 0:
            row.append("")
        self.column, self.text = len(row), []
        row += [""] * width
        if width > 1 or height > 1:
            self.grid.merged.append(
                ((at, self.column), (at + height - 1, self.column + width - 1)))
        if height > 1:
            # Counted down as the next row begins.
            self.spans |= dict.fromkeys(range(self.column, self.column + width), height)

    def end_cell(self) -> None:
        """What was read is the cell's text."""
        if self.text is not None:
            lines = (" ".join(line.split()) for line in "".join(self.text).split("\v"))
            self.grid.rows[-1][self.column] = "\n".join(filter(None, lines)).strip(BLANKS)
        self.text = None


class _TableParser(HTMLParser):
    """Follows tables, rows and cells; ends that are left out are understood."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[_Table] = []
        self._open: list[_Table] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag begins."""
        given = dict(attrs)
        if tag == "table":
            table = _Table()
            self.tables.append(table)
            self._open.append(table)
        elif tag in _UNSEEN:
            self._unseen += 1
        elif not self._open:
            return
        elif tag == "tr":
            style = (given.get("style") or "").replace(" ", "").lower()
            self._open[-1].begin_row(hidden="display:none" in style or "hidden" in given)
        elif tag in ("td", "th"):
            self._open[-1].begin_cell(_span(given.get("colspan"), WIDEST),
                                      _span(given.get("rowspan"), DEEPEST))
        elif tag in _BREAKS and self._open[-1].text is not None:
            self._open[-1].text.append("\v")

    def handle_endtag(self, tag: str) -> None:
        """A tag ends."""
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif not self._open:
            return
        elif tag == "table":
            self._open.pop().end_cell()
        elif tag in ("td", "th", "tr"):
            self._open[-1].end_cell()

    def handle_data(self, data: str) -> None:
        """Text, which counts within a cell."""
        if self._open and self._open[-1].text is not None and not self._unseen:
            self._open[-1].text.append(data)

    def close(self) -> None:
        """The page ends, and with it what is open."""
        super().close()
        while self._open:
            self._open.pop().end_cell()


def _span(value: str | None, most: int) -> int:
    text = (value or "").strip()
    return max(1, min(int(text), most)) if text.isdecimal() and len(text) < 9 else 1
