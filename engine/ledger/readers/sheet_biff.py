"""What calamine leaves out of an .xls. In: the file, a sheet's position. Out: its SheetExtras.

The file is a container of streams (OLE); the stream of the workbook is a row of records (BIFF8),
each with a number that says what it holds.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from zhuanjie.engine.ledger.readers.number_formats import BUILT_IN, NumberFormat, read_format
from zhuanjie.engine.ledger.readers.sheet_extras import DAY_ZERO, DAY_ZERO_1904, SheetExtras
from zhuanjie.engine.ledger.readers.sheet_styles import SheetStyles

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NO_SECTOR = 0xFFFFFFFA
"""From here on a number is no sector but says something of one."""
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?",
           0x24: "#NUM!", 0x2A: "#N/A"}
_VERSION = b"\0\6"
_END, _FORMULA, _DATE_MODE, _FILE_PASS, _FONT = 0x0A, 0x06, 0x22, 0x2F, 0x31
_COLUMNS, _SHEET, _FILTER_MODE, _MANY_NUMBERS, _STYLE = 0x7D, 0x85, 0x9B, 0xBD, 0xE0
_TEXT, _BEGIN = 0xFD, 0x809
_NUMBER, _LABEL, _BOOL_OR_ERROR, _ROW, _SHORT_NUMBER, _FORMAT = (
    0x203, 0x204, 0x205, 0x208, 0x27E, 0x41E)
_UNREADABLE = (struct.error, IndexError, ValueError, OSError)


def inspect_biff(path: Path, position: int) -> SheetExtras:
    """The facts of the sheet at `position`."""
    try:
        book = _workbook(path.read_bytes())
        return _Book(book).sheet(position)
    except _UNREADABLE:
        return SheetExtras(unread=True)


def _workbook(data: bytes) -> bytes:
    """The stream of the workbook."""
    size, small = (1 << power for power in struct.unpack_from("<HH", data, 30))
    first_directory, cutoff, first_small, first_more, more = struct.unpack_from(
        "<I4xII4xII", data, 48)
    listed = list(struct.unpack_from("<109I", data, 76))
    for _ in range(min(more, len(data) // size)):  # a large file lists more of them elsewhere
        if first_more >= _NO_SECTOR:
            break
        *block, first_more = struct.unpack_from(f"<{size // 4}I", data, (first_more + 1) * size)
        listed += block
    sectors: list[int] = []
    for sector in listed:
        if sector < _NO_SECTOR:
            sectors += struct.unpack_from(f"<{size // 4}I", data, (sector + 1) * size)

    directory = _chain(data[size:], first_directory, sectors, size)
    root = b""
    for at in range(0, len(directory), 128):
        length = struct.unpack_from("<H", directory, at + 64)[0]
        name = directory[at:at + max(0, length - 2)].decode("utf-16-le", "replace")
        start, span = struct.unpack_from("<II", directory, at + 116)
        if at == 0:  # the root has the small streams
            root = _chain(data[size:], start, sectors, size)
        elif name in ("Workbook", "Book"):
            if span >= cutoff:
                return _chain(data[size:], start, sectors, size)[:span]
            table = _chain(data[size:], first_small, sectors, size)
            numbers = struct.unpack(f"<{len(table) // 4}I", table)
            return _chain(root, start, numbers, small)[:span]
    raise ValueError("no workbook")


def _chain(data: bytes, sector: int, after: Sequence[int], size: int) -> bytes:
    """A stream: sector by sector, each of which tells the next."""
    out = bytearray()
    while sector < _NO_SECTOR:
        out += data[sector * size:(sector + 1) * size]
        if len(out) > len(data) + size:
            raise ValueError("sectors go round")
        sector = after[sector]
    return bytes(out)


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records from a place on, to the end of what begins there."""
    depth = 0
    while True:
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4:at + 4 + length]
        depth += (kind == _BEGIN) - (kind == _END)
        if depth <= 0:
            return
        at += 4 + length


