"""Small .xls files, record by record. In: records of a sheet. Out: the bytes of a file."""

from __future__ import annotations

import struct
from collections.abc import Sequence

SECTOR = 512


def record(kind: int, data: bytes = b"") -> bytes:
    """A record of BIFF8."""
    return struct.pack("<HH", kind, len(data)) + data


def text(value: str) -> bytes:
    """A text in two bytes a character, its length before it."""
    return struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")


def label(row: int, column: int, style: int, value: str) -> bytes:
    """A cell that holds a text."""
    return record(0x204, struct.pack("<HHH", row, column, style) + text(value))


def number(row: int, column: int, style: int, value: float) -> bytes:
    """A cell that holds a number."""
    return record(0x203, struct.pack("<HHHd", row, column, style, value))


def workbook(cells: Sequence[bytes], formats: Sequence[str], *, small: bool = False,
             late: bool = False) -> bytes:
    """A file of one sheet; style 1 and on has `formats`, style 0 none, the last is struck."""
    begin = struct.pack("<HHHHII", 0x600, 0x5, 0, 0, 0, 0)
    plain = struct.pack("<HHHHH", 200, 0, 0x7FFF, 400, 0) + bytes(4) + struct.pack("<BB", 1, 0)
    struck = struct.pack("<HHHHH", 200, 8, 0x7FFF, 400, 0) + bytes(4) + struct.pack("<BB", 1, 0)
    head = [record(0x809, begin), record(0x22, struct.pack("<H", late))]
    head += [record(0x31, plain + b"a")] * 4 + [record(0x31, struck + b"a")]
    head += [record(0x41E, struct.pack("<H", 164 + at) + text(code))
             for at, code in enumerate(formats)]
    codes = [0, *(164 + at for at in range(len(formats))), 0]
    head += [record(0xE0, struct.pack("<HH", 5 if at == len(codes) - 1 else 0, code) + bytes(16))
             for at, code in enumerate(codes)]
    name = "台账"
    sheet_length = len(record(0x85, bytes(8) + name.encode("utf-16-le")))
    position = sum(map(len, head)) + sheet_length + len(record(0xA))
    sheet = record(0x85, struct.pack("<IBBBB", position, 0, 0, len(name), 1)
                   + name.encode("utf-16-le"))
    body = [record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)), *cells, record(0xA)]
    return _container(b"".join([*head, sheet, record(0xA), *body]), small=small)


def _container(stream: bytes, *, small: bool) -> bytes:
    """A stream called Workbook in a container, among its small streams or on its own."""
    length = len(stream) if small else max(len(stream), 4096)
    stream = stream.ljust(-(-length // SECTOR) * SECTOR, b"\0")
    count = len(stream) // SECTOR
    chain = [*range(3, 2 + count), 0xFFFFFFFE]
    table = [0xFFFFFFFD, 0xFFFFFFFE, *chain]
    pieces = length // 64 + 1
    more = [*range(1, pieces), 0xFFFFFFFE] if small else []
    if small:
        table.append(0xFFFFFFFE)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack(
        "<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096,
        2 + count if small else 0xFFFFFFFE, int(small), 0xFFFFFFFE, 0, 0)
    root = (2, length) if small else (0xFFFFFFFE, 0)
    entries = _entry("Root Entry", 5, 1, *root) + _entry(
        "Workbook", 2, 0xFFFFFFFF, 0 if small else 2, length)
    return (header.ljust(SECTOR, b"\xff") + _sector(table) + entries.ljust(SECTOR, b"\0") + stream
            + (_sector(more) if small else b""))


def _sector(numbers: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers).ljust(SECTOR, b"\xff")


def _entry(name: str, kind: int, child: int, start: int, length: int) -> bytes:
    return (name.encode("utf-16-le").ljust(64, b"\0") + struct.pack(
        "<HBBIII", 2 * len(name) + 2, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child) + bytes(36)
        + struct.pack("<III", start, length, 0))
