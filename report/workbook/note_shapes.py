"""The boxes that comments are shown in. In: a sheet's shapes, cells. Out: its shapes with ours.

Excel shows a comment only where the sheet has a shape for it, in VML. Numbers of shapes come in
blocks of 1024, each of which one sheet of a workbook may have.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import IO, Final

from zhuanjie.report.workbook.markup import Tag, edited, tags

TYPE: Final = "application/vnd.openxmlformats-officedocument.vmlDrawing"
BLOCK: Final = 1023
"""Shapes that a block has numbers for."""
_MAP: Final = re.compile(rb"<(?:\w+:)?idmap\b[^>]*?\bdata\s*=\s*[\"']([^\"']*)[\"'][^>]*>")
_SHAPE_ID: Final = re.compile(rb"_x0000_s([0-9]+)")
_ROW: Final = re.compile(rb"<(?:\w+:)?Row>\s*([0-9]+)\s*</")
_COLUMN: Final = re.compile(rb"<(?:\w+:)?Column>\s*([0-9]+)\s*</")
_ORDER: Final = re.compile(rb"z-index\s*:\s*([0-9]+)")
_LEAST: Final = (
    b'<xml xmlns:v="urn:schemas-microsoft-com:vml" '
    b'xmlns:o="urn:schemas-microsoft-com:office:office" '
    b'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit">'
    b'<o:idmap v:ext="edit" data=""/></o:shapelayout></xml>')
_TYPE: Final = (
    b'<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" '
    b'path="m,l,21600r21600,l21600,xe"%s><v:stroke joinstyle="miter"/>'
    b'<v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>')
_SPACES: Final = {b"v": b"urn:schemas-microsoft-com:vml",
                  b"o": b"urn:schemas-microsoft-com:office:office",
                  b"x": b"urn:schemas-microsoft-com:office:excel"}
_WIDTH, _HEIGHT = 4, 9
"""Columns and rows that a box takes."""


class Shapes:
    """The shapes of one sheet, without those of former marks."""

    def __init__(self, data: bytes | None, former: Collection[tuple[int, int]]) -> None:
        self.data = _without(data or _LEAST, former)

    @property
    def is_empty(self) -> bool:
        """Whether no shape is left."""
        return b":shape " not in self.data

    def write(self, file: IO[bytes], cells: Iterable[tuple[int, int]], first: int,
              count: int) -> None:
        """Write the shapes, with one for each of so many cells.

        `first` is the first block of numbers that the workbook has free.
        """
        data, blocks = self.data, ",".join(map(str, range(first, first + blocks_of(count))))
        spaces = self._spaces()
        found = _MAP.search(data)
        if found is None:
            at = data.index(b">", data.index(b"<xml")) + 1
            data = edited(data, [(at, at, (
                f'<o:shapelayout{spaces} v:ext="edit"><o:idmap v:ext="edit" data="{blocks}"/>'
                f"</o:shapelayout>").encode())])
        elif blocks:
            had = found[1].decode().strip()
            data = edited(data, [(found.start(1), found.end(1),
                                  (f"{had},{blocks}" if had else blocks).encode())])
        end = data.rindex(b"</")
        file.write(data[:end])
        if b"_x0000_t202" not in data:
            file.write(_TYPE % spaces.encode())
        order = max((int(n) for n in _ORDER.findall(data)), default=0)
        for number, (row, column) in enumerate(cells):
            block, rest = divmod(number, BLOCK)
            file.write(_shape((first + block) * 1024 + rest + 1, order + number + 1,
                              row, column, spaces))
        file.write(data[end:])

    def _spaces(self) -> str:
        """What has to be declared where the shapes of others name things otherwise."""
        head = self.data[:self.data.index(b">", self.data.index(b"<xml"))]
        return "".join(f' xmlns:{p.decode()}="{uri.decode()}"' for p, uri in _SPACES.items()
                       if b"xmlns:" + p + b'="' + uri + b'"' not in head
                       and b"xmlns:" + p + b"='" + uri + b"'" not in head)


def blocks_of(count: int) -> int:
    """How many blocks of numbers so many shapes take."""
    return -(-count // BLOCK)


def free_block(parts: Iterable[bytes]) -> int:
    """The first block of numbers that none of some parts has."""
    taken = {0}
    for data in parts:
        for found in _MAP.finditer(data):
            taken |= {int(n) for n in found[1].split(b",") if n.strip().isdigit()}
        taken |= {int(n) // 1024 for n in _SHAPE_ID.findall(data)}
    return max(taken) + 1


def _shape(number: int, order: int, row: int, column: int, spaces: str) -> bytes:
    top = max(row - 2, 0)
    anchor = (column + 1, 15, top, 10, column + 1 + _WIDTH, 15, top + _HEIGHT, 4)
    return (
        f'<v:shape{spaces} id="_x0000_s{number}" type="#_x0000_t202" style=\'position:absolute;'
        f"margin-left:60pt;margin-top:2pt;width:260pt;height:130pt;z-index:{order};"
        f"visibility:hidden' fillcolor=\"#ffffe1\" o:insetmode=\"auto\">"
        f'<v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/>'
        f'<v:path o:connecttype="none"/><v:textbox style=\'mso-direction-alt:auto\'>'
        f"<div style='text-align:left'></div></v:textbox><x:ClientData ObjectType=\"Note\">"
        f"<x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{', '.join(map(str, anchor))}</x:Anchor>"
        f"<x:AutoFill>False</x:AutoFill><x:Row>{row - 1}</x:Row><x:Column>{column}</x:Column>"
        f"</x:ClientData></v:shape>").encode()


def _without(data: bytes, former: Collection[tuple[int, int]]) -> bytes:
    """The shapes of others."""
    gone: list[tuple[int, int, bytes]] = []
    numbers: set[int] = set()
    for start, end in _shapes(data) if former else ():
        text = data[start:end]
        row, column = _ROW.search(text), _COLUMN.search(text)
        if (row and column and b"Note" in text
                and (int(row[1]) + 1, int(column[1])) in former):
            gone.append((start, end, b""))
            numbers |= {int(n) // 1024 for n in _SHAPE_ID.findall(text)}
    if not gone:
        return data
    left = edited(data, gone)
    numbers -= {int(n) // 1024 for n in _SHAPE_ID.findall(left)}
    found = _MAP.search(left)
    if found is None:
        return left
    kept = [n for n in found[1].split(b",") if not (n.strip().isdigit() and int(n) in numbers)]
    return edited(left, [(found.start(1), found.end(1), b",".join(kept))])


def _shapes(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each shape begins and ends."""
    first: Tag | None = None
    for tag in tags(data):
        if tag.name.rpartition(b":")[2] != b"shape":
            continue
        if not tag.closes:
            first = None if tag.is_empty else tag
        elif first is not None:
            yield first.start, tag.end
            first = None
