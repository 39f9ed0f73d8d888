"""What calamine leaves out of a workbook. In: the file, a position. Out: a sheet's SheetExtras.

A sheet written as nearly every program writes it is searched for what matters by `quick_sheet`,
which reads nothing else; any other is parsed here. Both say the same of the same sheet.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from posixpath import join, normpath
from xml.etree import ElementTree
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from zhuanjie.engine.ledger.readers.package_xml import (
    SPACES,
    column_number,
    elements,
    is_true,
    parse,
    refuse,
)
from zhuanjie.engine.ledger.readers.quick_sheet import UnusualError, search
from zhuanjie.engine.ledger.readers.sheet_biff import MAGIC, inspect_biff
from zhuanjie.engine.ledger.readers.sheet_extras import (
    DAY_ZERO,
    DAY_ZERO_1904,
    Formulas,
    SheetExtras,
)
from zhuanjie.engine.ledger.readers.sheet_ods import CONTENT, inspect_ods
from zhuanjie.engine.ledger.readers.sheet_styles import SheetStyles, read_styles

BOOK = "xl/workbook.xml"
BLOCK = 1 << 20
WIDEST = 1 << 14
"""Columns a sheet can have."""
_UNREADABLE = (LookupError, ElementTree.ParseError, expat.ExpatError, ValueError, OSError,
               StopIteration, EOFError, NotImplementedError, RuntimeError, zlib.error)
_REF = re.compile(r"([A-Za-z]{1,9})[A-Za-z]*([0-9]{1,18})[0-9]*", re.ASCII)
"""A reference; one that is farther out than a sheet can reach is counted, to be refused."""


def inspect(path: Path, position: int) -> SheetExtras:
    """The facts of the sheet at `position`; none of an .xlsb."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) == MAGIC:
            return inspect_biff(path, position)
    try:
        with ZipFile(path) as parts:
            if CONTENT in parts.namelist():
                return inspect_ods(parts, position)
            if BOOK not in parts.namelist():
                return SheetExtras()
            return _inspect(parts, position)
    except BadZipFile:
        return SheetExtras()
    except _UNREADABLE:
        return SheetExtras(unread=True)


def _inspect(parts: ZipFile, position: int) -> SheetExtras:
    book = parse(parts.read(BOOK))
    settings = next(elements(book, "workbookPr"), None)
    late = settings is not None and is_true(settings.get("date1904"))
    styles = read_styles(parts, DAY_ZERO_1904 if late else DAY_ZERO)
    part = _sheet_part(parts, book, position)
    try:
        with parts.open(part) as file:
            return search(file, styles)
    except UnusualError:
        return parse_sheet(parts, part, styles)


def parse_sheet(parts: ZipFile, part: str, styles: SheetStyles) -> SheetExtras:
    """The facts of a sheet from its XML, however it is written."""
    handler = _SheetParser(styles)
    with parts.open(part) as file:
        while block := file.read(BLOCK):
            handler.parser.Parse(block, False)
        handler.parser.Parse(b"", True)
    return handler.facts()


def _sheet_part(parts: ZipFile, book: ElementTree.Element, position: int) -> str:
    """The name of the part that holds a sheet."""
    sheet = list(elements(book, "sheet"))[position]
    link = next(v for k, v in sheet.attrib.items() if k.endswith("}id"))
    links = parse(parts.read("xl/_rels/workbook.xml.rels"))
    target = next(e.get("Target", "") for e in links if e.get("Id") == link)
    return target[1:] if target.startswith("/") else normpath(join("xl", target))


class _SheetParser:
    """Takes in a sheet's elements as they come and keeps what matters."""

    def __init__(self, styles: SheetStyles) -> None:
        self._styles = styles
        self._out = SheetExtras(styles.day_zero)
        self._formulas, self._shared = Formulas(), dict[str, str]()
        self._hidden, self._struck = set[int](), set[int]()
        self._row = self._column = -1
        self._filled = self._unstruck = False
        self._kind, self._style, self._value = "n", "0", ""
        self._formula: str | None = None
        self._text: list[str] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def facts(self) -> SheetExtras:
        """What was found, when all is read."""
        self._out.uncomputed = self._formulas.uncomputed
        self._out.hidden_rows = frozenset(self._hidden)
        self._out.struck_rows = frozenset(self._struck)
        return self._out

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, tag = name.rpartition(" ")
        if space not in SPACES:
            return
        if tag == "c":
            self._begin_cell(attributes)
        elif tag == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._column = -1
            self._filled = self._unstruck = False
            if is_true(attributes.get("hidden")):
                self._hidden.add(self._row + 1)
        elif tag in ("v", "t", "f"):
            self._text = []
            self.parser.CharacterDataHandler = self._text.append
            if tag == "f" and (group := attributes.get("si")):
                self._shared.setdefault(group, "")
                self._formula = group
        elif tag == "col" and is_true(attributes.get("hidden")):
            low, high = int(attributes["min"]), min(int(attributes["max"]), WIDEST)
            self._out.hidden_columns |= frozenset(range(low - 1, high))
        elif tag == "filterColumn" or (
                tag == "sheetPr" and is_true(attributes.get("filterMode"))):
            self._out.filtered = True

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        if found := _REF.fullmatch(attributes.get("r", "")):
            self._column = column_number(found[1].upper())
            self._row = int(found[2]) - 1
        else:
            self._column += 1
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "0")
        self._value, self._formula = "", None

    def _end(self, name: str) -> None:
        space, _, tag = name.rpartition(" ")
        if space not in SPACES:
            return
        if tag in ("v", "t", "f"):
            self.parser.CharacterDataHandler = None
            text = "".join(self._text)
            if tag != "f":
                self._value += text
            elif self._formula is None:
                self._formula = text
            else:  # the formula is written out in one of the cells that share it
                self._shared[self._formula] = text or self._shared[self._formula]
                self._formula = self._shared[self._formula]
        elif tag == "c":
            self._end_cell()
        elif tag == "row" and self._filled and not self._unstruck:
            self._struck.add(self._row + 1)

    def _end_cell(self) -> None:
        at, value = (self._row, self._column), self._value
        self._out.rows = max(self._out.rows, self._row + 1)
        self._out.columns = max(self._out.columns, self._column + 1)
        if self._formula is not None:
            self._formulas.count(self._formula, filled=bool(value), is_text=self._kind == "str")
        if not value.strip():
            return
        self._filled = True
        self._unstruck = self._unstruck or self._style not in self._styles.struck
        if (text := self._styles.mended(self._kind, self._style, value)) is not None:
            self._out.cells[at] = text