class _Book:
    """The styles of a workbook, and where its sheets stand."""

    def __init__(self, stream: bytes) -> None:
        self._stream, self._sheets = stream, list[int]()
        day_zero, struck_fonts = DAY_ZERO, list[bool]()
        codes = dict(BUILT_IN)
        styles: list[tuple[int, int]] = []
        for kind, data in _records(stream, 0):
            if kind == _FILE_PASS or (kind == _BEGIN and data[:2] != _VERSION):
                raise ValueError("encrypted, or older")
            if kind == _DATE_MODE and data[:2] == b"\1\0":
                day_zero = DAY_ZERO_1904
            elif kind == _FONT:
                struck_fonts.append(bool(data[2] & 8))
            elif kind == _FORMAT:
                codes[struct.unpack_from("<H", data)[0]] = _text(data[2:])
            elif kind == _STYLE:
                styles.append(struct.unpack_from("<HH", data))
            elif kind == _SHEET:
                self._sheets.append(struct.unpack_from("<I", data)[0])
        shown: dict[str, NumberFormat] = {}
        struck = set[str]()
        for at, (font, code) in enumerate(styles):
            if made := read_format(codes.get(code, "")):
                shown[str(at)] = made
            number = font - (font > 4)  # there is no font of the number 4
            if number < len(struck_fonts) and struck_fonts[number]:
                struck.add(str(at))
        self._styles = SheetStyles(day_zero, shown, frozenset(struck))

    def sheet(self, position: int) -> SheetExtras:
        """The facts of a sheet."""
        out = SheetExtras(self._styles.day_zero)
        hidden, filled, unstruck = set[int](), set[int](), set[int]()
        for kind, data in _records(self._stream, self._sheets[position]):
            if kind == _ROW and data[12] & 0x20:
                hidden.add(struct.unpack_from("<H", data)[0] + 1)
            elif kind == _FILTER_MODE:
                out.filtered = True
            elif kind == _COLUMNS and data[8] & 1:
                first, last = struct.unpack_from("<HH", data)
                out.hidden_columns |= frozenset(range(first, min(last, 255) + 1))
            for row, column, style, value in _cells(kind, data):
                filled.add(row + 1)
                out.rows, out.columns = max(out.rows, row + 1), max(out.columns, column + 1)
                if str(style) not in self._styles.struck:
                    unstruck.add(row + 1)
                if value is not None and (text := self._styles.mended(
                        "e" if value.startswith("#") else "n", str(style), value)) is not None:
                    out.cells[row, column] = text
        out.hidden_rows = frozenset(hidden)
        out.struck_rows = frozenset(filled - unstruck)
        return out


def _cells(kind: int, data: bytes) -> Iterator[tuple[int, int, int, str | None]]:
    """The filled cells of a record: row, column, style, the value of a number or an error."""
    if kind in (_TEXT, _LABEL):
        yield *struct.unpack_from("<HHH", data), None
    elif kind == _NUMBER:
        row, column, style, number = struct.unpack_from("<HHHd", data)
        yield row, column, style, repr(number)
    elif kind == _SHORT_NUMBER:
        row, column, style, bits = struct.unpack_from("<HHHI", data)
        yield row, column, style, _short(bits)
    elif kind == _MANY_NUMBERS:
        row, first = struct.unpack_from("<HH", data)
        for column, at in enumerate(range(4, len(data) - 2, 6), first):
            style, bits = struct.unpack_from("<HI", data, at)
            yield row, column, style, _short(bits)
    elif kind == _BOOL_OR_ERROR:
        row, column, style, code, is_error = struct.unpack_from("<HHHBB", data)
        yield row, column, style, _ERRORS.get(code) if is_error else None
    elif kind == _FORMULA:
        row, column, style = struct.unpack_from("<HHH", data)
        if data[12:14] != b"\xff\xff":
            yield row, column, style, repr(struct.unpack_from("<d", data, 6)[0])
        elif data[6] != 3:  # which is an empty text
            yield row, column, style, _ERRORS.get(data[8]) if data[6] == 2 else None


def _short(value: int) -> str:
    """A number of 30 bits: whole or not, and a hundred times what it is or not."""
    if value & 2:
        number = float((value >> 2) - (1 << 30 if value & 0x80000000 else 0))
    else:
        number = struct.unpack("<d", struct.pack("<Q", (value & 0xFFFFFFFC) << 32))[0]
    return repr(number / 100 if value & 1 else number)


def _text(data: bytes) -> str:
    """A text with its length and how wide its characters are."""
    length, wide = struct.unpack_from("<HB", data)
    return (data[3:3 + 2 * length].decode("utf-16-le", "replace") if wide & 1
            else data[3:3 + length].decode("latin-1"))
