"""Sections as GitHub Markdown. In: sections. Out: headings, lists and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TextIO

from tabulate import tabulate

from zhuanjie.report.inert import commandless
from zhuanjie.report.inert import markdown as escape
from zhuanjie.report.section import Section
from zhuanjie.report.view import View
from zhuanjie.report.wrap import printable


def render(sections: Iterable[Section], out: TextIO, view: View) -> None:
    """Write `sections`; a table is never broken to a width."""
    blocks = [block for section in sections for block in _blocks(section)]
    out.write("\n\n".join(blocks) + "\n")


def _blocks(section: Section) -> Iterable[str]:
    if section.title:
        yield f"{'#' * section.level} {escape(section.title)}"
    for note in section.notes:
        yield escape(note)
    if section.rows:
        headers, rows = section.table()
        yield tabulate(_escaped(rows), headers=[escape(h) for h in headers], tablefmt="github",
                       disable_numparse=True)
    if section.tree:
        fence = "```"
        while any(fence in line for line in section.tree):
            fence += "`"
        tree = [commandless(printable(line)) for line in section.tree]
        yield "\n".join([fence, *tree, fence])


def _escaped(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[escape(cell) for cell in row] for row in rows]
