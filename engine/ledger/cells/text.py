"""A raw cell as text. In: what a reader found in a cell. Out: text, ready to show or compare."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal

from zhuanjie.engine.core.patterns import late
from zhuanjie.engine.core.personal import hide_numbers
from zhuanjie.engine.core.unicode import BLANKS, INVISIBLE
from zhuanjie.engine.vocabulary.fields import Field

SHOWN = 200
"""Characters of a cell that a message quotes."""

ERRORS = ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!")
"""What a spreadsheet shows, and exports, in place of a value it cannot compute."""

QUOTING = "='\uff07\uff1d"
"""What a text begins with that a spreadsheet put in quotes: `="06001"`, `'06001`."""

SCIENTIFIC = r"[0-9](\.[0-9]+)?[eE]\+[0-9]+"
"""A number of many digits as a spreadsheet shows and exports it; in any dialect of patterns."""

EXACT = 10**15
"""From here on a spreadsheet's numbers have lost digits."""

_LONG = 8000
"""Bits of a number that `str` may find too long."""

_SCIENTIFIC = late(SCIENTIFIC)
_FORMULA = late('[=\uff1d]"(.*)"', re.DOTALL)
_NO_MARKS = str.maketrans("", "", INVISIBLE)


class CellError(Exception):
    """A cell that cannot be read: the code of the message that says why, and what it quotes."""

    def __init__(self, code: str, **args: object) -> None:
        super().__init__(code, args)
        self.code = code
        self.values = args


def is_number_like(field: Field) -> bool:
    """Whether the texts of a field are numbers of many digits, which spreadsheets spoil."""
    return field.type == "string" and field.compare in ("id", "serial", "phone")


def check_text(field: Field, text: str) -> None:
    """Raise CellError for what a spreadsheet exports in place of a text; `text` is not empty."""
    if text[0] == "#":
        if text in ERRORS:
            raise CellError("records.cell.error")
        if not text.strip("#"):
            raise CellError("records.cell.narrow")
    elif text[0].isdigit() and is_number_like(field) and _SCIENTIFIC.fullmatch(text):
        raise CellError("records.cell.scientific")


def unquote(text: str) -> str:
    """The text in `="06001"` or behind the apostrophe of `'06001`; any other as it is."""
    if text[0] in "'\uff07":
        return text[1:].strip(BLANKS)
    found = _FORMULA.fullmatch(text)
    return found[1].strip(BLANKS) if found else text


def as_text(raw: object) -> str:
    """A raw cell as text: whole numbers without `.0`, no scientific notation, dates as ISO."""
    match raw:
        case str():
            return raw
        case bool():
            return "true" if raw else "false"
        case int() if raw.bit_length() > _LONG:  # Python refuses to write them
            return format(Decimal(raw), "f")
        case float():
            if raw.is_integer():
                return str(int(raw))
            return format(Decimal(repr(raw)), "f")
        case Decimal():
            whole = raw.is_finite() and raw == raw.to_integral_value()
            return format(raw.to_integral_value() if whole else raw, "f")
        case datetime():
            midnight = raw.time() == time()
            return raw.date().isoformat() if midnight else raw.isoformat(" ", "seconds")
        case date():
            return raw.isoformat()
        case _:
            return str(raw)


def narrow(text: str) -> str:
    """`text` with full-width forms made narrow and invisible marks left out."""
    return unicodedata.normalize("NFKC", text).translate(_NO_MARKS)


def show(raw: object) -> str:
    """A raw cell as a message quotes it: what it holds, without blanks around it, not for ever."""
    if isinstance(raw, (list, tuple, set)):
        return "[…]"
    text = hide_numbers(whole_text(raw).strip(BLANKS))
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def whole_text(raw: object) -> str:
    """A raw cell as text that can be written to any file; lists as JSON."""
    nested = isinstance(raw, list)
    text = json.dumps(raw, ensure_ascii=False, default=str) if nested else as_text(raw)
    return text.encode(errors="replace").decode()
