"""Whole numbers in Chinese characters: what each comes to, and what is no number."""

from __future__ import annotations

import pytest

from zhuanjie.engine.ledger.cells.numerals import in_digits

DIGITS, PLACES = "零一二三四五六七八九", ((1000, "千"), (100, "百"), (10, "十"), (1, ""))
FORMAL = str.maketrans("一二三四五六七八九十百千", "壹贰叁肆伍陆柒捌玖拾佰仟")


def _written(number: int) -> str:
    """A number as a person writes it: a zero for places left out in between."""
    out, open_places = "", False
    for place, sign in PLACES:
        digit, number = divmod(number, place)
        if digit:
            out += ("零" if open_places and out else "") + DIGITS[digit] + sign
            open_places = False
        else:
            open_places = bool(out)
    return out


@pytest.mark.parametrize("start", range(0, 10_000, 1000))
def test_every_number_is_read_however_it_is_written(start: int) -> None:
    for number in range(max(start, 1), start + 1000):
        text = _written(number)
        assert in_digits(text) == in_digits(text.translate(FORMAL)) == str(number), text


@pytest.mark.parametrize(("text", "digits"), [
    ("十五", "15"), ("二〇〇七", "2007"), ("二○○七", "2007"), ("两百", "200"), ("〇", "0"), ("90", "90")])
def test_other_ways(text: str, digits: str) -> None:
    assert in_digits(text) == digits


@pytest.mark.parametrize("text", ["", "一百五", "十百", "二三十", "百百", "九十天", "三个月", "若干"])
def test_what_is_no_certain_number_stays(text: str) -> None:
    assert in_digits(text) == text
