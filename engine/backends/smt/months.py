"""Calendar months for a solver. In: numbers of months. Out: how far they move which days.

How far `n` months move a day depends only on where in the 400-year cycle of the calendar it stands.
For a few numbers of months together there are only a few different moves: a solver chooses among
them, and then a stretch of days for which the chosen moves are the true ones. Nothing is
approximated: the moves are all there are, and the stretches are exact.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from datetime import date
from functools import lru_cache
from itertools import accumulate

from zhuanjie.engine.core.dates import to_day

CYCLE = 146_097
"""Days in 400 years, after which the calendar repeats."""
_MONTHS = 4800
_FIRST_YEAR = 2000
_ORIGIN = to_day(date(_FIRST_YEAR, 1, 1))

Path = tuple[int, ...]
"""Numbers of months that a day is moved by, one after the other."""
Move = tuple[int, ...]
"""Days moved, one for each path asked about."""
Stretch = tuple[int, int]
"""First and last day, within one cycle."""


@lru_cache(maxsize=256)
def moves(paths: tuple[Path, ...], first: bool = False) -> dict[Move, tuple[Stretch, ...]]:
    """Every way in which `paths` move a day, with the stretches of the cycle that are moved so.

    With `first` only the first days of months are looked at: each is a stretch of its own.
    """
    found: dict[Move, list[Stretch]] = {}
    for at in range(_MONTHS):
        start, length = _start(at), _length(at)
        ends = [min(_length(at + n) for n in accumulate(path)) for path in paths]
        whole = 1 if first else min(length, *ends)
        move = tuple(_start(at + sum(path)) - start for path in paths)
        found.setdefault(move, []).append((start, start + whole - 1))
        for day in range(whole, whole if first else length):
            # Beyond the end of a shorter month: each such day is moved in its own way.
            clamped = tuple(m - max(0, day - end + 1) for m, end in zip(move, ends, strict=True))
            found.setdefault(clamped, []).append((start + day, start + day))
    return {move: tuple(stretches) for move, stretches in found.items()}


def stretch_near(stretches: tuple[Stretch, ...], day: int) -> Stretch:
    """The stretch that holds `day`, or else one next to it; `stretches` repeat with the cycle."""
    return min(stretches_around(stretches, day), key=lambda s: max(s[0] - day, day - s[1], 0))


def stretches_around(stretches: tuple[Stretch, ...], day: int) -> tuple[Stretch, Stretch]:
    """The last stretch that begins before `day`, and the next one: between them there is none."""
    turn = (day - _ORIGIN) // CYCLE * CYCLE
    at = bisect_left(stretches, (day - turn, day - turn))
    before, after = (_moved(stretches[i % len(stretches)], turn + i // len(stretches) * CYCLE)
                     for i in (at - 1, at))
    return before, after


def _moved(stretch: Stretch, by: int) -> Stretch:
    return stretch[0] + by, stretch[1] + by


@lru_cache(maxsize=16_384)
def _start(month: int) -> int:
    """The first day of a month, counted from the start of the cycle."""
    turn, at = divmod(month, _MONTHS)
    return to_day(date(_FIRST_YEAR + at // 12, at % 12 + 1, 1)) + turn * CYCLE


@lru_cache(maxsize=_MONTHS)
def _month_length(month: int) -> int:
    return monthrange(_FIRST_YEAR + month // 12, month % 12 + 1)[1]


def _length(month: int) -> int:
    return _month_length(month % _MONTHS)
