"""One record at a time, in plain Python. In: a mapping. Out: typed values.

Polars is not imported here: a single check has to start at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.results import InputFinding
from zhuanjie.engine.ledger.cells.faults import fault
from zhuanjie.engine.ledger.cells.parser import Value, read_cell
from zhuanjie.engine.ledger.cells.text import CellError, show
from zhuanjie.engine.ledger.headings import HeadingMap, HeadingMatch

_PLAIN = {str, int, float, bool, type(None), date, datetime}


RecordReading = tuple[dict[str, Value], list[InputFinding], list[Diagnostic]]
"""What reading a record gives: typed values, cells that could not be read, what to say besides."""


def read_record(record: Mapping[str, object], mapping: HeadingMap) -> RecordReading:
    """The typed values of a record by field name (blanks left out), input findings, notices.

    Groups may be nested (`{"letter": {"issued_on": …}}`), dotted, or Chinese headings.
    """
    cells = cells_of(record)
    headings = list(cells)
    match = mapping.match(headings, single=True)
    order = mapping.vocabulary.fields.order
    values: dict[str, Value] = {}
    wrong: list[tuple[str, str, CellError]] = []
    for i, field in sorted(match.fields.items(), key=lambda item: order[item[1].name]):
        try:
            value = read_cell(field, cells[headings[i]])
        except CellError as error:
            wrong.append((field.name, headings[i], error))
        else:
            if value is not None:
                values[field.name] = value
                if field.check is not None and (found := fault(field, str(value))) is not None:
                    wrong.append((field.name, headings[i], found))
    fields = mapping.vocabulary.fields
    key = mapping.vocabulary.key_of(values)
    named = fields[key].shown(str(values[key])) if key in values else None
    findings = [
        InputFinding(error.code, named, name, column=heading,
                     value=fields[name].shown(show(cells[heading])), args=error.values)
        for name, heading, error in wrong
    ]
    return values, findings, unknown_notices(match, Place())


def cells_of(record: Mapping[Any, object], place: Place | None = None) -> dict[str, object]:
    """The cells of a record by heading; raises InputError when one is given in two ways."""
    if _PLAIN.issuperset(map(type, record.values())) and {str}.issuperset(map(type, record)):
        return record if isinstance(record, dict) else dict(record)
    pairs = list(flatten(record))
    cells = dict(pairs)
    if len(cells) < len(pairs):
        twice = next(name for name, _ in pairs if [n for n, _ in pairs].count(name) > 1)
        raise fail(InputError, "records.same-key", place, "records.hint.same-key", name=twice)
    return cells


def flatten(mapping: Mapping[Any, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """The cells of a record, groups in groups named by their dotted path."""
    for name, value in mapping.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def no_key_notice(match: HeadingMatch, place: Place) -> Diagnostic:
    """The notice that a table has no column to name its records by."""
    return Diagnostic("records.no-id-column",
                      {"heading": " / ".join(match.vocabulary.fields[key].heading
                                             for key in match.vocabulary.keys)}, place,
                      "records.hint.no-id-column")


def unknown_notices(match: HeadingMatch, place: Place) -> list[Diagnostic]:
    """A notice for each heading nobody knows, with the nearest known one."""
    return [
        Diagnostic(
            "records.unknown-heading" if near is None else "records.unknown-heading-near",
            {"heading": " ".join(heading.split()), "near": near}, place,
        )
        for at, (heading, near) in match.unknown.items() if at not in match.silent
    ]
