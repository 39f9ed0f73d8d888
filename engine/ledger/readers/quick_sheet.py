"""A sheet searched for what matters. In: the XML of a sheet. Out: its facts, or `UnusualError`.

In XML a `<` begins a tag wherever there are no comments and the like. So where a sheet is in UTF-8,
has its namespace as the default one and cells with their references first, a pattern can pass over
the cells that need no mending, many times faster than a parser can. Whatever else stands in a sheet
is unusual, and a parser has to read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO
from xml.sax.saxutils import unescape

from zhuanjie.engine.ledger.readers.package_xml import SPACES, column_number
from zhuanjie.engine.ledger.readers.sheet_extras import Formulas, SheetExtras
from zhuanjie.engine.ledger.readers.sheet_styles import SheetStyles

BLOCK = 1 << 20
LONGEST = 1 << 23
"""Bytes within which a cell should end."""

_ROOT = re.compile(rb'\s*(?:<\?xml ([^<>&]*)\?>)?\s*<worksheet( [^<>&]*)>')
_ENCODING = re.compile(rb'encoding\s*=\s*["\'](?!utf-8["\'])', re.IGNORECASE)
_DEFAULT = re.compile(rb' xmlns="([^"]*)"')
_TAG = re.compile(rb'((?: [A-Za-z][\w:.]*="[^"<>&]*")*) ?(/?)>')
_ATTRIBUTE = re.compile(rb' ([\w:.]+)="([^"]*)"')
_ROW = re.compile(rb"<row(?=[ \t\r\n/>])")
_COLUMN = re.compile(rb"<col(?=[ \t\r\n/>])")
_CELL_REF = re.compile(rb'<c r="([A-Z]{1,3})[0-9]')
_REF = re.compile(rb"([A-Z]{1,3})([0-9]{1,7})")
_FORMULA = re.compile(rb"<f[ \t\r\n/>]")
_FORMULA_CELL = re.compile(
    rb'<c((?: [a-z]+="[^"<>&]*")*)>\s*<f((?: [\w:]+="[^"<>]*")*) ?(?:/>|>([^<]*)</f>)'
    rb"\s*(?:<v ?/>|<v>([^<]*)</v>)?\s*</c>")
_VALUE = re.compile(
    rb"\s*(?:<f(?: [^<>]*)?(?:/>|>[^<]*</f>)\s*)?(?:<v ?/>|<v>([^<&]*)</v>)\s*</c>")


class UnusualError(Exception):
    """The sheet has to be parsed."""


def search(file: IO[bytes], styles: SheetStyles) -> SheetExtras:
    """The facts of a sheet; raises UnusualError where it is not written as most are."""
    if styles.struck or "0" in styles.shown:  # then cells matter that nothing marks
        raise UnusualError
    return _Search(styles).run(_blocks(file))


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """A sheet's text in blocks that begin with a cell, the first one apart."""
    rest = b""
    while block := file.read(BLOCK):
        block = rest + block
        cut = block.rfind(b"<c ")
        if cut <= 0:
            if len(block) > LONGEST:
                raise UnusualError
            rest = block
            continue
        yield block[:cut]
        rest = block[cut:]
    yield rest


