"""Records in the making, many at once. In: their numbers, a seed, a day. Out: columns of fields.

Everything is a column expression over the records of a chunk. A draw of chance depends on the seed,
the record's number and the draw's own name, and on nothing drawn before: a record comes out the
same whatever is made beside it. Dates are day numbers until they are written.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Final

import polars as pl

from zhuanjie.engine.core.dates import add_months

Value = str | int | bool
Number = int | pl.Expr

VALIDITY: Final = 90
RETURN: Final = 30
FOLLOW_UP: Final = 15
ASSIGN: Final = 30
CERTIFY: Final = 30
CONTACT: Final = 180
VERIFY: Final = 365
FILE: Final = 60
ORIGIN: Final = 30
PROBATION: Final = 12
GRACE: Final = 30
EXTENSION: Final = (6, 12)
"""The numbers the notice leaves open, as the provincial pack sets them; a test compares them."""

NUMBER: Final = "~number"
"""The column that numbers the records of the whole ledger from 1."""

PENDING: Final = "~pending:"
"""What begins the column that says whether a clause's duty is still to come."""

_BASE: Final = "~base"
_MASK: Final = (1 << 64) - 1
_HALF: Final = 1 << 32
_BEFORE, _AFTER = 2400, 100
"""Days before and after the as-of day between which every admission lies."""


class Draft:
    """Columns being made: `set` and `act` note fields, `step` makes them columns others may use."""

    def __init__(self, frame: pl.LazyFrame, as_of: int) -> None:
        self.frame = frame
        self.as_of = as_of
        self._noted: dict[str, pl.Expr] = {}

    def set(self, name: str, value: pl.Expr | Value, where: pl.Expr | None = None) -> None:
        """A field or a helper column (`~…`), blank except `where` a condition holds."""
        made = value if isinstance(value, pl.Expr) else pl.lit(value)
        self._noted[name] = made if where is None else pl.when(where).then(made)

    def act(self, name: str, day: pl.Expr, clause: str, where: pl.Expr) -> None:
        """An act done in good time on `day`; where that is still to come, its duty is pending."""
        self.set(name, day, where & (day <= self.as_of))
        self.set(PENDING + clause, where & (day > self.as_of))

    def step(self) -> None:
        """Make what is noted; nothing noted together may use one another."""
        self.frame = self.frame.with_columns(**self._noted)
        self._noted = {}


def numbered(first: int, count: int, seed: int) -> pl.DataFrame:
    """The columns everything else is drawn from, for `count` records from the `first` on."""
    index = pl.int_range(first, first + count, dtype=pl.UInt64)
    base = index * _whole(0x9E3779B97F4A7C15) + _whole(_digest(f"seed {seed}"))
    # Steele, Lea and Flood's finaliser: neighbouring numbers share no bits after it.
    base = (base ^ base // (1 << 30)) * _whole(0xBF58476D1CE4E5B9)
    base = (base ^ base // (1 << 27)) * _whole(0x94D049BB133111EB)
    return pl.select((base ^ base // (1 << 31)).alias(_BASE),
                     (index + 1).cast(pl.Int64).alias(NUMBER))


def between(name: str, low: Number, high: Number) -> pl.Expr:
    """A whole number from `low` to `high`, both included; `name` tells this draw from others."""
    draw = pl.col(_BASE) * _whole(_digest(name) | 1) // _HALF
    span = high - low + 1
    if isinstance(span, pl.Expr):
        span = span.cast(pl.UInt64, wrap_numerical=True)
    return (draw * span // _HALF).cast(pl.Int32, wrap_numerical=True) + low


def chance(name: str, share: float) -> pl.Expr:
    """True of a share of the records."""
    return between(name, 0, 99_999) < round(share * 100_000)


def pick(name: str, values: tuple[str, ...]) -> pl.Expr:
    """One of some texts."""
    return at(values, between(name, 0, len(values) - 1))


def at(values: tuple[str, ...], index: pl.Expr) -> pl.Expr:
    """The text that stands at an index."""
    return pl.lit(_series(values)).gather(index.cast(pl.UInt32))


def probation_end(admitted: pl.Expr, as_of: int, more: Number = 0) -> pl.Expr:
    """The day the probationary year ends, `more` months later where it is extended."""
    first, width = as_of - _BEFORE, _BEFORE + _AFTER
    return pl.lit(_later(first, width)).gather((more * width + admitted - first).cast(pl.UInt32))


@cache
def pools() -> dict[str, tuple[str, ...]]:
    """Names, places and phrases to choose from; people and offices made of them are invented."""
    text = (Path(__file__).resolve().parent / "pools.json").read_text(encoding="utf-8")
    return {name: tuple(values) for name, values in json.loads(text).items()}


@cache
def _series(values: tuple[str, ...]) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


@cache
def _later(first: int, width: int) -> pl.Series:
    """The days a probationary year after those from `first` on; then the same a month later, …"""
    return pl.Series([add_months(day, PROBATION + more) for more in range(EXTENSION[1] + 1)
                      for day in range(first, first + width)], dtype=pl.Int32)


@cache
def _digest(text: str) -> int:
    """A number of 64 bits that depends on a text and is the same everywhere."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _whole(number: int) -> pl.Expr:
    return pl.lit(number & _MASK, dtype=pl.UInt64)
