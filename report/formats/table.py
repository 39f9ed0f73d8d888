"""Sections as text for a terminal or a pipe. In: sections. Out: lines that fit the width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TextIO

import click
import tabulate

from zhuanjie.report.inert import commandless
from zhuanjie.report.section import Section, Tone
from zhuanjie.report.view import View
from zhuanjie.report.wrap import columns, longest_word, printable, wrap

tabulate.MIN_PADDING = 0  # a header needs no room beyond the gap between columns

_COLOURS: Final[dict[Tone, str | None]] = {
    "plain": None, "bad": "red", "warn": "yellow", "good": "green", "muted": "bright_black",
}
_GAP: Final = 2  # what tabulate's plain layouts leave between columns
_WORD: Final = 30  # a word longer than this is broken when a table is too wide


def render(sections: Iterable[Section], out: TextIO, view: View) -> None:
    """Write `sections`, a blank line between them."""
    for number, section in enumerate(sections):
        if number:
            out.write("\n")
        out.writelines(f"{commandless(line)}\n" for line in _lines(section, view))


def _lines(section: Section, view: View) -> Iterable[str]:
    for line in wrap(printable(section.title), view.width) if section.title else ():
        yield _styled(line, section, view)
    for note in section.notes:
        yield from wrap(printable(note), view.width)
    if section.rows:
        headers, *rows = fit(*section.table(), view.width)
        yield from tabulate.tabulate(
            rows, headers=headers, tablefmt="simple", disable_numparse=True,
        ).splitlines()
    for line in section.tree:
        indent = line[: len(line) - len(line.lstrip())]
        first, *more = wrap(printable(line.lstrip()), view.width - len(indent) - 2) or [""]
        yield indent + first
        yield from (f"{indent}  {part}" for part in more)


def _styled(line: str, section: Section, view: View) -> str:
    if not view.colour:
        return line
    return click.style(line, fg=_COLOURS[section.tone], bold=section.level < 3 or None)


def fit(headers: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """Headers and rows with the widest columns wrapped until the table fits `width`."""
    table = [list(headers), *(list(row) for row in rows)]
    natural = [max(columns(line) for cell in column for line in cell.split("\n"))
               for column in zip(*table, strict=True)]
    room = width - _GAP * (len(natural) - 1)
    limits = natural
    if sum(natural) > room:
        floors = [max(longest_word(cell) for cell in column) for column in zip(*table, strict=True)]
        limits = _share(natural, [min(f, _WORD) for f in floors], room)
    for row in table:
        for at, cell in enumerate(row):
            if natural[at] > limits[at]:
                row[at] = "\n".join(wrap(cell, limits[at]))
    return table


def _share(natural: Sequence[int], floors: Sequence[int], room: int) -> list[int]:
    """Widths that add up to `room`: the widest give way first, down to their longest words."""
    limits = list(natural)
    for least in (floors, [_GAP] * len(floors)):
        while (excess := sum(limits) - room) > 0:
            above = sorted((at for at, n in enumerate(limits) if n > least[at]),
                           key=lambda at: limits[at])
            if not above:
                break
            widest = above[-1]
            next_widest = limits[above[-2]] if len(above) > 1 else 0
            step = max(limits[widest] - next_widest, 1)
            limits[widest] -= min(step, excess, limits[widest] - least[widest])
    return limits
