"""The cell styles of a workbook that matter. In: its package. Out: what numbers are under each.

A number is a day, a span of time or a number by the format of its style. Formats that show less or
more than that, and styles that strike through, are in `SheetStyles`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct, field

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.readers.number_formats import BUILT_IN, NumberFormat, read_format
from zhuanjie.engine.ledger.readers.package_xml import is_true
from zhuanjie.engine.ledger.readers.sheet_styles import SheetStyles
from zhuanjie.engine.ledger.readers.xlsx.book import SheetList
from zhuanjie.engine.ledger.readers.xlsx.elements import XmlElements
from zhuanjie.engine.ledger.readers.xlsx.package import BeyondError, PackedBook

_DAYS = frozenset(map(str, (*range(14, 23), *range(27, 37), 45, 47, *range(50, 59))))
_SPANS = frozenset(("46",))
_TOKEN = re.compile(r'"[^"]*(?:"|$)|\\.|[_*].|\[([^\]]*)\]|\[.*|AM/PM|A/P|.', re.DOTALL)
_ELAPSED = re.compile(r"(?:h+|m+|s+)\Z", re.IGNORECASE)


class CellStyles(Struct, frozen=True):
    """By the number of a style: what a number is under it, and what else it does."""

    days: frozenset[str] = frozenset()
    spans: frozenset[str] = frozenset()
    mending: SheetStyles = field(default_factory=SheetStyles)


def read_styles(package: PackedBook, book: SheetList) -> CellStyles:
    """The styles of a workbook; it may have none."""
    part = book.parts.get("styles", "xl/styles.xml")
    found = _Found()
    if part in package:
        found.read(package.blocks(part, most=limits().part_bytes))
    codes = {str(number): code for number, code in BUILT_IN.items()} | found.codes
    formats: dict[str, NumberFormat | None] = {
        number: read_format(code) for number, code in codes.items()}
    kinds = {number: kind_of(code) for number, code in found.codes.items()}
    days, spans, struck = set[str](), set[str](), set[str]()
    shown: dict[str, NumberFormat] = {}
    for at, (number, font) in enumerate(found.styles):
        kind = kinds.get(number) or (
            "day" if number in _DAYS else "span" if number in _SPANS else "number")
        if kind != "number":
            (days if kind == "day" else spans).add(str(at))
        if made := formats.get(number):
            shown[str(at)] = made
        if font < len(found.struck) and found.struck[font]:
            struck.add(str(at))
    return CellStyles(frozenset(days), frozenset(spans),
                      SheetStyles(book.day_zero, shown, frozenset(struck)))


def kind_of(code: str) -> str:
    """What numbers are under a format: by its first part that tells, before any other section."""
    for found in _TOKEN.finditer(code):
        token = found[0]
        if found[1] is not None:
            if _ELAPSED.match(found[1]):
                return "span"
        elif token == ";":
            break
        elif token in ("AM/PM", "A/P") or token in "dmyhsDMYHS":
            return "day"
    return "number"


class _Found(XmlElements):
    """Formats by their numbers, fonts that strike, styles by number: format and font."""

    def __init__(self) -> None:
        super().__init__()
        self.codes: dict[str, str] = {}
        self.struck: list[bool] = []
        self.styles: list[tuple[str, int]] = []
        self._within: list[str] = []

    def start(self, tag: str, given: Mapping[str, str]) -> None:
        """See XmlElements."""
        above = self._within[-1] if self._within else ""
        self._within.append(tag)
        if tag == "numFmt" and above == "numFmts":
            self.codes[given.get("numFmtId", "")] = given.get("formatCode", "")
        elif tag == "font" and above == "fonts":
            self.struck.append(False)
        elif tag == "strike" and above == "font" and self.struck:
            self.struck[-1] |= is_true(given.get("val", "1"))
        elif tag == "xf" and above == "cellXfs":
            if len(self.styles) >= limits().workbook_styles:
                raise BeyondError("workbook_styles")
            font = given.get("fontId", "0")
            known = font.isascii() and font.isdecimal() and len(font) < 9
            self.styles.append((given.get("numFmtId", "0"), int(font) if known else 0))

    def end(self, tag: str) -> None:
        """See XmlElements."""
        self._within.pop()
