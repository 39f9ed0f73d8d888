"""Cells as they are found in a sheet. In: what a reader of XML finds. Out: one row a filled cell.

The two readers, one of the usual form and one of any, hand over the same: where a cell stands,
which attributes it has (as a number into a list of the few there are), and its text. What a cell
holds is made of that here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime

import polars as pl
from msgspec import Struct, field

from zhuanjie.engine.ledger.readers.number_formats import DateParts
from zhuanjie.engine.ledger.readers.sheet_extras import Formulas
from zhuanjie.engine.ledger.readers.xlsx.package import DamagedError
from zhuanjie.engine.ledger.readers.xlsx.styles import CellStyles

ROW, COLUMN, FORM, TEXT, KIND = "row", "column", "form", "text", "kind"
SCHEMA = {ROW: pl.UInt32, COLUMN: pl.UInt32, FORM: pl.UInt32, TEXT: pl.String}
"""Cells: row and column from 0, the number of the form, the text of the value."""

TEXTUAL, NUMBER, DAY, SPAN, LOGICAL, ISO, SHOWN = range(7)
"""What a cell holds: of a day and a span of time the text is a number."""

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_KINDS = {"n": NUMBER, "day": DAY, "span": SPAN, "b": LOGICAL, "s": TEXTUAL, "str": TEXTUAL}
_PLAIN = ("b",)
"""Classes of cells whose texts say what they hold."""
_TYPES = ("n", "s", "str", "inlineStr", "b", "e", "d")


class CellForm(Struct, frozen=True):
    """What the attributes of a cell say: the type of its value, and its style."""

    type: str
    style: str


class SheetFacts(Struct):
    """What a reader finds in a sheet beside its cells."""

    hidden_rows: set[int] = field(default_factory=set)
    """From 1."""
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    """First and last, from 0."""
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)
    filtered: bool = False
    formulas: Formulas = field(default_factory=Formulas)
    struck: list[pl.DataFrame] = field(default_factory=list)
    """By row of some filled cells, whether they are all struck through."""


class CellKinds:
    """Tells what cells hold: by their types, and numbers by their styles."""

    def __init__(self, styles: CellStyles, strings: pl.Series) -> None:
        self._styles, self._strings = styles, strings

    def settle(self, cells: pl.DataFrame, forms: Sequence[CellForm]) -> pl.DataFrame:
        """The filled ones among cells, with their texts and kinds."""
        if unknown := next((f.type for f in forms if f.type not in _TYPES), None):
            raise DamagedError(unknown)
        classes = [self._class(form) for form in forms]
        kinds = pl.Series([_KINDS.get(name, NUMBER) for name in classes], dtype=pl.UInt8)
        out = cells.with_columns(pl.lit(kinds).gather(pl.col(FORM)).alias(KIND)) if len(
            forms) else cells.with_columns(pl.lit(NUMBER, dtype=pl.UInt8).alias(KIND))
        for name in sorted(set(classes)):
            if name in _PLAIN:
                continue
            numbers = [n for n, known in enumerate(classes) if known == name]
            at = out[FORM].is_in(numbers).arg_true()
            if len(at):
                text, kind = self._of_class(name, out[TEXT].gather(at))
                out = out.with_columns(out[TEXT].scatter(at, text))
                if kind is not None:
                    out = out.with_columns(out[KIND].scatter(at, kind))
        return out

    def struck(self, cells: pl.DataFrame, forms: Sequence[CellForm]) -> pl.DataFrame | None:
        """By row, whether all filled cells are struck through; None where none can be."""
        if not self._styles.mending.struck:
            return None
        numbers = [n for n, form in enumerate(forms) if form.style in self._styles.mending.struck]
        filled = cells.filter(pl.col(TEXT).str.strip_chars() != "")
        return filled.group_by(ROW).agg(pl.col(FORM).is_in(numbers).all().alias("struck"))

    def _class(self, form: CellForm) -> str:
        if form.type == "n":
            if form.style in self._styles.mending.shown:
                return f"shown {form.style}"
            if form.style in self._styles.days:
                return "day"
            return "span" if form.style in self._styles.spans else "n"
        if form.type == "d" and isinstance(self._styles.mending.shown.get(form.style), DateParts):
            return f"iso {form.style}"
        if form.type == "d":
            return "iso"
        return "str" if form.type in ("inlineStr", "e") else form.type

    def _of_class(self, name: str, text: pl.Series) -> tuple[pl.Series, pl.Series | None]:
        """Texts of a class, and their kinds where the class does not tell."""
        name, _, style = name.partition(" ")
        if name == "s":
            at = text.cast(pl.UInt32, strict=False)
            if at.null_count() or int(at.max()) >= len(self._strings):  # type: ignore[arg-type]  # no null
                raise DamagedError("shared string")
            return self._strings.gather(at), None
        if name == "str":
            return unescaped(text), None
        if name == "iso":
            return _each(text, lambda value: self._iso(value, style))
        if name == "shown":
            # As a day where the format shows too little to mend, so that nothing is lost.
            rest = DAY if style in self._styles.days else (
                SPAN if style in self._styles.spans else NUMBER)
            text, kind = _each(text, lambda value: self._mended(value, style, rest))
        else:
            kind = pl.repeat(_KINDS[name], len(text), dtype=pl.UInt8, eager=True)
        wrong = text.cast(pl.Float64, strict=False).is_null()
        if wrong.any():  # numbers that are none
            texts = pl.repeat(TEXTUAL, len(text), dtype=pl.UInt8, eager=True)
            kind = kind.zip_with(~wrong | (kind == SHOWN), texts)
        return text, kind

    def _mended(self, value: str, style: str, rest: int) -> tuple[int, str]:
        if (text := self._styles.mending.mended("n", style, value)) is not None:
            shown = self._styles.mending.shown[style]
            return (SHOWN if isinstance(shown, DateParts) else TEXTUAL), str(text)
        return rest, value

    def _iso(self, value: str, style: str) -> tuple[int, str]:
        if style and (text := self._styles.mending.mended("d", style, value)) is not None:
            return SHOWN, str(text)
        return (TEXTUAL if iso(value) is None else ISO), value


def iso(value: str) -> date | datetime | None:
    """The day or moment that a text names as the standard has it."""
    try:
        return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    except ValueError:
        return None


def unescaped(texts: pl.Series) -> pl.Series:
    """Texts with the characters that `_x000D_` and the like stand for."""
    odd = texts.str.contains("_x", literal=True).arg_true()
    if not len(odd):
        return texts
    return texts.scatter(odd, [_ESCAPE.sub(_character, text) for text in texts.gather(odd)])


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if 0xD800 <= code < 0xE000 or code >= 0xFFFE or not code else chr(code)


def _each(texts: pl.Series, read: Callable[[str], tuple[int, str]]) -> tuple[pl.Series, pl.Series]:
    """Cells read by distinct value: their texts and kinds."""
    known = texts.unique()
    found = [read(value) for value in known]
    numbers = texts.cast(pl.Enum(known)).to_physical()
    return (pl.Series([text for _, text in found], dtype=pl.String).gather(numbers),
            pl.Series([kind for kind, _ in found], dtype=pl.UInt8).gather(numbers))
