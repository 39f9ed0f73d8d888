"""Notices, ready to be said. In: what a reading or an audit has to say. Out: diagnostics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec.structs import replace

from zhuanjie.engine.api import Diagnostic, InputFinding, Lang, Place, say

_OF_COLUMNS: Final = ("records.unknown-heading", "records.number-as-text")
"""Notices about a column; with `.many` at its end the code speaks of several."""


_RANGES: Final = 8
"""Ranges of rows that are written out."""


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


def in_words(found: InputFinding, lang: Lang) -> str:
    """Why a cell could not be read, or several for the same reason, and in which rows."""
    message = found.message(lang)
    if found.count == 1:
        return message
    return say("records.many", lang, message=message, count=found.count, rows=ranges(found.rows))


def unreadable(found: InputFinding, lang: Lang) -> Diagnostic:
    """What to say of a cell that could not be read, or of several for the same reason."""
    args = {"value": found.value, "column": found.column, "field": found.field, **found.args}
    place = Place(file=found.file, sheet=found.sheet, line=found.row, column=found.column)
    if found.count > 1:
        return Diagnostic("records.many", {"message": found.message(lang), "count": found.count,
                                           "rows": ranges(found.rows)}, place)
    return Diagnostic(found.code, args, place)


def ranges(rows: Iterable[int]) -> str:
    """Row numbers, those that follow one another as a range: `2-501`; very many end in `…`."""
    parts: list[tuple[int, int]] = []
    for row in rows:
        if parts and row in (parts[-1][1], parts[-1][1] + 1):
            parts[-1] = parts[-1][0], row
        else:
            parts.append((row, row))
    said = [str(a) if a == b else f"{a}-{b}" for a, b in parts[:_RANGES]]
    return ", ".join([*said, "…"] if len(parts) > _RANGES else said)
