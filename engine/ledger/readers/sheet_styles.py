"""The cell styles that matter. In: what a reader found of them. Out: how cells are mended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from msgspec import Struct, field

from zhuanjie.engine.ledger.readers.number_formats import DateParts, NumberFormat
from zhuanjie.engine.ledger.readers.sheet_extras import DAY_ZERO


class SheetStyles(Struct, frozen=True):
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
