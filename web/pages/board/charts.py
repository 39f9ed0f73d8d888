"""How an office stood over time, as lines. In: figures of days. Out: points of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from zhuanjie.web.figures.counted import OVERDUE, Tally, share

WIDTH, HEIGHT, EDGE = 600, 160, 8


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A line, each point a share of the members between 0 and 100."""

    id: str
    points: Sequence[tuple[float, float]]

    @property
    def path(self) -> str:
        """The points as SVG has them."""
        return " ".join(f"{x:g},{y:g}" for x, y in self.points)


def lines_of(points: Sequence[tuple[date, Tally | None]], last: str | None) -> list[ChartLine]:
    """How many had come to the last step, and how many were overdue, of a hundred."""
    known = [(day, tally) for day, tally in points if tally is not None and tally.members]
    if len(known) < 2:
        return []
    first, span = known[0][0], (known[-1][0] - known[0][0]).days or 1

    def at(day: date, value: float) -> tuple[float, float]:
        return (round(EDGE + (WIDTH - 2 * EDGE) * (day - first).days / span, 1),
                round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * value / 100, 1))

    lines = [ChartLine("overdue", [at(day, share(t.states[OVERDUE], t.members) or 0)
                              for day, t in known])]
    if last is not None:
        lines.insert(0, ChartLine("end", [at(day, share(t.came_to(last), t.members) or 0)
                                     for day, t in known]))
    return lines
