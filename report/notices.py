"""Notices, ready to be said. In: what a reading or an audit has to say. Out: diagnostics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from zhuanjie.engine.api import Diagnostic, InputFinding, Lang, Place, say

_OF_COLUMNS: Final = ("records.unknown-heading", "records.number-as-text")
"""Notices about a column; with `.many` at its end the code speaks of several."""


def gathered(notices: Iterable[Diagnostic], lang: Lang) -> Iterator[Diagnostic]:
    """The notices, each once; what is said of several columns of one table is said of them all."""
    groups: dict[tuple[Any, ...], list[Diagnostic]] = {}
    for at, found in enumerate(notices):
        place = found.place
        alike = (place.file, place.sheet) if found.code in _OF_COLUMNS else at
        groups.setdefault((found.code, alike), []).append(found)
    for group in groups.values():
        first = group[0]
        if len(group) == 1:
            yield first
            continue
        column = [f" ({d.place.column})" if d.place.column else "" for d in group]
        listed = say("list.comma", lang).join(
            f"`{d.args['heading']}`{at}" for d, at in zip(group, column, strict=True))
        yield replace(first, code=f"{first.code}.many", args={"headings": listed},
                      place=replace(first.place, column=None))


def unreadable(found: InputFinding) -> Diagnostic:
    """What to say of a cell that could not be read."""
    args = {"value": found.value, "column": found.column, "field": found.field, **found.args}
    place = Place(file=found.file, sheet=found.sheet, line=found.row, column=found.column)
    return Diagnostic(found.code, args, place)
