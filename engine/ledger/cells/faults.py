"""Whether a value was copied without a mistake. In: a text. Out: what is wrong with it, or nothing.

A value that is wrong is kept as it is: somebody has to look at it, and the record is what it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from zhuanjie.engine.core.unicode import comparable
from zhuanjie.engine.ledger.cells.text import CellError
from zhuanjie.engine.vocabulary.fields import Check, Field

WEIGHTS = tuple(2 ** (17 - at) % 11 for at in range(17))
"""What the digits of an identity number count in its check digit."""

_DIGITS = "10X98765432"
_WHOLE, _OLD = 18, 15


def fault(field: Field, text: str) -> CellError | None:
    """What is wrong with a value by its field's check; None where nothing is, or nobody checks."""
    return _CHECKS[field.check](comparable(text).upper()) if field.check else None


def _id_number(text: str) -> CellError | None:
    """The number of a citizen's identity card, by GB 11643: ISO 7064 MOD 11-2.

    One of 15 digits is of before 1999: it has a year of two digits and no check digit.
    """
    if len(text) == _OLD and text.isdecimal():
        return None if _is_day("19" + text[6:12]) else CellError("records.cell.id-number-day")
    if len(text) != _WHOLE:
        return CellError("records.cell.id-number-length", length=len(text))
    if not (text[:-1].isdecimal() and text[-1] in _DIGITS):
        return CellError("records.cell.id-number-signs")
    if not _is_day(text[6:14]):
        return CellError("records.cell.id-number-day")
    total = sum(int(digit) * weight for digit, weight in zip(text[:-1], WEIGHTS, strict=True))
    return None if _DIGITS[total % 11] == text[-1] else CellError("records.cell.id-number-digit")


def _is_day(digits: str) -> bool:
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return day <= date.today()


_CHECKS: dict[Check, Callable[[str], CellError | None]] = {"cn-id-number": _id_number}
