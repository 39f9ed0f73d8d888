"""What a preview found, as a page shows it. In: a stored preview. Out: tabs, rows in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from zhuanjie.report.notices import ranges
from zhuanjie.report.view import View
from zhuanjie.web.service.previews import PAGE, StoredPreview
from zhuanjie.web.transfer.layout import heading_of, shown_value

UNDERSTOOD: Final = "understood"
SECTIONS: Final = ("input", "changed", "new", "contradicted", "elsewhere", "withdrawn", "blank",
                   "nameless", "missing", "unchanged")
"""What a preview may have, in the order of its tabs."""
ALWAYS: Final = frozenset({"input", "changed", "new", "contradicted"})
"""Sections that have a tab although they are empty: that there is none is to be seen."""
LOOK_AT: Final = frozenset({"input", "contradicted", "elsewhere", "withdrawn", "nameless"})
"""Sections that somebody should look at before it is saved."""


@dataclass(frozen=True, slots=True)
class SectionPage:
    """A page of one section: `first` and `next` are numbers of pages, None where there is none."""

    name: str
    rows: Sequence[Mapping[str, Any]]
    count: int
    number: int

    @property
    def next(self) -> int | None:
        """The page after it."""
        return self.number + 1 if (self.number + 1) * PAGE < self.count else None

    @property
    def first(self) -> int:
        """The number of its first row."""
        return self.number * PAGE + 1

    @property
    def last(self) -> int:
        """The number of its last row."""
        return self.number * PAGE + len(self.rows)


def tabs_of(found: StoredPreview) -> Iterator[tuple[str, int]]:
    """The sections that have a tab, with how many rows each has."""
    for name in SECTIONS:
        count = found.count(name)
        if count or name in ALWAYS:
            yield name, count


def section_page(found: StoredPreview, name: str, number: int, view: View) -> SectionPage:
    """A page of a section, in words."""
    rows = [row if name in ("nameless", "missing") else _input(row, found, view)
            if name == "input" else _member(row, view) for row in found.page(name, number)]
    return SectionPage(name, rows, found.count(name), number)


def groups_of(found: StoredPreview, view: View) -> list[Mapping[str, Any]]:
    """What cannot be read, by what is wrong: how often, and in which rows."""
    return [{**_input(group, found, view), "count": group["count"], "rows": ranges(group["rows"])}
            for group in found.summary["groups"] if group["count"] > 1]


def _input(row: Mapping[str, Any], found: StoredPreview, view: View) -> dict[str, Any]:
    tables = found.summary["tables"]
    at = row["table"]
    table = tables[at] if at < len(tables) else {"sheet": None, "file": ""}
    where = table["sheet"] or table["file"]
    number = row.get("row")
    cell = f"{row['column'] or ''}{number}" if number is not None else row["column"] or ""
    return {**row, "where": where if len(tables) > 1 else "", "cell": cell,
            "said": row["words"][view.lang]}


def _member(row: Mapping[str, Any], view: View) -> dict[str, Any]:
    def shown(name: str, value: Any) -> str:
        return "" if value is None else shown_value(name, value, view)

    return {**row,
            "values": [(heading_of(n, view), shown(n, before), shown(n, after))
                       for n, before, after in row["values"]],
            "blank": [(heading_of(n, view), shown(n, value)) for n, value in row["blank"]],
            "columns": [heading_of(n, view) for n in row["columns"]],
            "said": [words[view.lang] for words in row["said"]]}
