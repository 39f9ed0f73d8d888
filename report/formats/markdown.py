"""Sections as GitHub Markdown. In: sections. Out: headings, lists and tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, TextIO

from tabulate import tabulate

from zhuanjie.report.section import Section
from zhuanjie.report.view import View

_SPECIAL: Final = re.compile(r"([\\|`*_<>\[\]#~])")


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
        yield "\n".join([fence, *section.tree, fence])


def _escaped(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[escape(cell) for cell in row] for row in rows]


def escape(text: str) -> str:
    """`text` so that Markdown shows it as it is, on one line."""
    return "<br>".join(_SPECIAL.sub(r"\\\1", line) for line in text.splitlines())
