"""Why a table is no ledger. In: its first rows. Out: the error, with the nearest headings."""

from __future__ import annotations

from collections.abc import Sequence

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError
from zhuanjie.engine.ledger.header import closest, first_texts
from zhuanjie.engine.ledger.headings import HeadingMap


def why_not(file: str, sheet: str | None, rows: Sequence[Sequence[object]],
            mapping: HeadingMap) -> Diagnostic:
    """What was found where headings should be."""
    place = Place(file=file, sheet=sheet)
    found, known = first_texts(rows), _examples(mapping)
    if not found:
        return Diagnostic("records.no-cells", known, place, "records.hint.headings")
    if near := closest(rows, mapping):
        return Diagnostic("records.no-header-near",
                          {"found": found, "heading": near[0], "near": near[1], **known}, place,
                          "records.hint.headings")
    return Diagnostic("records.no-header", {"found": found, **known}, place,
                      "records.hint.headings")


def _examples(mapping: HeadingMap) -> dict[str, str]:
    """Headings that would do, for the hint: the key's, then those of the first fields."""
    vocabulary = mapping.vocabulary
    names = dict.fromkeys((vocabulary.key, *(f.name for f in vocabulary.fields)))
    headings = [vocabulary.fields[name].heading for name in list(names)[:3]]
    return {"headings": ", ".join(headings), "key": vocabulary.key}


def not_a_ledger(file: str, sheet: str | None, rows: Sequence[Sequence[object]],
                 mapping: HeadingMap) -> NotALedgerError:
    """The error for a file without the headings of a ledger."""
    return NotALedgerError(why_not(file, sheet, rows, mapping))


class NotALedgerError(InputError):
    """A file that can be read but holds no ledger; in a folder it is passed over."""
