"""What number formats show. In: a format's code. Out: how a number looks under it.

Two kinds change what a cell says: those that put zeros before a number or marks between its
digits (`00000`, `000-0000`), and those that show a part of a date (`yyyy"年"m"月"`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct

from zhuanjie.engine.ledger.cells.shown import ShownDate

_TOKEN = re.compile(
    r"""("[^"]*"?)          # a text in quotes
      | (\\.|!.)            # one character as it is
      | (\[[^\]]*\]?)       # a colour, a language, elapsed hours, a condition
      | (_.|\*.)            # a blank as wide as a character, a filling
      | (AM/PM|A/P)
      | (general|g/)
      | (0+|y+|e+|m+|d+|h+|s+|a{3,}|[#?]+)
      | (.)""", re.VERBOSE | re.IGNORECASE | re.DOTALL)
_PLAIN = frozenset("-/.:( )")
"""Characters that a format shows as they are without quotes; so is any beyond ASCII."""
_CONDITION = re.compile(r"\[[<>=]")
LONGEST = 255
"""Characters a format may have in Excel; a longer one shows nothing that we know."""
MOST_DIGITS = 15
"""Digits a number keeps."""

BUILT_IN = {
    16: "d-mmm", 17: "mmm-yy", 27: 'yyyy"年"m"月"', 28: 'm"月"d"日"', 29: 'm"月"d"日"',
    36: 'yyyy"年"m"月"', 50: 'yyyy"年"m"月"', 51: 'm"月"d"日"', 52: 'yyyy"年"m"月"',
    53: 'm"月"d"日"', 54: 'm"月"d"日"', 57: 'yyyy"年"m"月"', 58: 'm"月"d"日"',
}
"""Formats that have a number and no code and show a part of a date; from 27 on in Chinese Excel."""


class Digits(Struct, frozen=True):
    """Shows a whole number digit by digit: `parts` are runs of zeros and the texts between."""

    parts: tuple[str, ...]

    def show(self, number: float, _day_zero: date) -> str | None:
        """The number as it is shown; None where the format has no say in it."""
        if number < 0 or number != int(number) or number >= 10 ** MOST_DIGITS:
            return None
        places = sum(len(part) for part in self.parts if part.startswith("0"))
        digits = str(int(number)).zfill(places)
        more = len(digits) - places  # digits without a place stand before the first
        out = []
        for part in self.parts:
            if not part.startswith("0"):
                out.append(part.removeprefix('"'))
                continue
            out.append(digits[:len(part) + more])
            digits, more = digits[len(part) + more:], 0
        return "".join(out)


class DateParts(Struct, frozen=True):
    """Shows the year, the month or the day of a date, and not all of them."""

    year: bool
    month: bool
    day: bool

    def show(self, number: float, day_zero: date) -> str | None:
        """What is shown of the day that a number stands for."""
        try:
            return self.show_day(day_zero + timedelta(days=int(number)))
        except OverflowError:
            return None

    def show_day(self, day: date) -> str:
        """What is shown of a day."""
        if self.month and (self.year or self.day):
            return ShownDate(f"{day:%Y-%m}" if self.year else f"{day:%m-%d}")
        return ShownDate(
            f"{day.year}" if self.year else f"{day.month}月" if self.month else f"{day.day}日")


NumberFormat = Digits | DateParts


def read_format(code: str) -> NumberFormat | None:
    """What a format shows, where it is more or less than the number or the day itself."""
    if len(code) > LONGEST or _CONDITION.search(code):
        return None
    tokens = _first_section(code)
    shown = [text for kind, text in tokens if kind == "shown"]
    if not shown:
        return None
    letters = "".join(shown).lower()
    if set(letters) <= {"0"}:
        return _digits(tokens)
    if set(letters) <= set("yemdhsa0"):
        return _date_parts([text.lower() for text in shown])
    return None


def _first_section(code: str) -> list[tuple[str, str]]:
    """The parts of the section for positive numbers: `shown`, `text` or `other`."""
    out: list[tuple[str, str]] = []
    for quoted, escaped, bracket, blank, noon, general, shown, other in _TOKEN.findall(code):
        if quoted:
            out.append(("text", quoted.strip('"')))
        elif escaped:
            out.append(("text", escaped[1]))
        elif bracket:
            if bracket[1:2].lower() in ("h", "m", "s"):
                out.append(("shown", bracket[1:-1]))
        elif blank or noon:
            continue
        elif shown:
            out.append(("shown", shown))
        elif other == ";":
            break
        else:
            plain = not general and (other in _PLAIN or not other.isascii())
            out.append(("text", other) if plain else ("shown", general or other))
    return out


def _digits(tokens: Sequence[tuple[str, str]]) -> Digits | None:
    """A format of zeros and texts; a point in it makes decimals, and one zero says nothing."""
    if sum(len(text) for kind, text in tokens if kind == "shown") < 2:
        return None
    at = [i for i, (kind, _) in enumerate(tokens) if kind == "shown"]
    between = tokens[at[0]:at[-1]]
    if any(text == "." for kind, text in between if kind == "text"):
        return None
    parts = tuple(text if kind == "shown" else '"' + text for kind, text in tokens if text)
    return Digits(parts)


def _date_parts(shown: Sequence[str]) -> DateParts | None:
    """Which parts of a date a format shows; None where it is a whole date or none at all."""
    kinds = [text[0] for text in shown if text[0] != "0"]
    year = month = day = False
    for at, kind in enumerate(kinds):
        if kind in "ye":
            year = True
        elif kind == "m":
            # Beside hours and seconds it is minutes.
            after_hour = at > 0 and kinds[at - 1] == "h"
            before_second = at + 1 < len(kinds) and kinds[at + 1] == "s"
            month = month or not (after_hour or before_second)
    day = any(text in ("d", "dd") for text in shown)
    if (year and month and day) or not (year or month or day):
        return None
    return DateParts(year, month, day)
