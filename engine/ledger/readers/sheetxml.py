"""What calamine leaves out of an .xlsx. In: the file, a sheet's position. Out: cells to mend.

Three things change what a cell says: a number shown with leading zeros (format `00000`), an error
such as `#N/A` (which would read as blank), and the 1904 calendar. Formulas never computed are
counted, and how far the sheet reaches is noted. What is not laid out as usual is left as calamine
reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from posixpath import join, normpath
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

DAY_ZERO, DAY_ZERO_1904 = date(1899, 12, 30), date(1904, 1, 1)
BLOCK = 1 << 20
_UNUSUAL = (BadZipFile, LookupError, ElementTree.ParseError, ValueError, OSError, StopIteration)
_PADDED = re.compile(r"0{2,}")
_CELL = re.compile(rb"<c ([^>]*[^>/])>(.*?)</c>", re.DOTALL)
_REF = re.compile(rb'\br="([A-Z]+)(\d+)"')
_STYLE = re.compile(rb'\bs="(\d+)"')
_LAST = re.compile(rb'<c r="[A-Z]+([0-9]+)"')
_TYPED = re.compile(rb'\bt="[^n]')
_VALUE = re.compile(rb"<v>([^<]+)</v>")


@dataclass(slots=True)
class SheetExtras:
    """What to mend in a sheet: texts by (row, column) from 0, where its day numbers start.

    `rows` and `columns` tell how far it reaches.
    """

    day_zero: date = DAY_ZERO
    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    uncomputed: int = 0
    rows: int = 0
    columns: int = 0


def inspect(path: Path, position: int) -> SheetExtras:
    """The facts of the sheet at `position`; none for files that are not .xlsx inside."""
    facts = SheetExtras()
    with suppress(*_UNUSUAL), ZipFile(path) as parts:
        book = ElementTree.fromstring(parts.read("xl/workbook.xml"))
        settings = _all(book, "workbookPr")
        if settings and settings[0].get("date1904") in ("1", "true"):
            facts.day_zero = DAY_ZERO_1904
        _read_sheet(parts, _sheet_part(parts, book, position), facts)
    return facts


def _all(root: ElementTree.Element, tag: str) -> list[ElementTree.Element]:
    return [e for e in root.iter() if e.tag.rpartition("}")[2] == tag]


def _sheet_part(parts: ZipFile, book: ElementTree.Element, position: int) -> str:
    """The name of the part that holds a sheet."""
    sheet = _all(book, "sheet")[position]
    link = next(v for k, v in sheet.attrib.items() if k.endswith("}id"))
    links = ElementTree.fromstring(parts.read("xl/_rels/workbook.xml.rels"))
    target = next(e.get("Target", "") for e in links if e.get("Id") == link)
    return target[1:] if target.startswith("/") else normpath(join("xl", target))


def _padded_styles(parts: ZipFile) -> dict[bytes, int]:
    """Cell styles that show leading zeros, with the digits they show."""
    root = ElementTree.fromstring(parts.read("xl/styles.xml"))
    codes = {e.get("numFmtId"): e.get("formatCode", "").split(";")[0] for e in _all(root, "numFmt")}
    padded = {i: len(code) for i, code in codes.items() if _PADDED.fullmatch(code)}
    styles = next(iter(_all(root, "cellXfs")), ())
    return {
        str(at).encode(): padded[style.get("numFmtId")]
        for at, style in enumerate(styles) if style.get("numFmtId") in padded
    }


def _read_sheet(parts: ZipFile, part: str, facts: SheetExtras) -> None:
    padded = _padded_styles(parts) if "xl/styles.xml" in parts.namelist() else {}
    farther = _beyond(b"")
    for block in _blocks(parts, part):
        if last := _LAST.search(block, max(0, block.rfind(b"<c "))):
            facts.rows = max(facts.rows, int(last[1]))
        while wider := farther.search(block):
            facts.columns = _column(wider[1]) + 1
            farther = _beyond(wider[1])
        facts.uncomputed += len(re.findall(rb"</f>(?:<v ?/>|<v></v>)?</c>", block))
        if not padded and b't="e"' not in block:
            continue
        for cell in _CELL.finditer(block):
            _mend(cell[1], cell[2], padded, facts)


def _mend(attributes: bytes, content: bytes, padded: dict[bytes, int], facts: SheetExtras) -> None:
    """Note the cell if it is an error or a number with leading zeros."""
    ref, style, value = _REF.search(attributes), _STYLE.search(attributes), _VALUE.search(content)
    if not ref or not value:
        return
    at = int(ref[2]) - 1, _column(ref[1])
    if b't="e"' in attributes:
        facts.cells[at] = value[1].decode()
    elif not _TYPED.search(attributes) and style and style[1] in padded and value[1].isdigit():
        facts.cells[at] = value[1].decode().zfill(padded[style[1]])


def _blocks(parts: ZipFile, part: str) -> Iterator[bytes]:
    """A part's text in blocks of whole cells."""
    rest = b""
    with parts.open(part) as file:
        while block := file.read(BLOCK):
            block = rest + block
            cut = block.rfind(b"<c ")
            cut = len(block) if cut < 0 else cut
            yield block[:cut]
            rest = block[cut:]
    yield rest


def _beyond(letters: bytes) -> re.Pattern[bytes]:
    """Finds a cell to the right of a column, so that a block without one is passed in one go."""
    longer = b"[A-Z]{%d,}" % (len(letters) + 1)
    right = [letters[:at] + b"[%c-Z]" % (letter + 1) + b"[A-Z]{%d}" % (len(letters) - at - 1)
             for at, letter in enumerate(letters) if letter < ord("Z")]
    return re.compile(b'<c r="(' + b"|".join([longer, *right]) + b")[0-9]")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
