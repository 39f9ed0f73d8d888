"""Whole numbers in Chinese characters. In: a text. Out: its digits.

Both ways to write them are read: by their places (`一百二十`, or as on a form `壹佰贰拾`), and
digit by digit (`二〇〇七`).
"""

from __future__ import annotations

from zhuanjie.engine.core.patterns import late

_DIGITS = {sign: digit for signs in ("〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖")
           for digit, sign in enumerate(signs)} | {
               "○": 0, "两": 2, "兩": 2, "貳": 2, "叄": 3, "參": 3, "陸": 6}
_PLACES = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_SIGNS = late(f"[{''.join(_DIGITS)}{''.join(_PLACES)}]+")


def in_digits(text: str) -> str:
    """A number in Chinese characters in digits; any other text as it is."""
    if not _SIGNS.fullmatch(text):
        return text
    if not any(sign in _PLACES for sign in text):
        return "".join(str(_DIGITS[sign]) for sign in text)
    total, digit, last = 0, None, 10_000
    gap = False
    for sign in text:
        if sign in _DIGITS:
            if digit:
                return text
            digit, gap = _DIGITS[sign] or None, gap or not _DIGITS[sign]
        else:
            place = _PLACES[sign]
            if place >= last or (digit is None and total):
                return text
            total, digit, last = total + (1 if digit is None else digit) * place, None, place
            gap = False
    if digit and last > 10 and not gap:
        return text  # 一百五 is 150 to many
    return str(total + (digit or 0))
