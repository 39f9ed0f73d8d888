"""The shape of output for people. In: nothing. Out: sections, which every text format can write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from zhuanjie.report.wrap import printable

Tone = Literal["plain", "bad", "warn", "good", "muted"]


class Section(Struct, frozen=True):
    """A heading, some lines, a table, and lines after it; each part may be empty.

    `level` 1 heads the document, 2 a part, 3 a group within it. A column of `rows` that is blank
    throughout is not shown. `tree` lines keep their indent.
    """

    title: str = ""
    level: int = 2
    tone: Tone = "plain"
    notes: Sequence[str] = ()
    headers: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    tree: Sequence[str] = ()

    def table(self) -> tuple[list[str], list[list[str]]]:
        """The headers and rows of the columns that hold anything."""
        keep = [at for at in range(len(self.headers)) if any(row[at] for row in self.rows)]
        rows = [[printable(row[at]) for at in keep] for row in self.rows]
        return [printable(self.headers[at]) for at in keep], rows
