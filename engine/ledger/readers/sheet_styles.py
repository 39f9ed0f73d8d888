"""The cell styles of an .xlsx that matter. In: the package. Out: what they show, which strike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from zipfile import ZipFile

from zhuanjie.engine.ledger.readers.number_formats import (
    BUILT_IN,
    DateParts,
    NumberFormat,
    read_format,
)
from zhuanjie.engine.ledger.readers.package_xml import elements, is_true, parse
from zhuanjie.engine.ledger.readers.sheet_extras import DAY_ZERO

PART = "xl/styles.xml"


@dataclass(frozen=True, slots=True)
class SheetStyles:
    """By their numbers: styles under which a cell shows something else, and those that strike."""

    day_zero: date = DAY_ZERO
    shown: Mapping[str, NumberFormat] = field(default_factory=dict)
    struck: frozenset[str] = frozenset()

    def mended(self, kind: str, style: str, value: str) -> str | None:
        """What a cell of some type says, where calamine would not say it."""
        if not value.strip():
            return None
        if kind == "e":
            return value
        shown = self.shown.get(style)
        if shown is None:
            return None
        try:
            if kind == "n":
                return shown.show(float(value), self.day_zero)
            if kind == "d" and isinstance(shown, DateParts):
                return shown.show_day(date.fromisoformat(value.strip()[:10]))
        except (ValueError, OverflowError):  # not what its type says, which calamine minds
            return None
        return None


def read_styles(parts: ZipFile, day_zero: date) -> SheetStyles:
    """The styles of a package."""
    if PART not in parts.namelist():
        return SheetStyles(day_zero)
    root = parse(parts.read(PART))
    codes = {str(number): code for number, code in BUILT_IN.items()}
    codes |= {e.get("numFmtId", ""): e.get("formatCode", "") for e in elements(root, "numFmt")}
    formats = {number: made for number, code in codes.items() if (made := read_format(code))}
    fonts = [any(is_true(s.get("val", "1")) for s in elements(font, "strike"))
             for font in next(elements(root, "fonts"), ())]
    shown: dict[str, NumberFormat] = {}
    struck = set[str]()
    for at, style in enumerate(next(elements(root, "cellXfs"), ())):
        if made := formats.get(style.get("numFmtId", "")):
            shown[str(at)] = made
        font = int(style.get("fontId", "0"))
        if font < len(fonts) and fonts[font]:
            struck.add(str(at))
    return SheetStyles(day_zero, shown, frozenset(struck))
