"""Texts of a column that need a closer look. In: a field. Out: expressions over its cells.

Nearly every text is what it says. Those that `read_cell` takes for blank, takes out of quotes or
refuses are told by how they begin, or whole; the patterns say no less than it does.
"""

from __future__ import annotations

from functools import lru_cache

import polars as pl

from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.ledger.cells.text import QUOTING, is_number_like
from zhuanjie.engine.vocabulary.fields import Field
from zhuanjie.engine.vocabulary.nothing import NothingMarks


def as_filled(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A column as texts that are blank where its cells are."""
    return cell if dtype == pl.String else pl.when(cell.is_not_null()).then(pl.lit("[]"))


def as_texts(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A column's cells as texts."""
    if dtype == pl.String:
        return cell
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Duration):
        return pl.when(cell.is_not_null()).then(pl.lit("[]"))
    return cell.cast(pl.String)


def is_blank(field: Field, cell: pl.Expr) -> pl.Expr:
    """Where a text holds nothing but a mark for it, which blanks may follow."""
    return cell.str.contains(f"^{_blank(field.blank)}")


def is_odd(field: Field, text: pl.Expr) -> pl.Expr:
    """Where a text without blanks before it may be in quotes or spoilt by a spreadsheet."""
    return text.str.contains(f"^(?:{_odd(field)})")


def needs_reading(field: Field, cell: pl.Expr) -> pl.Expr:
    """Where a text, which blanks may follow, may not be the value that it reads as."""
    return cell.str.contains(f"^(?:{_class(BLANKS)}|{_odd(field)}|{_blank(field.blank)})")


def _odd(field: Field) -> str:
    number = r"|[0-9](?:\.[0-9]+)?[eE]\+" if is_number_like(field) else ""
    return f"{_class('#' + QUOTING)}{number}"


@lru_cache(maxsize=16)
def _blank(marks: NothingMarks) -> str:
    words = "|".join(map(_literal, marks.ordered))
    worded = f"|(?:{words}){_class(BLANKS)}*" if words else ""
    return f"(?:{_class(marks.stripped)}*{worded})$"


def _class(characters: str) -> str:
    return f"[{_literal(characters)}]"


def _literal(text: str) -> str:
    """Characters by their numbers, which mean nothing else in any pattern."""
    return "".join(f"\\x{{{ord(character):X}}}" for character in text)
