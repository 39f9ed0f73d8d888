"""Sheets of ours as XML. In: rows of texts and numbers. Out: the text of a sheet, as it comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from msgspec import Struct

from zhuanjie.engine.core.location import column_letter
from zhuanjie.report.workbook.markup import escaped, quoted
from zhuanjie.report.wrap import columns

LINKS = 65_000
"""Links that a sheet may have; what is beyond is linked by formulas."""
LAST_ROW = 1 << 20
"""Rows that a sheet may have."""
_LINE, _HIGHEST = 15, 12
"""How high a line is, and how many of them a row is high at most."""
_LONGEST = 32_767
"""Characters that a cell may have."""


class OwnCell(Struct, frozen=True):
    """A cell: what it says, its format; `link` is the cell that it leads to."""

    value: str | int | None
    style: int
    bold: bool = False
    link: str | None = None


class SheetText:
    """A sheet that is written row by row."""

    def __init__(self, file: IO[bytes], space: str, widths: Sequence[int], font: str = "") -> None:
        """`font` has the properties of texts that have any of their own."""
        self._file, self._row, self._font = file, 0, font
        self._links: list[tuple[str, str]] = []
        self._file.write((
            f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{space}">'
            '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>').encode())
        self._widths = widths

    def begin(self, frozen: int = 0) -> None:
        """Begin the rows; the first `frozen` ones stay in view."""
        pane = (f'<pane ySplit="{frozen}" topLeftCell="A{frozen + 1}" activePane="bottomLeft" '
                'state="frozen"/>') if frozen else ""
        widths = "".join(f'<col min="{at}" max="{at}" width="{width}" customWidth="1"/>'
                          for at, width in enumerate(self._widths, start=1))
        self._file.write((
            f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
            f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}</cols><sheetData>').encode())

    def row(self, cells: Iterable[OwnCell], *, wraps: bool = True) -> int:
        """Write a row, as high as its texts are where they wrap; its number."""
        self._row += 1
        lines, written = 1, ""
        for at, cell in enumerate(cells):
            written += self._cell(f"{column_letter(at)}{self._row}", cell)
            value = cell.value
            if wraps and isinstance(value, str) and at < len(self._widths) and (
                    2 * len(value) >= self._widths[at]):
                lines = max(lines, -(-columns(value) // (self._widths[at] - 1)))
        height = f' ht="{min(lines, _HIGHEST) * _LINE}" customHeight="1"' if lines > 1 else ""
        self._file.write(f'<row r="{self._row}"{height}>{written}</row>'.encode())
        return self._row

    def end(self, filtered: str | None = None) -> None:
        """End the sheet, with a filter on a range."""
        text = "</sheetData>"
        if filtered:
            text += f'<autoFilter ref="{filtered}"/>'
        if self._links:
            text += "<hyperlinks>" + "".join(self._linked()) + "</hyperlinks>"
        text += ('<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" '
                 'footer="0.3"/><pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
                 "</worksheet>")
        self._file.write(text.encode())

    def _linked(self) -> Iterator[str]:
        return (f'<hyperlink ref="{ref}" location="{quoted(target)}" display="{quoted(target)}"/>'
                for ref, target in self._links)

    def _cell(self, ref: str, cell: OwnCell) -> str:
        value = cell.value
        if value is None or value == "":
            return f'<c r="{ref}" s="{cell.style}"/>'
        if isinstance(value, int):
            return f'<c r="{ref}" s="{cell.style}"><v>{value}</v></c>'
        if len(value) > _LONGEST:
            value = value[:_LONGEST - 1] + "…"
        text = f'<t xml:space="preserve">{escaped(value)}</t>'
        if cell.link and len(self._links) >= LINKS:
            parts = (part.replace('"', '""') for part in (f"#{cell.link}", value))
            formula = escaped('HYPERLINK("{}","{}")'.format(*parts))
            return (f'<c r="{ref}" s="{cell.style}" t="str"><f>{formula}</f>'
                    f"<v>{escaped(value)}</v></c>")
        if cell.link:
            self._links.append((ref, cell.link))
            text = f'<r><rPr><u/><color rgb="FF0563C1"/>{self._font}</rPr>{text}</r>'
        elif cell.bold:
            text = f"<r><rPr><b/>{self._font}</rPr>{text}</r>"
        return f'<c r="{ref}" s="{cell.style}" t="inlineStr"><is>{text}</is></c>'
