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
    found = first_texts(rows)
    if not found:
        return Diagnostic("records.no-cells", {}, place, "records.hint.headings")
    if near := closest(rows, mapping):
        return Diagnostic("records.no-header-near",
                          {"found": found, "heading": near[0], "near": near[1]}, place,
                          "records.hint.headings")
    return Diagnostic("records.no-header", {"found": found}, place, "records.hint.headings")


def not_a_ledger(file: str, sheet: str | None, rows: Sequence[Sequence[object]],
                 mapping: HeadingMap) -> NotALedgerError:
    """The error for a file without the headings of a ledger."""
    return NotALedgerError(why_not(file, sheet, rows, mapping))


class NotALedgerError(InputError):
    """A file that can be read but holds no ledger; in a folder it is passed over."""
