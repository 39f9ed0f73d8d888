"""Plots as SVG, made by hand. In: numbers and labels. Out: bars for rows of tables, a chart.

Bars stand in the rows of the table that has their numbers, so that nothing is said by a picture
alone; kinds of bars differ in pattern as well as in colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from zhuanjie.report.page.markup import Html, number, tag
from zhuanjie.report.view import View

_WIDTH, _HEIGHT, _ROOM = 440, 150, 34
_TICKS: Final = 7


def patterns() -> Html:
    """The patterns that bars are filled with, once a page."""
    def made(kind: str, *strokes: Html) -> Html:
        return tag("pattern", tag("rect", width=6, height=6, class_=f"ground {kind}"), *strokes,
                   id=f"fill-{kind}", width=6, height=6, patternUnits="userSpaceOnUse")

    def stroke(x1: int, y1: int, x2: int, y2: int) -> Html:
        return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_="stroke")

    return tag("svg", tag("defs",
                          made("undetermined", stroke(0, 6, 6, 0)),
                          made("pending", stroke(0, 3, 6, 3)),
                          made("waived", stroke(3, 0, 3, 6))),
               width=0, height=0, aria_hidden="true", focusable="false", class_="patterns")


def bar(parts: Sequence[tuple[str, int]], most: int) -> Html:
    """A bar of parts, each a kind and its number; `most` is as long as there is room."""
    shapes, x = [], 0.0
    for kind, count in parts:
        if not count:
            continue
        share = 100 * count / max(most, 1)
        shapes.append(tag("rect", x=f"{x:.2f}%", y="0", width=f"{share:.2f}%", height="100%",
                          class_=f"bar {kind}"))
        x += share
    return tag("svg", *shapes, class_="bars", aria_hidden="true", focusable="false")


def bar_heading(view: View) -> Html:
    """What heads a column of bars: it is read aloud, the eye needs it not."""
    return tag("span", view.say("page.column.bar"), class_="unseen")


def key(kinds: Sequence[tuple[str, str]]) -> Html:
    """What each kind of bar stands for."""
    return tag("p", *(tag("span", tag("svg", tag("rect", width="100%", height="100%",
                                                 class_=f"bar {kind}"),
                                      class_="swatch", aria_hidden="true", focusable="false"),
                          name) for kind, name in kinds), class_="key")


def columns(title: str, points: Sequence[tuple[str, int]], kind: str) -> Html:
    """A chart of columns over time; the table beside it has the numbers."""
    most = max((count for _, count in points), default=0) or 1
    step = _WIDTH / max(len(points), 1)
    every = -(-len(points) // _TICKS)
    shapes = [tag("line", x1=0, y1=_HEIGHT, x2=_WIDTH, y2=_HEIGHT, class_="axis")]
    for at, (label, count) in enumerate(points):
        tall = round((_HEIGHT - 18) * count / most, 1)
        left, middle = at * step, (at + .5) * step
        if count:
            shapes.append(tag("rect", x=f"{left + step * .12:.1f}", y=f"{_HEIGHT - tall:.1f}",
                              width=f"{step * .76:.1f}", height=f"{tall}", class_=f"bar {kind}"))
            shapes.append(tag("text", number(count), x=f"{middle:.1f}",
                              y=f"{_HEIGHT - tall - 4:.1f}", text_anchor="middle"))
        if at % every == 0 or at == len(points) - 1:
            shapes.append(tag("text", label, x=f"{middle:.1f}", y=_HEIGHT + 16,
                              text_anchor="middle", class_="tick"))
    return tag("svg", *shapes, viewBox=f"-16 0 {_WIDTH + 32} {_HEIGHT + _ROOM - 8}", role="img",
               aria_label=title, class_="columns")
