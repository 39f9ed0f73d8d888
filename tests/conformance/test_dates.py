"""Month and day arithmetic against dates-calc's published cases, on every engine."""

from __future__ import annotations

import csv
import re
from datetime import date

import pytest

from zhuanjie.engine import evaluate
from zhuanjie.engine.backends.registry import NAMES

PERIOD = re.compile(r"\[(\d+) years, (\d+) months, (\d+) days\]")


@pytest.mark.parametrize("backend", NAMES)
def test_exact_computations(suite, backend: str) -> None:
    with (suite / "dates" / "exact_computations.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter=";"))[1:]
    assert rows
    for start, period, expected in rows:
        years, months, days = map(int, PERIOD.fullmatch(period.strip()).groups())
        data = {"member": {"left_on": date.fromisoformat(start), "months": years * 12 + months}}
        for amount in (str(years * 12 + months), "member.months"):
            text = f"member.left_on + months({amount}) + days({days})"
            found = evaluate(text, data, backend=backend)
            assert found == date.fromisoformat(expected.strip()), (start, period)


@pytest.mark.parametrize("backend", NAMES)
@pytest.mark.parametrize(("start", "months", "expected"), [
    ("2007-01-31", 1, "2007-02-28"),
    ("2008-01-31", 1, "2008-02-29"),
    ("2008-02-29", 12, "2009-02-28"),
    ("2007-12-31", 2, "2008-02-29"),
    ("2007-03-31", -1, "2007-02-28"),
    ("2007-01-15", -1, "2006-12-15"),
    ("2007-06-30", 0, "2007-06-30"),
])
def test_months_are_clamped(backend: str, start: str, months: int, expected: str) -> None:
    data = {"a": {"d": date.fromisoformat(start), "n": months}}
    for amount in (str(months), "a.n"):
        assert evaluate(f"a.d + months({amount})", data, backend=backend) == date.fromisoformat(
            expected)
        minus = evaluate(f"a.d - months(0 - {amount})", data, backend=backend)
        assert minus == date.fromisoformat(expected)
