"""What calamine leaves out of an .ods. In: the file, a sheet's position. Out: its SheetExtras."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from xml.etree import ElementTree
from xml.parsers import expat
from zipfile import ZipFile

from zhuanjie.engine.ledger.readers.number_formats import DateParts, Digits, NumberFormat
from zhuanjie.engine.ledger.readers.package_xml import elements, parse, refuse
from zhuanjie.engine.ledger.readers.sheet_extras import DAY_ZERO, SheetExtras

CONTENT, STYLES = "content.xml", "styles.xml"
BLOCK = 1 << 20
REPEATED = 1000
"""Rows or cells that are written once and so often more are filling, no records."""


def inspect_ods(parts: ZipFile, position: int) -> SheetExtras:
    """The facts of the sheet at `position`."""
    reader = _Reader(position)
    if STYLES in parts.namelist():
        reader.styles.add(parse(parts.read(STYLES)))
    with parts.open(CONTENT) as file:
        while block := file.read(BLOCK):
            reader.parser.Parse(block, False)
        reader.parser.Parse(b"", True)
    return reader.facts()


class _Styles:
    """What cells show and which are struck through, by the names of their styles."""

    def __init__(self) -> None:
        self._formats: dict[str, NumberFormat] = {}
        self._cells: dict[str, tuple[str | None, str | None, bool | None]] = {}

    def add(self, root: ElementTree.Element) -> None:
        """Take in the styles of a document."""
        for style in elements(root, "number-style"):
            self._note(style, _digits(style))
        for style in elements(root, "date-style"):
            kinds = {e.tag.rpartition("}")[2] for e in style}
            year, month, day = (kind in kinds for kind in ("year", "month", "day"))
            partial = any((year, month, day)) and not all((year, month, day))
            self._note(style, DateParts(year, month, day) if partial else None)
        for style in elements(root, "style"):
            given = _plain(style.attrib)
            if given.get("family") == "table-cell" and "name" in given:
                lines = [_plain(e.attrib).get("text-line-through-style")
                         for e in elements(style, "text-properties")]
                struck = next((line != "none" for line in lines if line), None)
                self._cells[given["name"]] = (
                    given.get("data-style-name"), given.get("parent-style-name"), struck)

    def _note(self, style: ElementTree.Element, shown: NumberFormat | None) -> None:
        if shown:
            self._formats[_plain(style.attrib).get("name", "")] = shown

    def shown(self, name: str | None) -> NumberFormat | None:
        """What cells of a style show."""
        for data, _, _ in self._line(name):
            if data is not None:
                return self._formats.get(data)
        return None

    def struck(self, name: str | None) -> bool:
        """Whether cells of a style are struck through."""
        return next((s for _, _, s in self._line(name) if s is not None), False)

    def _line(self, name: str | None) -> list[tuple[str | None, str | None, bool | None]]:
        out: list[tuple[str | None, str | None, bool | None]] = []
        while name in self._cells and len(out) < 9:
            out.append(self._cells[name])
            name = out[-1][1]
        return out


class _Reader:
    """Takes in the elements as they come."""

    def __init__(self, position: int) -> None:
        self.out, self.styles = SheetExtras(), _Styles()
        self._position, self._tables, self._depth = position, -1, 0
        self._builder: ElementTree.TreeBuilder | None = None
        self._columns: list[tuple[int, str | None]] = []
        self._row = self._column = self._row_times = 0
        self._row_style: str | None = None
        self._cell: dict[str, str] | None = None
        self._text: list[str] = []
        self._filled = self._unstruck = False
        self._hidden, self._struck = set[int](), set[int]()
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._take

    def facts(self) -> SheetExtras:
        """What was found, when all is read."""
        self.out.hidden_rows = frozenset(self._hidden)
        self.out.struck_rows = frozenset(self._struck)
        return self.out

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition("}")[2]
        if tag == "automatic-styles":
            self._builder = ElementTree.TreeBuilder()
        if self._builder is not None:
            self._builder.start(name, attributes)
            return
        if tag == "table":
            self._depth += 1
            self._tables += self._depth == 1
        if self._tables != self._position or self._depth != 1:
            return
        given = _plain(attributes)
        if tag == "table-column":
            self._begin_columns(given)
        elif tag == "table-row":
            self._row_times, self._column = _times(given, "number-rows-repeated"), 0
            self._row_style = given.get("default-cell-style-name")
            self._filled = self._unstruck = False
            if given.get("visibility") in ("collapse", "filter") and self._row_times < REPEATED:
                self._hidden.update(range(self._row + 1, self._row + self._row_times + 1))
                self.out.filtered = self.out.filtered or given["visibility"] == "filter"
        elif tag in ("table-cell", "covered-table-cell"):
            self._cell, self._text = given, []
            if any(key.endswith("}value-type") and "calcext" in key and value == "error"
                   for key, value in attributes.items()):
                self._cell = {**given, "value-type": "error"}

    def _begin_columns(self, given: dict[str, str]) -> None:
        times = _times(given, "number-columns-repeated")
        self._columns.append((times, given.get("default-cell-style-name")))
        if given.get("visibility") == "collapse" and times < REPEATED:
            first = sum(n for n, _ in self._columns[:-1])
            self.out.hidden_columns |= frozenset(range(first, first + times))

    def _take(self, text: str) -> None:
        if self._builder is None and self._cell is not None:
            self._text.append(text)

    def _end(self, name: str) -> None:
        tag = name.rpartition("}")[2]
        if self._builder is not None:
            self._builder.end(name)
            if tag == "automatic-styles":
                self.styles.add(self._builder.close())
                self._builder = None
        elif tag == "table":
            self._depth -= 1
        elif self._tables != self._position or self._depth != 1:
            return
        elif tag in ("table-cell", "covered-table-cell") and self._cell is not None:
            self._end_cell(self._cell)
            self._cell = None
        elif tag == "table-row":
            if self._filled and not self._unstruck and self._row_times < REPEATED:
                self._struck.update(range(self._row + 1, self._row + self._row_times + 1))
            self._row += self._row_times

    def _end_cell(self, given: dict[str, str]) -> None:
        times = _times(given, "number-columns-repeated")
        text, kind = "".join(self._text), given.get("value-type")
        first, self._column = self._column, self._column + times
        down, right = (_times(given, f"number-{way}-spanned") for way in ("rows", "columns"))
        if (down, right) != (1, 1) and self._row_times == 1:
            self.out.merged.append(((self._row, first),
                                    (self._row + down - 1, first + right - 1)))
        if not (text.strip() or kind) or times >= REPEATED or self._row_times >= REPEATED:
            return
        self.out.rows = max(self.out.rows, self._row + self._row_times)
        self.out.columns = max(self.out.columns, self._column)
        style = given.get("style-name") or self._row_style or self._style_of(first)
        self._filled = True
        self._unstruck = self._unstruck or not self.styles.struck(style)
        if (shown := self._shown(given, kind, text, style)) is not None:
            self.out.cells |= {(self._row + down, first + right): shown
                               for down in range(self._row_times) for right in range(times)}

    def _shown(self, given: dict[str, str], kind: str | None, text: str,
               style: str | None) -> str | None:
        if kind == "error":
            return text
        shown = self.styles.shown(style)
        try:
            if isinstance(shown, Digits) and kind == "float":
                return shown.show(float(given["value"]), DAY_ZERO)
            if isinstance(shown, DateParts) and kind == "date":
                return shown.show_day(date.fromisoformat(given["date-value"][:10]))
        except (KeyError, ValueError, OverflowError):
            return None
        return None

    def _style_of(self, column: int) -> str | None:
        for times, style in self._columns:
            if column < times:
                return style
            column -= times
        return None


def _plain(attributes: Mapping[str, str]) -> dict[str, str]:
    """Attributes without their namespaces; where two are called alike, the standard's own."""
    out: dict[str, str] = {}
    for key, value in attributes.items():
        space, _, name = key.rpartition("}")
        if name not in out or "calcext" not in space:
            out[name] = value
    return out


def _times(given: Mapping[str, str], name: str) -> int:
    text = given.get(name, "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 9 else 1


def _digits(style: ElementTree.Element) -> Digits | None:
    """A style that shows whole numbers with zeros before them, and what texts stand around."""
    parts: list[str] = []
    for element in style:
        tag, given = element.tag.rpartition("}")[2], _plain(element.attrib)
        if tag == "text":
            parts.append('"' + (element.text or ""))
        elif tag == "number":
            least = given.get("min-integer-digits", "0")
            plain = given.get("decimal-places", "0") == "0" and given.get("grouping") != "true"
            if not plain or not least.isdecimal() or not 1 < int(least) < 99 or len(element):
                return None
            parts.append("0" * int(least))
    return Digits(tuple(parts)) if any(p.startswith("0") for p in parts) else None