class _Search:
    """Goes through a sheet once."""

    def __init__(self, styles: SheetStyles) -> None:
        self._styles = styles
        self._out = SheetExtras(styles.day_zero)
        self._formulas, self._shared = Formulas(), dict[bytes, str]()
        self._hidden = set[int]()
        self._ordinary: tuple[int, int, re.Pattern[bytes]] | None = None

    def run(self, blocks: Iterator[bytes]) -> SheetExtras:
        """The facts."""
        begun = ended = False
        for block in blocks:
            text = block
            if not begun:
                text, begun = self._head(block), True
            if not ended and (end := text.rfind(b"</sheetData")) >= 0:
                self._data(text[:end])
                ended, text = True, text[end:]
            elif not ended:
                self._data(text)
            if ended and b"filterColumn" in text:
                raise UnusualError
        self._out.uncomputed = self._formulas.uncomputed
        self._out.hidden_rows = frozenset(self._hidden)
        return self._out

    def _head(self, block: bytes) -> bytes:
        """Take in what stands above the rows; the rest of the block."""
        block = block.removeprefix(b"\xef\xbb\xbf")
        root, end = _ROOT.match(block), block.find(b"<sheetData")
        spaces = [space.encode() for space in SPACES]
        if root is None or end < 0 or (root[1] and _ENCODING.search(root[1])):
            raise UnusualError
        default = _DEFAULT.search(root[2])
        if default is None or default[1] not in spaces or sum(map(root[2].count, spaces)) > 1:
            raise UnusualError
        head = block[root.end():end]
        if b"filterMode" in head or b"<!" in head or b"<?" in head or b"xmlns" in head:
            raise UnusualError
        for column in _COLUMN.finditer(head):
            attributes, _, _ = _tag(head, column.end())
            if attributes.get(b"hidden", b"0") not in (b"0", b"false"):
                raise UnusualError
        return block[end + 1:]

    def _data(self, block: bytes) -> None:
        if b"<!" in block or b"<?" in block or b"xmlns" in block:
            raise UnusualError
        self._rows(block)
        self._cells(block)
        if b"<f" in block:
            self._count_formulas(block)

    def _rows(self, block: bytes) -> None:
        for row in _ROW.finditer(block):
            attributes, end, empty = _tag(block, row.end())
            number = attributes.get(b"r", b"")
            if not number.isdigit():
                raise UnusualError
            if not empty and block[end:end + 6] != b"</row>":
                self._out.rows = max(self._out.rows, int(number))
            if attributes.get(b"hidden", b"0") not in (b"0", b"false"):
                self._hidden.add(int(number))

    def _cells(self, block: bytes) -> None:
        if self._ordinary is None:
            columns = [column_number(m[1].decode()) for m in _CELL_REF.finditer(block, 0, 1 << 16)]
            self._out.columns = max(columns, default=-1) + 1
        for cell in self._pattern().finditer(block):
            attributes, end, empty = _tag(block, cell.start() + 2)
            ref = _REF.fullmatch(attributes.get(b"r", b""))
            if ref is None:
                raise UnusualError
            row, column = int(ref[2]), column_number(ref[1].decode())
            self._out.rows = max(self._out.rows, row)
            self._out.columns = max(self._out.columns, column + 1)
            kind = attributes.get(b"t", b"n").decode()
            style = attributes.get(b"s", b"0").decode()
            marked = kind in ("n", "d") and style in self._styles.shown
            if not empty and (marked or kind == "e"):
                text = self._styles.mended(kind, style, _value(block, end))
                if text is not None:
                    self._out.cells[row - 1, column] = text

    def _pattern(self) -> re.Pattern[bytes]:
        """Finds the cells that matter: farther out than any before, errors, marked by a style."""
        columns, rows = self._out.columns, self._out.rows
        digits = str(max(rows, 1))
        about = int(digits[0]) * 10 ** len(digits)
        if self._ordinary is None or self._ordinary[:2] != (columns, about):
            marked = "|".join(self._styles.shown) or "-"
            within = rf"[0-9]{{1,{len(digits) - 1}}}|" if len(digits) > 1 else ""
            within += rf"[1-{digits[0]}][0-9]{{{len(digits) - 1}}}"
            pattern = (
                rf'<c(?! r="(?:{_up_to(columns)})(?:{within})"'
                rf'(?: (?:s="(?!(?:{marked})")[0-9]+"|t="(?:s|str|n|b|d|inlineStr)"))*/?>)'
                r"[ \t\r\n/>]")
            self._ordinary = columns, about, re.compile(pattern.encode())
        return self._ordinary[2]

    def _count_formulas(self, block: bytes) -> None:
        count = 0
        for found in _FORMULA_CELL.finditer(block):
            count += 1
            cell, own = dict(_ATTRIBUTE.findall(found[1])), dict(_ATTRIBUTE.findall(found[2]))
            text = unescape((found[3] or b"").decode(), {"&quot;": '"'})
            if (group := own.get(b"si")) is not None:
                text = text or self._shared.get(group, "")
                self._shared[group] = text
            self._formulas.count(text, filled=bool(found[4]), is_text=cell.get(b"t") == b"str")
        if count != sum(1 for _ in _FORMULA.finditer(block)):
            raise UnusualError


def _tag(text: bytes, at: int) -> tuple[dict[bytes, bytes], int, bool]:
    """The attributes of a tag whose name ends at `at`, where it ends, whether nothing is in it."""
    found = _TAG.match(text, at)
    if found is None:
        raise UnusualError
    return dict(_ATTRIBUTE.findall(found[1])), found.end(), bool(found[2])


def _value(text: bytes, at: int) -> str:
    """The value of a cell whose tag ends at `at`."""
    if found := _VALUE.match(text, at):
        return (found[1] or b"").decode()
    end = text.find(b"</c>", at)
    if end < 0 or b"<v" in text[at:end] or b"<t" in text[at:end]:
        raise UnusualError
    return ""


def _up_to(columns: int) -> str:
    """A pattern for the letters of the first so many columns."""
    letters = ""
    while columns:
        columns, rest = divmod(columns - 1, 26)
        letters = chr(ord("A") + rest) + letters
    forms = [rf"[A-Z]{{1,{len(letters) - 1}}}"] if len(letters) > 1 else []
    for at, letter in enumerate(letters):
        if letter > "A":
            below = f"[A-{chr(ord(letter) - 1)}]"
            forms.append(rf"{letters[:at]}{below}[A-Z]{{{len(letters) - at - 1}}}")
    return "|".join([*forms, letters or "-"])
