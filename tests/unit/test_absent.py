"""Who stands in a roster and not in the ledger: as sets say, whatever the prints of values are."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import examples

from zhuanjie.engine import load_policy
from zhuanjie.engine.auditing import reconciliation as absent
from zhuanjie.engine.auditing.reconciliation import RosterReconciliation
from zhuanjie.engine.core.location import Location

RULE = next(r for r in load_policy("fujian-2007-80").rules if r.shape == "reconcile")
PARTS = st.lists(st.lists(st.sampled_from(["", "1", "2", "01", "07", "甲", "123", None]),
                          max_size=6), min_size=1, max_size=4)
PRINTS: list[Callable[[pl.Series], pl.Series]] = [
    lambda values: values.hash(),
    lambda values: values.str.len_chars().cast(pl.UInt64),  # many have the same
    lambda values: pl.repeat(7, len(values), dtype=pl.UInt64, eager=True),  # all have
]


def texts(values: list[str | None]) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


@examples(300)
@given(roster=PARTS, ledger=PARTS, prints=st.sampled_from(PRINTS))
def test_the_missing_are_those_that_sets_say(
    roster: list[list[str | None]], ledger: list[list[str | None]],
    prints: Callable[[pl.Series], pl.Series],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(absent, "_hash64", prints)
        found = RosterReconciliation(RULE)
        expected: dict[str, Location] = {}
        for number, part in enumerate(roster):
            file = f"{number}.csv"
            found.expect(texts(part), pl.Series(range(2, 2 + len(part)), dtype=pl.Int64), file, None)
            for row, value in enumerate(part, 2):
                if value is not None:
                    expected.setdefault(value, Location(file, None, row))
        assert sorted(found.expected) == sorted(expected)
        for part in ledger:
            found.observe(texts(part))
            for value in part:
                expected.pop(value or "", None) if value is not None else None
        assert [(v, at) for v, at, _ in found.unmatched()] == list(expected.items())
