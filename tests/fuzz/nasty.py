"""What hurts. In: a random source. Out: texts, numbers and other values for any place.

Id numbers in here are made up, and whole ones must never be seen on stderr.
"""

from __future__ import annotations

from random import Random
from typing import Any

ID_NUMBERS = ("350502198507152319", "11010519491231002X", "44030619991010987X",
              "350502850715231")
CANARY = "s3cr3tPassw0rd"
"""The password in every address."""

TEXTS = (
    "", " ", "\u3000", "/", "—", "无", "N/A", "不详", "*", "=1+1", "＝1+1", "+1", "-1", "@SUM(1)",
    "a;=1+1", '"=1+1', "\t=1+1", "::error::boom", "::add-mask::x", "\n::stop-commands::x",
    "##[command]x", "%0A::error::x", "\u202egnp.exe", "\u2066x\u2069", "\u200b", "\u00ad", "\ufeff",
    "\x1b[31mred\x1b[0m", "\x9b31m", "\x07", "\x00", "\x7f", "\x85", "\u2028", "\ufffe", "\ufdd0",
    "e\u0301" * 3, "\u0300" * 40, "𠮷野家", "👩‍👩‍👧", "１２３", "Ⅻ", "㈠", "ﬁ", "ß", "İ", "ǅ",
    "x" * 5_000, " " * 20_000, "9" * 400, "1e400", "-1e400", "NaN", "inf", "-0", "0x1f", "1_000",
    "1,000", "٣", "2007-02-30", "2007-13-01", "9999-12-31", "10000-01-01", "0000-00-00",
    "0001-01-01", "1899-12-31", "1900-02-29", "2007年6月30日", "二〇〇七年六月三十日", "2007.6",
    "20070630", "2007/6/30", "30/6/2007", "2007-06-30T25:61:61Z", "2007-06-30T00:00:00+99:99",
    "2007-06-30 24:00", "39263", "39263.5", "-1", "1e300", "2958466", "民国九十六年",
    "是", "否", "男", "女", "正式", "预备", "TRUE", "合计", "小计：", "填表人：张三", "学号", "第1页",
    "<script>alert(1)</script>", "</table><img src=x onerror=alert(1)>", "<!--", "]]>", "&amp;", "&#0;",
    "| a | b |", "[x](http://e.example)", "![x](http://e.example/x.png)", "@everyone", "http://e.example",
    "`x`", "~~~", "# x", "\r\n", "a\nb", "a\rb", "a\r\nb", '"', "'", "''", "\\", "\\\"", ",", ";", "\t",
    "{}", "[]", "null", "true", "${x}", "{x}", "{0.__class__}", "{due}", "%s%n", "%(x)s", "{{7*7}}",
    "'; drop table t; --", "../../etc/passwd", "/dev/zero", "file:///etc/passwd", "C:\\con",
    "〔2007〕第 １ 号", "（张·三）", "张•三", "a" * 40_000, *ID_NUMBERS,
)
NUMBERS: tuple[Any, ...] = (
    0, -1, 1, 2**31 - 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 0.1, -0.0, 1e300,
    1e-300, 39263, 39263.5, 2958466, 20070630, 2007.6, 200706, 1.5, 365, 3652059, 3652060,
)


def text(rng: Random) -> str:
    """A text that hurts."""
    one = rng.choice(TEXTS)
    match rng.randrange(8):
        case 0:
            return one + rng.choice(TEXTS)
        case 1:
            return rng.choice(("2007-06-30", "张三", "1", "A1")) + one
        case 2:
            return one * rng.choice((2, 3, 50)) if len(one) < 100 else one
        case 3:
            return "".join(chr(rng.choice((rng.randrange(32, 127), rng.randrange(0x4E00, 0x9FFF),
                                           rng.randrange(0xD7FF), rng.randrange(0xE000, 0x10FFFF))))
                           for _ in range(rng.randrange(1, 12)))
        case _:
            return one


def value(rng: Random) -> Any:
    """A value of any kind that JSON knows."""
    match rng.randrange(7):
        case 0:
            return rng.choice(NUMBERS)
        case 1:
            return rng.choice((True, False, None))
        case 2:
            return [text(rng) for _ in range(rng.randrange(3))]
        case 3:
            return {text(rng): text(rng) for _ in range(rng.randrange(3))}
        case 4:
            return nested(rng.choice((3, 30, 100, 400)), rng)
        case _:
            return text(rng)


def nested(depth: int, rng: Random) -> Any:
    """A value that lies deep."""
    inner: Any = text(rng)
    for _ in range(depth):
        inner = [inner] if rng.random() < 0.5 else {"a": inner}
    return inner
