"""Dates in texts as people write them. In: a text. Out: year, month and day, or why there is none.

What can mean one day only is read, whatever signs stand between its numbers; what leaves a doubt is
refused with the reason of its kind.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from zhuanjie.engine.core.patterns import late
from zhuanjie.engine.core.unicode import squeeze
from zhuanjie.engine.ledger.cells.text import CellError, narrow

SERIALS = (20_000, 80_000)
"""Numbers read as a spreadsheet's count of days: 1954 to 2119."""

LONGEST = 200
"""Characters of a text that may say a date: patterns take long over longer ones."""

_SIGNS = str.maketrans({
    **dict.fromkeys("‐‑‒–—―−─━﹣", "-"), **dict.fromkeys("、，,。·・", "."), "\\": "/", "～": "~",
})
_QUOTES = " \t\n'\"`‘’“”′＇"
_HAN = {han: digit for digit, han in enumerate("〇一二三四五六七八九")} | dict.fromkeys(
    "○◯零OoΟО", 0)
_NUMERAL = late("[〇○◯零一二三四五六七八九十廿卅OoΟО]+")
_TENS = late("([一二三])?十([一二三四五六七八九])?|(廿|卅)([一二三四五六七八九])?")
_WEEKDAY = late(r"[\s(\[]*(?:星期|周|礼拜)[一二三四五六日天1-6][\s)\]]*")
_HALF = "上午|下午|中午|早上|晚上|凌晨"
_TIME = late(
    rf"(.*?\d[日号]?)(?:[T\s]\s*(?:{_HALF})?|(?:{_HALF}))\s*"
    r"(?:(\d{1,2})[:时点](?:(\d{1,2})(?:[:分](\d{1,2}(?:\.\d+)?)秒?)?分?)?)?"
    r"\s*([AaPp]\.?[Mm]\.?)?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII | re.DOTALL)
_BETWEEN = r"\s*(?:[-/.]+|{mark}[-/.]*)\s*|\s+"
_YEAR = rf"(\d{{4}})(?:{_BETWEEN.format(mark='年')})"
_DAY = late(
    rf"{_YEAR}(\d{{1,2}})(?:{_BETWEEN.format(mark='月')})(\d{{1,2}})\s*[日号]?", re.ASCII)
_PACKED = late(r"(\d{4})(\d\d)(\d\d)(?:[T ]?\d{6}|[T ]\d{4})?", re.ASCII)
_LAST_YEAR = late(r"(\d{1,2})([-/.]|\s+)(\d{1,2})\2(\d{4})", re.ASCII)
_HAN_MONTH = late(r"(\d{1,2})[-/. ](\d{1,2})月[-/. ](\d{4})", re.ASCII)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_NAME = (r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
         r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)")
_TH = r"(\d{1,2})(?:st|nd|rd|th)?"
_NAMED = [(late(pattern, re.ASCII | re.IGNORECASE), order) for pattern, order in (
    (rf"{_TH}[-/. ]*{_NAME}[-/. ]*(\d{{4}})", (2, 1, 0)),
    (rf"{_NAME}[-/. ]*{_TH}[-/. ]+(\d{{4}})", (2, 0, 1)),
    (rf"(\d{{4}})[-/. ]*{_NAME}[-/. ]*{_TH}", (0, 1, 2)),
    (rf"{_NAME}[-/. ]*(\d{{4}})", (1, 0)),
    (rf"(\d{{4}})[-/. ]*{_NAME}", (0, 1)),
)]
_MONTH = late(rf"{_YEAR}(\d{{1,2}})\s*(?:月份?)?", re.ASCII)
_PACKED_MONTH = late(r"([12]\d{3})(\d\d)", re.ASCII)
_MONTH_FIRST = late(r"(\d{1,2})(?:[-/.]|月[-/. ]?)(\d{4})年?", re.ASCII)
_YEAR_ONLY = late(r"([12]\d{3})年?", re.ASCII)
_PART = late(
    r"(\d{4}\s*[-/.年]*\s*\d{1,2})\s*(?:月份?)?(?:上旬|中旬|下旬|初|底|末)?", re.ASCII)

_ANY_DAY = late(rf"(?<!\d){_DAY.pattern}(?!\d)|(?<!\d){_PACKED.pattern}(?!\d)", re.ASCII)
_ANY_MONTH = late(r"(?<!\d)[12]\d{3}\s*[-/.年]\s*\d{1,2}(?!\d)", re.ASCII)
_RANGE = late(
    r"\d[日号月年]?\s*(?:[至到~和]|--+)\s*(?:今|\d)|[12]\d{3}年?\s*[-/]\s*[12]\d{3}"
    r"|\d月\s*[-/.,]\s*\d{1,2}月"
    rf"|{_DAY.pattern}\s*[-/.,]\s*\d{{1,2}}\s*[-/.月]\s*\d", re.ASCII)
_LUNAR = late("农历|阴历|旧历|正月|冬月|腊月|闰|初[1-9一二三四五六七八九十]")
_ABOUT = late(
    "约|左右|前后|[上中下]旬|[月年][初底末中]|[以之][前后]|[日月号年\\d][前后]|大概|可能|预计|计划|拟|"
    "半年|春季|夏季|秋季|冬季|季度|暑|寒假")
_NO_YEAR = late(r"\d{1,2}月(?:\d{1,2}[日号]?)?|\d{1,2}[日号]", re.ASCII)
_TWO = late(r"(\d{1,2})[-/.](\d{1,2})", re.ASCII)
_SHORT_YEAR = late(
    rf"\d{{2}}年(?:\d{{1,2}}月?(?:\d{{1,2}}[日号]?)?)?|(?:{_TH}[-/. ]*)?{_NAME}[-/. ]*\d\d",
    re.ASCII | re.IGNORECASE)
_UNCLEAR = late(
    r"\d{1,2}[-/.\s]+\d{1,2}[-/.月\s]+\d{1,4}[日号]?|\d{1,2}[-/.]?\d{0,2}|\d{5,7}", re.ASCII)


class Written(NamedTuple):
    """What a text says of a date: a year, then a month and a day as far as they are there."""

    year: int
    month: int | None = None
    day: int | None = None


def read_text(text: str, example: str) -> Written:
    """The date in a text; raises CellError, which may give an `example` of how to write one."""
    if len(text) > LONGEST:
        raise CellError("records.cell.date", example=example)
    text = _plain(text)
    if timed := _TIME.fullmatch(text):
        if timed[6] and timed[6].strip("Z+-:0") == "" and any(
                part and float(part) for part in timed.group(2, 3, 4)):
            raise CellError("records.cell.date-zone", example=example)
        text = timed[1]
    text = text.rstrip(" ./;:")
    close = squeeze(text)
    return (_whole(text) or _month(text.rstrip(" -")) or _whole(close) or _month(close)
            or _year(text) or _refuse(text, example))


def month_part(text: str) -> str:
    """A text without what tells a part of its month (`2007年6月中旬` is of June all the same)."""
    if len(text) > LONGEST:
        return text
    found = _PART.fullmatch(_plain(text))
    return found[1] if found else text


def _plain(text: str) -> str:
    """A text with one sign for each kind, in digits, without quotes and the day of the week."""
    text = narrow(text).translate(_SIGNS).strip(_QUOTES)
    return _NUMERAL.sub(_digits, _WEEKDAY.sub(" ", text).strip())


def _digits(found: re.Match[str]) -> str:
    numeral = found[0]
    if tens := _TENS.fullmatch(numeral):
        if tens[3]:
            return ("2" if tens[3] == "廿" else "3") + str(_HAN.get(tens[4] or "", 0))
        return str(_HAN.get(tens[1] or "一", 1)) + str(_HAN.get(tens[2] or "", 0))
    if numeral.isascii() or any(sign not in _HAN for sign in numeral):
        return numeral
    return "".join(str(_HAN[sign]) for sign in numeral)


def _whole(text: str) -> Written | None:
    """Year, month and day."""
    if found := _DAY.fullmatch(text) or _PACKED.fullmatch(text):
        return Written(*map(int, found.groups()))
    if found := _HAN_MONTH.fullmatch(text):
        return Written(int(found[3]), int(found[2]), int(found[1]))
    if found := _LAST_YEAR.fullmatch(text):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        if first > 12 or first == second:
            return Written(year, second, first)
        return Written(year, first, second) if second > 12 else None
    for pattern, order in _NAMED:
        if found := pattern.fullmatch(text):
            parts = [found[at + 1] for at in order]
            parts[1] = str(_MONTHS.index(parts[1][:3].lower()) + 1)
            return Written(*map(int, parts))
    return None


def _month(text: str) -> Written | None:
    """Year and month."""
    if found := _MONTH.fullmatch(text) or _PACKED_MONTH.fullmatch(text):
        return Written(int(found[1]), int(found[2]))
    if found := _MONTH_FIRST.fullmatch(text):
        return Written(int(found[2]), int(found[1]))
    return None


def _year(text: str) -> Written | None:
    found = _YEAR_ONLY.fullmatch(text)
    return Written(int(found[1])) if found else None


def _refuse(text: str, example: str) -> Written:
    """Say what kind of text it is."""
    raise CellError(f"records.cell.date{_kind(text)}", example=example)


def _kind(text: str) -> str:
    days = _ANY_DAY.findall(text)
    if _LUNAR.search(text):
        return "-lunar"
    if len(days) > 1 or len(_ANY_MONTH.findall(text)) > 1 or _RANGE.search(text):
        return "-several"
    if _ABOUT.search(text) and re.search(r"\d", text):
        return "-about"
    if days:
        return "-note"
    if text.isdecimal() and len(text) == 5 and SERIALS[0] <= int(text) <= SERIALS[1]:
        return "-number"
    two = _TWO.fullmatch(text)
    if _NO_YEAR.fullmatch(text) or (two and int(two[2]) > 12):
        return "-no-year"
    if _SHORT_YEAR.fullmatch(text):
        return "-short-year"
    return "-unclear" if _UNCLEAR.fullmatch(text) else ""
