"""Numbers as forms have them: capital numerals, ages."""

from __future__ import annotations

from datetime import date

import pytest

from zhuanjie.web.letters.numerals import age_on, birth_in, capital, capital_digits


@pytest.mark.parametrize(("number", "text"), [
    (0, "零"), (7, "柒"), (10, "壹拾"), (15, "壹拾伍"), (30, "叁拾"), (90, "玖拾"), (100, "壹佰"),
    (105, "壹佰零伍"), (180, "壹佰捌拾"), (365, "叁佰陆拾伍"), (1001, "壹仟零壹"),
    (10010, "壹万零壹拾"), (100_000, "壹拾万"), (20_500_000, "贰仟零伍拾万"), (-3, "负叁")])
def test_capital_numerals(number: int, text: str) -> None:
    assert capital(number) == text


def test_years_are_written_digit_by_digit() -> None:
    assert capital_digits("2026") == "贰零贰陆"
    assert capital(12) == "壹拾贰"  # a month


@pytest.mark.parametrize(("born", "day", "whole", "age"), [
    (date(1985, 3, 12), date(2007, 3, 11), True, 21), (date(1985, 3, 12), date(2007, 3, 12), True, 22),
    (date(1984, 2, 29), date(2007, 2, 28), True, 22), (date(1985, 3, 1), date(2007, 2, 28), False, 21),
    (date(1985, 3, 1), date(2007, 4, 1), False, 22),
    (date(1985, 3, 1), date(2007, 3, 31), False, None),  # in that month nobody can tell
    (date(2008, 1, 1), date(2007, 1, 1), True, None)])
def test_ages(born: date, day: date, whole: bool, age: int | None) -> None:
    assert age_on(born, day, whole=whole) == age


def test_a_day_of_birth_is_read_from_numbers_of_both_kinds() -> None:
    assert birth_in("350583198503120015") == date(1985, 3, 12)
    assert birth_in("350583850312001") == date(1985, 3, 12)
    assert birth_in("350583198513120015") is None
    assert birth_in("１２") is None
