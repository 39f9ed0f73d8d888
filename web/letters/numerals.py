"""Numbers as forms have them. In: whole numbers, days. Out: capital numerals, years of age.

Capital numerals cannot be altered with a stroke of the pen, as banks and forms have them.
"""

from __future__ import annotations

from datetime import date
from typing import Final

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("", "拾", "佰", "仟")
_GROUPS: Final = ("", "万", "亿")
_GROUP: Final = 10_000


def capital(number: int) -> str:
    """A whole number in capital numerals: 90 is 玖拾, 10010 is 壹万零壹拾."""
    if number < 0:
        return f"负{capital(-number)}"
    if number == 0:
        return _DIGITS[0]
    if number >= _GROUP ** len(_GROUPS):
        return capital_digits(str(number))
    out, gap = "", False
    for at in reversed(range(len(_GROUPS))):
        part = number // _GROUP**at % _GROUP
        if part == 0:
            gap = bool(out)
            continue
        if out and (gap or part < _GROUP // 10):
            out += _DIGITS[0]
        out, gap = out + _group(part) + _GROUPS[at], False
    return out


def _group(number: int) -> str:
    """A number below ten thousand."""
    out, gap = "", False
    for at in reversed(range(len(_PLACES))):
        digit = number // 10**at % 10
        if digit == 0:
            gap = bool(out)
            continue
        if gap:
            out += _DIGITS[0]
        out, gap = out + _DIGITS[digit] + _PLACES[at], False
    return out


def capital_digits(text: str) -> str:
    """Each digit by itself, as years are written: 2026 is 贰零贰陆."""
    return "".join(_DIGITS[int(sign)] if sign.isdecimal() else sign for sign in text)


def age_on(born: date, day: date, *, whole: bool) -> int | None:
    """Whole years on `day`. Where only the month of birth is known (`whole` is False) nobody can
    tell in that month: None. None, too, for who is not born yet."""
    years = day.year - born.year
    if not whole and day.month == born.month:
        return None
    if (day.month, day.day) < (born.month, born.day if whole else 1):
        years -= 1
    return years if years >= 0 else None


def birth_in(number: str) -> date | None:
    """The day of birth that the number of an identity card tells; None where it tells none."""
    text = number.strip()
    digits = text[6:14] if len(text) == 18 else f"19{text[6:12]}" if len(text) == 15 else ""
    if not digits.isascii() or not digits.isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
